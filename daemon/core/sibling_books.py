"""What a sibling's word changes in the state (R45): stays, cards, the watch list, the lot, money.

The law of this file: part of `daemon.core.evolve`, and as total. The outcome is the same in whatever order
the words of different gates are heard: the open stays are those that any gate has opened less those that any
gate has closed, and of two changes of one card the later turn stands.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from daemon.core import accounts, cards, inside, lot, special
from daemon.core.cards import CardStopped
from daemon.core.fact import Fact
from daemon.core.facts import FactLost, GateStarted
from daemon.core.lending import CardUse
from daemon.core.lot import LotRecounted
from daemon.core.money import (
    ArrearsLeft,
    CardFeeCharged,
    ChargeQuoted,
    ChargeWaived,
    CreditUsed,
    PaymentTaken,
    ReceiptVoided,
    StayRated,
)
from daemon.core.presence import AccessGranted, StayClosed, StayOpened
from daemon.core.siblings import (
    TURNED,
    Cursor,
    Siblings,
    SiblingTold,
    Turned,
    Waiting,
    fits,
    gate_of,
    in_own_time,
    key_of_turn,
    number_of,
    root_of,
    turn_of,
)
from daemon.core.special import WatchListed, WatchUnlisted
from daemon.core.state import State

_OF_MONEY = (
    ChargeQuoted, StayRated, PaymentTaken, ReceiptVoided, CreditUsed, ChargeWaived, ArrearsLeft,
    CardFeeCharged,
)  # fmt: skip


def told(state: State, fact: SiblingTold) -> State:
    """The state after a sibling's word, the cursor moved with it."""
    before = state.siblings.cursors.get(fact.gate, Cursor())
    cursor = replace(before, seq=fact.seq, hash=fact.hash)
    state = _with(state, cursors=state.siblings.cursors.put(fact.gate, cursor))
    at, is_exact = in_own_time(fact.said.at, fact.at)
    said: Any = replace(fact.said, at=at)
    match said:
        case StayOpened():
            return _opened(state, fact, said, is_exact=is_exact)
        case StayClosed():
            return _closed(state, said)
        case AccessGranted():
            return _used(state, fact.gate, said)
        case LotRecounted():
            return replace(state, lot=lot.evolve(state.lot, said))
        case _ if isinstance(said, TURNED):
            return _turned(state, fact.gate, said)
        case _ if isinstance(said, _OF_MONEY):
            return _paid(state, fact.gate, said)
        case _:
            return replace(state, cards=cards.of_sibling(state.cards, fact.gate, said))


def own(state: State, fact: Fact) -> State:
    """What this gate's own word means for what is remembered of the others'."""
    if not state.siblings.root and isinstance(fact, GateStarted | FactLost):
        state = _with(state, root=root_of(fact.at))
    if isinstance(fact, StayClosed):
        return _waits(state, fact.stay_id, "", fact) if is_unheard_of(state, fact.stay_id) else state
    if isinstance(fact, TURNED) and fact.turn:
        return _now_its_turn(state, fact, "")
    return state


def _with(state: State, **changed: Any) -> State:
    return replace(state, siblings=replace(state.siblings, **changed))


# ---------------------------------------------------------------- stays


def _opened(state: State, fact: SiblingTold, said: StayOpened, *, is_exact: bool) -> State:
    siblings = state.siblings
    of = gate_of(said.stay_id)
    newest = max(siblings.opened.get(of, 0), number_of(said.stay_id))
    waiting = siblings.early.get(said.stay_id, ())
    state = _with(
        state,
        opened=siblings.opened.put(of, newest),
        early=siblings.early.without(said.stay_id),
    )
    if fact.is_over:
        counted = lot.went_out(lot.came_in(state.lot, said.stay_kind), said.stay_kind)
        return replace(state, lot=counted)
    money = accounts.of_sibling(state.money, said, is_exact=is_exact)
    # Its entry keeps the other machine's own time: what settles a conflict must be the same at every gate.
    state = inside.opened(replace(state, money=money), replace(said, at=fact.said.at), is_own=False)
    state = _used(state, fact.gate, said)
    for one in waiting:
        state = replace(state, money=accounts.of_sibling_late(state.money, one.said, said.stay_id))
    return state


def _closed(state: State, said: StayClosed) -> State:
    if is_unheard_of(state, said.stay_id):
        return _waits(state, said.stay_id, gate_of(said.stay_id), said)
    if said.stay_id not in state.stays:
        return state
    money = accounts.of_sibling(state.money, said)
    return inside.closed(replace(state, money=money), said.stay_id)


def is_unheard_of(state: State, stay_id: str) -> bool:
    """True where its beginning may yet be heard; that of an earlier ledger of this gate never will."""
    is_of_this_gate = gate_of(stay_id).rpartition(".")[0] == state.siblings.name
    return stay_id not in state.stays and not is_of_this_gate and state.siblings.is_unheard_of(stay_id)


def _waits(state: State, key: str, gate: str, said: Any) -> State:
    early = state.siblings.early
    return _with(state, early=early.put(key, (*early.get(key, ()), Waiting(gate, said))))


def _used(state: State, gate: str, said: StayOpened | AccessGranted) -> State:
    """With which car a card went through last (R02)."""
    if said.card is None or not said.plate or said.permit_id is None:
        return state
    use = CardUse(plate=said.plate, permit_id=said.permit_id, at=said.at, picture=None, gate=gate)
    return replace(state, card_uses=state.card_uses.put(said.card, use))


# ---------------------------------------------------------------- cards and the watch list


def _turned(state: State, gate: str, said: Turned) -> State:
    """In its turn, whoever's word comes first here; the more careful word counts at once."""
    match fits(state.siblings, said, gate):
        case "never":
            return state
        case "later":
            return _waits(_carefully(state, said), key_of_turn(said), gate, said)
        case "now":
            return _now_its_turn(_turn(state, gate, said), said, gate)


def _turn(state: State, gate: str, said: Turned) -> State:
    if isinstance(said, WatchListed | WatchUnlisted):
        return replace(state, special=special.evolve(state.special, said))
    return replace(state, cards=cards.of_sibling(state.cards, gate, said))


def _carefully(state: State, said: Turned) -> State:
    match said:
        case WatchListed():
            return replace(state, special=special.evolve(state.special, said))
        case CardStopped():
            stopped = state.cards.stopped.put(said.card, said.reason)
            return replace(state, cards=replace(state.cards, stopped=stopped))
        case _:
            return state


def _now_its_turn(state: State, said: Turned, gate: str) -> State:
    """This change is the last one known; those that waited for it follow."""
    key = key_of_turn(said)
    siblings = state.siblings
    waiting = siblings.early.get(key, ())
    turns = siblings.turns.put(key, turn_of(said, gate))
    state = replace(state, siblings=replace(siblings, turns=turns, early=siblings.early.without(key)))
    for one in waiting:
        state = _turned(state, one.gate, one.said)  # type: ignore[arg-type]  # only changes wait under a key
    return state


# ---------------------------------------------------------------- money


def _paid(state: State, gate: str, said: Any) -> State:
    """What is of a stay not heard of yet waits for it; what is of its plate counts at once."""
    state = replace(state, money=accounts.of_sibling(state.money, said))
    shares = getattr(said, "shares", None)
    alone = {getattr(said, "stay_id", "")}
    stays = alone if shares is None else {one.stay_id for one in shares if one.owed == "charge"}
    for stay_id in sorted(stays):
        if is_unheard_of(state, stay_id):
            state = _waits(state, stay_id, gate, said)
    return state


def is_known_to_be_over(siblings: Siblings, stay_id: str) -> bool:
    """True where its end was heard before its beginning."""
    return any(isinstance(one.said, StayClosed) for one in siblings.early.get(stay_id, ()))
