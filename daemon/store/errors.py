"""What can go wrong with the store, named by what to do next."""

from __future__ import annotations


class StoreError(Exception):
    """The store did not take the facts: nothing was written, nothing may be moved. Try again later."""


class StoreFull(StoreError):
    """No room on the disk. The ballast has been given up already; free some space."""


class StoreUnusable(OSError):
    """The folder cannot be used as things are: another gatepost has it, the disk is full or read-only.

    Nothing was changed. The file itself is not to blame: mend what is around it and start again.
    """


class StoreTooNew(Exception):
    """The file was written by a newer gatepost: do not touch it, install that version."""


class LedgerDamaged(Exception):
    """The file is not whole. `daemon.store.copies.open_store` starts from the last good copy."""
