"""Card readers: bytes on a descriptor to `CardRead`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from daemon.core.masking import masked_card
from daemon.core.signals import CardRead
from daemon.runtime.clock import Clock
from drivers.errors import DeviceError
from drivers.protocols import Card, Reader

log = logging.getLogger(__name__)


async def read_cards(
    reader: Reader, lane: str, up: Callable[[], None], *, post: Callable[[CardRead], None], clock: Clock
) -> None:
    """Post every card until the reader is lost. Raises DeviceError."""
    loop = asyncio.get_running_loop()
    lost: asyncio.Future[None] = loop.create_future()

    def arrived() -> None:
        try:
            for item in reader.read():
                if isinstance(item, Card):
                    post(CardRead(at=clock.now(), lane=lane, card=item.number, bits=item.bits))
                    log.debug("%s: card %s", lane, masked_card(item.number))
                else:
                    log.info("%s: %d bytes from the card reader dropped: %s", lane, len(item.data), item.why)
        except DeviceError as error:
            loop.remove_reader(watched)
            if not lost.done():
                lost.set_exception(error)

    try:
        reader.open()
        watched = reader.fileno()
        loop.add_reader(watched, arrived)
        try:
            up()
            await lost
        finally:
            loop.remove_reader(watched)
    finally:
        reader.close()
