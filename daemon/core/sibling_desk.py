"""Hearing a sibling (R45): what is taken down of it, and how two gates' stories are brought together.

The law of this file: a stretch that does not begin where the last one ended is not taken. Of two open stays
of one car or permit the later entry stands, as `standing` orders them, and the other is closed by every gate
that meets both; a stay that any gate has closed is closed. So all gates end with the same cars inside. What
is settled so is said in a fact, and in an alert: nobody was there to see it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, get_args

from daemon.core.draft import Draft, alert_id
from daemon.core.inside import rivals
from daemon.core.lending import CardUse
from daemon.core.presence import AccessGranted, StayClosed, StayOpened
from daemon.core.reasons import AlertKind, Severity
from daemon.core.sibling_books import is_known_to_be_over, is_unheard_of
from daemon.core.siblings import (
    FOLLOWED_EVERY,
    TURNED,
    Cursor,
    Left,
    Said,
    SiblingFollowed,
    SiblingTold,
    fits,
    gate_of,
    in_own_time,
    localised,
    sibling_device,
)
from daemon.core.signals import Instant, SiblingRow, SiblingSaid
from daemon.core.special import WatchListed, WatchUnlisted, key_of
from daemon.core.special_desk import listed_anew
from daemon.core.state import State, Stay

TRAVEL = timedelta(seconds=20)
"""Nobody drives out of one gate of a site and into another in less: a card that does is two cards (R02)."""


def said(draft: Draft, signal: SiblingSaid) -> None:
    gate = signal.gate
    if gate not in draft.state.rules.siblings or gate == draft.state.rules.gate:
        return
    if signal.upto < signal.after:
        _doubt(draft, gate, f"its ledger has {signal.upto} facts, and {signal.after} were heard of it")
        return
    if not _goes_on(draft, signal):
        return
    for row in signal.rows:
        if row.seq > _cursor(draft, gate).seq:
            _heard(draft, gate, row)
    is_behind = bool(signal.rows) or signal.upto - signal.after >= FOLLOWED_EVERY
    if is_behind and _cursor(draft, gate).seq < signal.upto:
        _follow(draft, gate, signal.upto, signal.upto_hash, signal.root)


def _cursor(draft: Draft, gate: str) -> Cursor:
    return draft.state.siblings.cursors.get(gate, Cursor())


def _follow(draft: Draft, gate: str, seq: int, seal: str, root: str) -> None:
    own = draft.state.rules.gate
    draft.say(SiblingFollowed(at=draft.at, gate=gate, seq=seq, hash=seal, root=root, own=own))


def _goes_on(draft: Draft, signal: SiblingSaid) -> bool:
    """Whether it begins where the last stretch ended; another ledger is followed from its beginning."""
    cursor = draft.state.siblings.cursors.get(signal.gate)
    if cursor is None or cursor.root != signal.root:
        if signal.after != 0:
            return False
        if cursor is not None:
            _doubt(
                draft, signal.gate, "it has another ledger than before, which is followed from its beginning"
            )
        _follow(draft, signal.gate, 0, signal.after_hash, signal.root)
        return True
    if signal.after != cursor.seq:
        return False
    if signal.after_hash != cursor.hash:
        _doubt(draft, signal.gate, f"its fact {cursor.seq} is not the one that was heard here")
    return True


def _doubt(draft: Draft, gate: str, what: str) -> None:
    draft.raise_alert(
        AlertKind.SIBLING_DOUBTFUL,
        gate,
        f"{gate}: {what}; see 'gatepost ledger verify' there",
        severity=Severity.URGENT,
    )


def cut_off_since(state: State) -> tuple[tuple[str, Instant | None], ...]:
    """Every sibling, and since when it is cut off; None for one that this gate is in step with."""
    found = []
    for gate in state.rules.siblings:
        alert = state.alerts.get(alert_id(AlertKind.SIBLING_CUT_OFF, sibling_device(gate)))
        found.append((gate, alert.at if alert is not None else None))
    return tuple(found)


# ---------------------------------------------------------------- one row


def _heard(draft: Draft, gate: str, row: SiblingRow) -> None:
    if row.fact is None:
        _doubt(draft, gate, f"its fact {row.seq} cannot be read by this version")
        return
    if not isinstance(row.fact, get_args(Said)):
        return
    fact: Any = localised(draft.state.known_as, f"{gate}.{_cursor(draft, gate).root}", row.fact)
    is_over = False
    match fact:
        case StayOpened():
            is_over = _opened(draft, gate, fact)
        case StayClosed():
            if not _is_news_of_leaving(draft, gate, fact):
                return
        case _ if isinstance(fact, TURNED) and fits(draft.state.siblings, fact, gate) == "never":
            return
        case _:
            pass
    if isinstance(fact, StayOpened | AccessGranted) and fact.card is not None:
        _look_where_card_was(draft, gate, fact.card, fact.at)
    draft.say(SiblingTold(at=draft.at, gate=gate, seq=row.seq, hash=row.hash, said=fact, is_over=is_over))
    match fact:
        case WatchListed():
            listed_anew(draft)
        case WatchUnlisted():
            draft.clear_alerts([AlertKind.WATCH_LISTED], key_of(fact.sign, fact.value))
        case _:
            pass


# ---------------------------------------------------------------- stays


def standing(own: str, stay_id: str, entered: Instant) -> tuple[bool, datetime, str, str]:
    """What decides between two entries, the same at every gate: a believed clock, then time, then names."""
    return entered.trusted, entered.wall, gate_of(stay_id) or own, stay_id.rpartition(":")[2]


def _opened(draft: Draft, gate: str, new: StayOpened) -> bool:
    """Bring it together with the stays known here. True where it is over already, or does not stand."""
    state = draft.state
    if is_known_to_be_over(state.siblings, new.stay_id):
        return True
    if (named_alike := state.stays.get(new.stay_id)) is not None:
        _close(draft, named_alike.id, "resync", f"{gate} has given this number twice")
    if (left := _left_before(state, new)) is not None:
        _close(draft, new.stay_id, "resync", f"left at {left.at.wall.isoformat()}, before it was heard of")
        return True
    own, mine = state.known_as, standing(state.known_as, new.stay_id, new.at)
    against = [stay for stay in rivals(state, new.permit_id, new.plate) if stay.id != new.stay_id]
    later = [stay for stay in against if standing(own, stay.id, stay.entered) > mine]
    for stay in against:
        _alert_conflict(draft, new, stay)
    if later:
        _close(draft, new.stay_id, "conflict", later[0].id)
        return True
    for stay in against:
        _close(draft, stay.id, "conflict", new.stay_id)
    return False


def _close(draft: Draft, stay_id: str, how: Any, note: str) -> None:
    draft.say(StayClosed(at=draft.at, stay_id=stay_id, how=how, note=note))


def _alert_conflict(draft: Draft, new: StayOpened, stay: Stay) -> None:
    draft.raise_alert(
        AlertKind.STAYS_IN_CONFLICT,
        new.permit_id or new.plate,
        f"{stay.lane} {stay.plate} {stay.entered.wall.isoformat()}"
        f" / {new.lane} {new.plate} {new.at.wall.isoformat()}",
        severity=Severity.WARNING,
        picture=stay.picture,
    )


def _left_before(state: State, new: StayOpened) -> Left | None:
    """The car that was let out here unknown, after it had come in there."""
    if not new.at.trusted:
        return None
    return next(
        (
            left
            for left in state.siblings.left_unheard
            if left.at.trusted
            and left.at.wall >= new.at.wall
            and (left.plate == new.plate or (left.permit_id is not None and left.permit_id == new.permit_id))
        ),
        None,
    )


def _is_news_of_leaving(draft: Draft, gate: str, left: StayClosed) -> bool:
    """False where its end is known already; then two cars may have left on one stay."""
    state = draft.state
    if left.how == "exit":
        draft.clear_alerts([AlertKind.ENTERED_UNHEARD], left.stay_id)
    if left.stay_id in state.stays:
        return True
    if is_unheard_of(state, left.stay_id):
        return not is_known_to_be_over(state.siblings, left.stay_id)
    if left.how == "exit" and left.stay_id in state.siblings.left_here:
        draft.raise_alert(
            AlertKind.LEFT_TWICE,
            left.stay_id,
            f"{left.stay_id}: {state.rules.gate} / {gate} {left.at.wall.isoformat()}",
            severity=Severity.WARNING,
        )
    return False


# ---------------------------------------------------------------- cards


def _look_where_card_was(draft: Draft, gate: str, card: str, at: Instant) -> None:
    use = draft.state.card_uses.get(card)
    shown, is_exact = in_own_time(at, draft.at)
    if use is not None and is_exact:
        alert_if_too_soon(draft, use, gate, card, shown)


def alert_if_too_soon(draft: Draft, use: CardUse, gate: str, card: str, at: Instant) -> None:
    """Alert where a card goes through `gate` sooner after, or before, another one than anybody can drive."""
    apart = abs(at.mono - use.at.mono) if use.at.boot == at.boot else abs(at.wall - use.at.wall)
    is_known = use.at.boot == at.boot or (use.at.trusted and at.trusted)
    if use.gate == gate or not is_known or apart >= TRAVEL:
        return
    own = draft.state.rules.gate
    draft.raise_alert(
        AlertKind.CARD_AT_TWO_GATES,
        card,
        f"{use.gate or own} {use.plate} / {gate or own}: {apart.total_seconds():.0f} s",
        severity=Severity.URGENT,
        picture=use.picture,
    )
