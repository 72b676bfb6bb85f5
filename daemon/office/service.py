"""The office as a process: its books, its broker, one line a fact for whoever looks on.

The law of this file: what is needed is put together here, and nothing is decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta, tzinfo
from random import SystemRandom
from secrets import token_hex
from typing import TYPE_CHECKING

from daemon.mqtt.broker import Broker
from daemon.mqtt.line import Line
from daemon.mqtt.link import LinkSpec
from daemon.mqtt.messages import FactMessage, fact_filter
from daemon.office import shelf
from daemon.office.books import Books
from daemon.office.database import Place, Unusable, alone
from daemon.office.errands import Errands
from daemon.office.lines import line
from daemon.office.office import LONGEST, Office
from daemon.office.sending import Sender

if TYPE_CHECKING:
    from daemon.config.model import OfficeConfig
    from daemon.mqtt.command.envelope import Signer
    from daemon.runtime.clock import Clock


def books_at(place: Place, *, zone: tzinfo, clock: Clock) -> Books:
    """The books there, with what an office kept before it had any. Raises as `open_engine`, and OSError."""
    place.folder.mkdir(parents=True, exist_ok=True)
    books = Books.open(place, zone=zone, clock=clock)
    try:
        shelf.take_in(place.folder, books)
    except BaseException:
        books.close()
        raise
    return books


async def run_office(
    office: OfficeConfig,
    place: Place,
    *,
    site: str,
    zone: tzinfo,
    clock: Clock,
    keep: timedelta | None = None,
    signer: Signer | None = None,
    quiet: bool = False,
) -> None:
    """Be the office of a site until cancelled: one line a fact on stdout, unless `quiet`.

    What is older than `keep` is forgotten. With a `signer`, lists are brought to the gates. `office`'s files
    must be absolute paths. Raises Unusable, OSError where the books cannot be opened.
    """

    def show(fact: FactMessage, trouble: str | None) -> None:
        if not quiet:
            print(line(fact, trouble), flush=True)

    wire = Line()
    desk = Office(
        lambda: books_at(place, zone=zone, clock=clock),
        root=office.root,
        site=site,
        way=wire.join(fact_filter(office.root, site)),
        say=show,
        forget_before=None if keep is None else lambda: clock.now().wall - keep,
    )
    sender = None if signer is None else Sender(office.root, site, signer, way=wire.join, clock=clock)
    spec = link_of(office, wire, sender, client_id=f"gatepost-office-{site}")
    wire.open(lambda listener: Broker(spec, listener, SystemRandom()))
    with alone(place):
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(desk.run(), name="office")
                if sender is not None:
                    tasks.create_task(Errands(place.folder, sender).run(), name="errands")
        except BaseExceptionGroup as group:
            unusable, _ = group.split((Unusable, OSError))
            if unusable is not None:
                raise unusable.exceptions[0] from None
            raise


@asynccontextmanager
async def calling(office: OfficeConfig, *, site: str, signer: Signer, clock: Clock) -> AsyncIterator[Sender]:
    """A connection of one's own for a few commands, beside that of the office."""
    wire = Line()
    sender = Sender(office.root, site, signer, way=wire.join, clock=clock)
    spec = link_of(office, wire, sender, client_id=f"gatepost-office-{site}-{token_hex(4)}")
    # Nobody comes back under this name: the broker need not keep anything for it.
    spec = replace(spec, session_expiry_s=0)
    wire.open(lambda listener: Broker(spec, listener, SystemRandom()))
    running = asyncio.ensure_future(wire.run())
    try:
        yield sender
    finally:
        running.cancel()
        await asyncio.wait({running})


def link_of(office: OfficeConfig, wire: Line, sender: Sender | None, *, client_id: str) -> LinkSpec:
    mirrors = () if sender is None else sender.mirrors
    return LinkSpec(
        host=office.host,
        port=office.port,
        client_id=client_id,
        protocol=office.protocol,
        subscriptions=tuple(wanted for wanted in wire.filters if wanted not in mirrors),
        mirrors=mirrors,
        username=office.username,
        password_file=office.password_file,
        ca_file=office.ca_file,
        cert_file=office.cert_file,
        key_file=office.key_file,
        session_expiry_s=30 * 86_400,
        packet_limit=2 * LONGEST,
        retry_limit_s=10.0,
    )
