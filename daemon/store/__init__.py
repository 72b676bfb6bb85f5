"""The gate's memory on disk: one SQLite file, one writing connection, and the only SQL of the project.

The law of this room: facts and the tables made from them are written in one transaction (WAL,
synchronous=FULL), before anything is moved because of them. The ledger is the truth; every other table can be
made from it again, but for the guards' accounts and how far the office has acknowledged.
"""

from daemon.store.errors import LedgerDamaged, StoreError, StoreFull, StoreTooNew, StoreUnusable
from daemon.store.ledger import LedgerRow
from daemon.store.store import Store

__all__ = ["LedgerDamaged", "LedgerRow", "Store", "StoreError", "StoreFull", "StoreTooNew", "StoreUnusable"]
