"""The office as a process: its books, its broker, one line a fact for whoever looks on.

The law of this file: what is needed is put together here, and nothing is decided.
"""

from __future__ import annotations

from datetime import timedelta, tzinfo
from random import SystemRandom
from typing import TYPE_CHECKING

from daemon.mqtt.broker import Broker
from daemon.mqtt.link import LinkSpec
from daemon.mqtt.messages import FactMessage, fact_filter
from daemon.office import shelf
from daemon.office.books import Books
from daemon.office.database import Place, alone
from daemon.office.lines import line
from daemon.office.office import LONGEST, Office

if TYPE_CHECKING:
    from daemon.config.model import OfficeConfig
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
    quiet: bool = False,
) -> None:
    """Be the office of a site until cancelled: one line a fact on stdout, unless `quiet`.

    What is older than `keep` is forgotten. `office`'s files must be absolute paths. Raises Unusable, OSError
    where the books cannot be opened.
    """

    def show(fact: FactMessage, trouble: str | None) -> None:
        if not quiet:
            print(line(fact, trouble), flush=True)

    spec = link_of(office, site)
    desk = Office(
        lambda: books_at(place, zone=zone, clock=clock),
        root=office.root,
        site=site,
        way=lambda listener: Broker(spec, listener, SystemRandom()),
        say=show,
        forget_before=None if keep is None else lambda: clock.now().wall - keep,
    )
    with alone(place):
        await desk.run()


def link_of(office: OfficeConfig, site: str) -> LinkSpec:
    return LinkSpec(
        host=office.host,
        port=office.port,
        client_id=f"gatepost-office-{site}",
        protocol=office.protocol,
        subscriptions=(fact_filter(office.root, site),),
        username=office.username,
        password_file=office.password_file,
        ca_file=office.ca_file,
        cert_file=office.cert_file,
        key_file=office.key_file,
        session_expiry_s=30 * 86_400,
        packet_limit=2 * LONGEST,
        retry_limit_s=10.0,
    )
