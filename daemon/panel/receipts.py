"""A receipt as a page, and the button that has it printed again.

The law of this file: a receipt is seen by whoever may have it printed again; that may be asked of the gate as
everything else is, and what came of it is read off the page.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from daemon.core.facts import ActionRefused
from daemon.core.money import ReprintReceipt
from daemon.core.reasons import REASON_WORDS, Reason
from daemon.core.signals import Asked
from daemon.panel.asks import ANSWER_WITHIN_S
from daemon.panel.auth import Person
from daemon.panel.desk import desk_of, html, person_of
from daemon.panel.prints import sees_receipts

log = logging.getLogger(__name__)

LONGEST_NUMBER = 9
"""Digits; what is longer is no receipt's number, and no database's either."""


async def listed(request: web.Request) -> web.StreamResponse:
    """The receipts of this gate, newest first; with `?missing=yes` those of which no paper has come out."""
    desk, person = desk_of(request), person_of(request)
    _may_see(person)
    before = request.query.get("before", "")
    below = int(before) if before.isascii() and before.isdigit() and len(before) <= LONGEST_NUMBER else None
    missing = request.query.get("missing") == "yes"
    return html(desk.pages.receipts(person, below, missing=missing))


async def page(request: web.Request) -> web.StreamResponse:
    desk, person = desk_of(request), person_of(request)
    _may_see(person)
    text = desk.pages.receipt(person, _number(request))
    if text is None:
        raise _no_such_receipt()
    return html(text)


async def reprint(request: web.Request) -> web.StreamResponse:
    """POST: have a copy printed, and come back to the page, which tells what became of it."""
    desk, person, number = desk_of(request), person_of(request), _number(request)
    wish = Asked(at=desk.gate.clock.now(), actor=person.actor, request=ReprintReceipt(number=number))
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            facts = await desk.once.ask(
                "receipts", (person.name, "reprint", number), lambda: desk.gate.ask(wish)
            )
    except TimeoutError:
        log.warning("panel: no answer to a copy of receipt %d within %g s", number, ANSWER_WITHIN_S)
        raise web.HTTPGatewayTimeout(text="门岗程序没有答复 · no answer\n") from None
    for fact in facts:
        if isinstance(fact, ActionRefused):
            if fact.reason is Reason.RECEIPT_UNKNOWN:
                raise _no_such_receipt()
            words = REASON_WORDS[fact.reason]
            raise web.HTTPForbidden(text=f"{words.zh} · {words.en}\n")
    return web.Response(status=303, headers={"Location": f"/receipts/{number}"})


def _may_see(person: Person) -> None:
    if not sees_receipts(person.role):
        raise web.HTTPForbidden(text="无此权限 · this role may not see receipts\n")


def _number(request: web.Request) -> int:
    digits = request.match_info["number"]
    if len(digits) > LONGEST_NUMBER:
        raise _no_such_receipt()
    return int(digits)


def _no_such_receipt() -> web.HTTPNotFound:
    return web.HTTPNotFound(text="没有这张收据 · no such receipt\n")
