"""What can go wrong with the store, named by what to do next."""

from __future__ import annotations


class StoreError(Exception):
    """The store did not take the facts: nothing was written, nothing may be moved. Try again later."""


class StoreFull(StoreError):
    """No room on the disk. The ballast has been given up already; free some space."""


class StoreTooNew(Exception):
    """The file was written by a newer gatepost: do not touch it, install that version."""


class LedgerDamaged(Exception):
    """The file is not whole. `daemon.store.recovery` can start from the last good copy."""
