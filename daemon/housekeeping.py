"""What is done beside the gate now and then: old pictures go, the ledger is copied, unread rows are read.

The law of this file: nothing here holds up a car, and nothing here mends. Where the ledger turns out to be
damaged, a doubt is left for the next start, and the gate is asked to end in order so that there is one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from daemon.store import LedgerDamaged, doubt
from daemon.store.starting import Start
from daemon.store.upkeep import Upkeep

log = logging.getLogger(__name__)

EVERY_S = 3600.0
"""How often the ledger is copied and old pictures go."""


@dataclass(kw_only=True)
class Housekeeping:
    folder: Path
    upkeep: Upkeep
    sweep: Callable[[], Awaitable[None]]
    copied: Callable[[str | None], None]
    """Told of every copy: None, or why there is none. A disk that takes no copy is a fault (R31)."""
    damaged: Callable[[LedgerDamaged], Awaitable[None]]

    async def run(self, start: Start) -> None:
        """For ever; `start` says what is owed first."""
        trusted, copy_at_once = start.trusted, start.copy_owed
        while True:
            await self.sweep()
            if trusted is not None and await self._look(trusted):
                trusted = None
            if not copy_at_once:
                await asyncio.sleep(EVERY_S)
            copy_at_once = False
            await self._copy(look_owed=trusted is not None)

    async def _copy(self, *, look_owed: bool) -> None:
        try:
            await self.upkeep.copy(look_owed=look_owed)
        except LedgerDamaged as why:
            log.warning("the ledger could not be copied: %s", why)
            self.copied(str(why))
            await self._look(None)  # it may be the copy alone
        except OSError as why:
            log.warning("the ledger could not be copied: %s", why)
            self.copied(str(why))
        else:
            self.copied(None)

    async def _look(self, trusted: str | None) -> bool:
        """True where everything was gone through and fits."""
        try:
            await self.upkeep.revisit(trusted)
        except LedgerDamaged as damage:
            log.critical("the ledger is damaged; the next start goes through all of it: %s", damage)
            await asyncio.to_thread(doubt.leave, self.folder, damage)
            await self.damaged(damage)
        except OSError as why:
            log.warning("the ledger could not be gone through: %s", why)
        else:
            log.info("the ledger was gone through, and all of it fits")
            return True
        return False
