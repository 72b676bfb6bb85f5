"""Buttons to signals: a guard's wish goes to the gate once, and the answer is the facts that came of it.

The law of this file: the panel decides nothing here. It checks who asks and that a reason is given; what may be
done, and whether it was, are the gate's own words.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import cast, get_args

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
from daemon.core.signals import GuardAsked
from daemon.panel.desk import Desk, desk_of, html, person_of
from daemon.panel.words import MAY, Action, reason_words
from daemon.store.errors import StoreError

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 5.0
REASON_MAX = 120

ABOUT_A_CAR: frozenset[Action] = frozenset({"release", "refuse"})

_TOLD: tuple[tuple[type[Fact], str, Words], ...] = (
    (AccessGranted, "done", Words("已放行", "let through")),
    (AccessRefused, "done", Words("已拒绝", "refused")),
    (BoomStopOrdered, "done", Words("已发停止指令", "stop ordered")),
    (BoomLowerOrdered, "done", Words("已发落杆指令", "lower ordered")),
    (BoomRaiseOrdered, "done", Words("已发抬杆指令", "raise ordered")),
)
"""What a fact means to the one who asked; the first that is found is told."""


async def question(request: web.Request) -> web.StreamResponse:
    """GET: the dialog that asks for the reason."""
    desk, lane, action = _asked(request)
    person = person_of(request)
    passage = request.query.get("passage", "")
    return html(desk.pages.question(person, desk.gate.state.lanes[lane], action, passage))


async def ask(request: web.Request) -> web.StreamResponse:
    """POST: hand the wish to the gate, and say what came of it."""
    desk, lane, action = _asked(request)
    person = person_of(request)
    if person.role not in MAY[action]:
        log.warning("panel: %s (%s) may not %s at %s", person.name, person.role, action, lane)
        return _tell(desk, "refused", Words("无权操作", "your role may not do this"), None, 403, lane, action)
    form = await request.post()
    reason = clean_reason(form.get("quick") or form.get("reason") or "")
    if not reason:
        return _tell(desk, "refused", REASON_WORDS[Reason.REASON_NEEDED], None, 422, lane, action)
    passage = str(form.get("passage") or "") or None
    if action in ABOUT_A_CAR and passage is None:
        return _tell(desk, "refused", REASON_WORDS[Reason.NO_CAR_HELD], None, 422, lane, action)
    signal = GuardAsked(
        at=desk.gate.clock.now(),
        actor=person.actor,
        lane=lane,
        action=action,
        reason=reason,
        passage=passage if action in ABOUT_A_CAR else None,
        resync=action == "release" and form.get("resync") == "yes",
    )
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            facts = await desk.once.ask(
                lane, (person.name, action, signal.passage), lambda: desk.gate.ask(signal)
            )
    except TimeoutError:
        log.error("panel: the gate did not answer %s at %s within %g s", action, lane, ANSWER_WITHIN_S)
        late = Words(
            "门岗程序没有答复，请看道闸，必要时用手动按钮", "no answer: look at the boom, use the push button"
        )
        return _tell(desk, "unknown", late, None, 504, lane, action)
    except StoreError as refused:
        log.error("panel: %s at %s: %s", action, lane, refused)
        full = Words(
            "账本写不进去，道闸没有动作，请用手动按钮", "the ledger takes nothing: use the push button"
        )
        return _tell(desk, "refused", full, None, 503, lane, action)
    tone, words, detail = outcome(facts)
    return _tell(desk, tone, words, detail, 409 if tone == "refused" else 200, lane, action)


def outcome(facts: Sequence[Fact]) -> tuple[str, Words, Words | None]:
    """Tone (`done`, `refused`, `unknown`), what happened, and why not."""
    for fact in facts:
        if isinstance(fact, ActionRefused):
            return "refused", Words("未执行", "not done"), reason_words(fact.reason)
    for kind, tone, words in _TOLD:
        if any(isinstance(fact, kind) for fact in facts):
            return tone, words, None
    return "unknown", Words("没有变化", "nothing changed"), None


def clean_reason(text: object) -> str:
    """One line of at most 120 characters, without control characters."""
    line = " ".join(str(text).split())
    return "".join(char for char in line if char.isprintable())[:REASON_MAX]


def _asked(request: web.Request) -> tuple[Desk, str, Action]:
    desk = desk_of(request)
    lane, action = request.match_info["lane"], request.match_info["action"]
    if lane not in desk.gate.state.lanes or action not in get_args(Action):
        raise web.HTTPNotFound(text="没有这条车道或操作 · no such lane or action\n")
    return desk, lane, cast(Action, action)


def _tell(
    desk: Desk, tone: str, words: Words, detail: Words | None, status: int, lane: str, action: Action
) -> web.Response:
    text = desk.pages.answer(tone, words, detail, desk.gate.state.lanes[lane], action)
    response = html(text, status=status)
    if status != 422:
        # The page closes the dialog on this event; with 422 the guard has something to fill in.
        response.headers["HX-Trigger"] = "answered"
    return response
