"""Buttons to signals: a guard's wish goes to the gate once, and the answer is the facts that came of it.

The law of this file: the panel decides nothing here. It checks who asks and that a reason is given; what may
be done, and whether it was, are the gate's own words.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from aiohttp import web

from daemon.core.facts import (
    AccessGranted,
    AccessRefused,
    ActionRefused,
    BoomLowerOrdered,
    BoomRaiseOrdered,
    BoomStopOrdered,
    Fact,
)
from daemon.core.reasons import REASON_WORDS, Reason, Words
from daemon.core.roles import MAY_AT_LANE
from daemon.core.signals import GuardAsked, LaneAction
from daemon.core.state import LaneState, Stay
from daemon.panel.auth import Person
from daemon.panel.checks import form_of
from daemon.panel.desk import Desk, desk_of, html, person_of
from daemon.panel.words import CAR_DECIDED, STAY_OVER, reason_words
from daemon.store.errors import StoreError

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 5.0
REASON_MAX = 120

ABOUT_A_CAR: frozenset[LaneAction] = frozenset({"release", "refuse"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the guard is told; `status` is the HTTP one, 422 leaves the dialog open for what is missing."""

    status: int
    tone: Literal["done", "refused", "unknown"]
    words: Words
    detail: Words | None = None


NOT_DONE = Words("未执行", "not done")

NOT_ALLOWED = Answer(403, "refused", Words("无权操作", "your role may not do this"))
NO_REASON = Answer(422, "refused", REASON_WORDS[Reason.REASON_NEEDED])
NO_CAR = Answer(422, "refused", REASON_WORDS[Reason.NO_CAR_HELD])
TOO_LATE = Answer(
    504,
    "unknown",
    Words("门岗程序没有答复", "no answer"),
    Words("请看道闸，用手动按钮", "use the push button"),
)
NOT_STORED = Answer(
    503, "refused", Words("账本写不进去，没有动作", "the ledger takes nothing"), TOO_LATE.detail
)
NOT_INSIDE = Answer(409, "refused", NOT_DONE, STAY_OVER)
NOTHING = Answer(200, "unknown", Words("没有变化", "nothing changed"))

DONE: dict[LaneAction, tuple[type[Fact], Words]] = {
    "open": (BoomRaiseOrdered, Words("已发抬杆指令", "raise ordered")),
    "close": (BoomLowerOrdered, Words("已发落杆指令", "lower ordered")),
    "stop": (BoomStopOrdered, Words("已发停止指令", "stop ordered")),
    "release": (AccessGranted, Words("已放行", "let through")),
    "refuse": (AccessRefused, Words("已拒绝", "refused")),
}
"""The fact that shows that an action was done, and its words. An order is an order: where the boom is, the
limit switches say."""


async def question(request: web.Request) -> web.StreamResponse:
    """GET: the dialog that asks for the reason."""
    desk, lane, action = _asked(request)
    passage = request.query.get("passage", "")
    wanted = request.query.get("stay") if action == "release" else None
    stay = _open_stay(desk, lane, wanted)
    stopper = None
    if action in ABOUT_A_CAR and (lane.passage is None or lane.passage.id != passage):
        stopper = CAR_DECIDED
    elif wanted and stay is None:
        stopper = STAY_OVER
    return html(desk.pages.question(person_of(request), lane, action, passage, stay=stay, stopper=stopper))


async def ask(request: web.Request) -> web.StreamResponse:
    """POST: hand the wish to the gate, and say what came of it."""
    desk, lane, action = _asked(request)
    answer = await _answer(desk, person_of(request), lane, action, await form_of(request))
    text = desk.pages.answer(answer.tone, answer.words, answer.detail, lane, action)
    response = html(text, status=answer.status)
    if answer.status != 422:
        response.headers["HX-Trigger"] = "answered"  # the page closes the dialog on this event
    return response


async def _answer(
    desk: Desk, person: Person, lane: LaneState, action: LaneAction, form: dict[str, str]
) -> Answer:
    reason = clean_reason(form.get("quick") or form.get("reason") or "")
    passage = (form.get("passage") or None) if action in ABOUT_A_CAR else None
    stay = (form.get("stay") or None) if action == "release" else None
    if person.role in MAY_AT_LANE[action]:  # whoever may not is refused by the gate, which writes it down
        if not reason:
            return NO_REASON
        if action in ABOUT_A_CAR and passage is None:
            return NO_CAR
        if stay is not None and _open_stay(desk, lane, stay) is None:
            return NOT_INSIDE
    signal = GuardAsked(
        at=desk.gate.clock.now(),
        actor=person.actor,
        lane=lane.id,
        action=action,
        reason=reason,
        passage=passage,
        resync=action == "release" and form.get("resync") == "yes",
        stay=stay,
        goes_by="card" if form.get("goes_by") == "card" else "plate",
    )
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            facts = await desk.once.ask(
                lane.id, (person.name, action, passage, stay), lambda: desk.gate.ask(signal)
            )
    except TimeoutError:
        log.warning("panel: no answer to %s at %s within %g s", action, lane.id, ANSWER_WITHIN_S)
        return TOO_LATE
    except StoreError as refused:
        log.warning("panel: %s at %s: %s", action, lane.id, refused)
        return NOT_STORED
    return outcome(action, facts)


def outcome(action: LaneAction, facts: Sequence[Fact]) -> Answer:
    """What these facts mean to the one who asked for `action`."""
    for fact in facts:
        if isinstance(fact, ActionRefused) and fact.reason is Reason.ROLE_NOT_ALLOWED:
            return NOT_ALLOWED
        if isinstance(fact, ActionRefused):
            return Answer(409, "refused", NOT_DONE, reason_words(fact.reason))
    kind, words = DONE[action]
    return Answer(200, "done", words) if any(isinstance(fact, kind) for fact in facts) else NOTHING


def clean_reason(text: str) -> str:
    """One line of at most 120 characters, without control characters."""
    line = " ".join(text.split())
    return "".join(char for char in line if char.isprintable())[:REASON_MAX]


def _open_stay(desk: Desk, lane: LaneState, stay: str | None) -> Stay | None:
    """The stay that a car leaving by `lane` may end; None for an entry, and for a stay that is over."""
    return desk.gate.state.stays.get(stay) if stay and lane.direction == "exit" else None


def _asked(request: web.Request) -> tuple[Desk, LaneState, LaneAction]:
    desk = desk_of(request)
    lane = desk.gate.state.lanes.get(request.match_info["lane"])
    action = request.match_info["action"]
    if lane is None or action not in get_args(LaneAction):
        raise web.HTTPNotFound(text="没有这条车道或操作 · no such lane or action\n")
    return desk, lane, cast(LaneAction, action)
