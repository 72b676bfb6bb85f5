"""What the desk answers where it is asked about cards (R04).

The law of this file: a card that is not where the request takes it to be is refused with that reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from daemon.core.card_numbers import (
    CardNumber,
    NotThatPresentation,
    Presentation,
    SeveralCards,
    canonical,
    found,
)
from daemon.core.cards import (
    AnyRequest,
    BlockCard,
    CardFreed,
    CardHandedOut,
    CardIssued,
    CardReceived,
    CardReturned,
    CardsCounted,
    CardStopped,
    CountCards,
    HandOutCard,
    IssueCard,
    LoseCard,
    ReceiveCard,
    ReturnCard,
    UnblockCard,
    working_card,
)
from daemon.core.money import MOST_FEN, CardFeeCharged
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked
from daemon.core.state import next_turn

if TYPE_CHECKING:
    from daemon.core.draft import Draft


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    if isinstance(request, CountCards):
        out = tuple(draft.state.cards.out[card] for card in sorted(draft.state.cards.out))
        expected = draft.state.cards.in_drawer
        draft.say(
            CardsCounted(
                at=draft.at,
                counted=request.counted,
                expected=expected,
                out=out,
                note=request.note,
                by=asked.actor,
            )
        )
        return
    if not request.reason.strip():
        draft.refuse(asked, Reason.REASON_NEEDED)
        return
    card = _named(draft, request.card, request.written_as)
    if isinstance(card, Reason):
        draft.refuse(asked, card)
        return
    objection = _why_not(draft, request, card)
    if objection is not None:
        draft.refuse(asked, objection)
        return
    _done(draft, request, card, asked.actor)


def _named(draft: Draft, text: str, written_as: Presentation) -> str | Reason:
    """The card that the desk means, or why that cannot be told."""
    try:
        number = canonical(text, written_as)
        return _among_known(draft, number) or number.hex
    except NotThatPresentation:
        return Reason.CARD_NUMBER_WRONG
    except SeveralCards:
        return Reason.CARD_AMBIGUOUS


def _among_known(draft: Draft, number: CardNumber) -> str | None:
    if number.hex in draft.state.cards.stock or number.hex in draft.state.permit_of_card:
        return number.hex
    return found(number, {*draft.state.cards.stock, *draft.state.permit_of_card})


def _permit_of(draft: Draft, card: str) -> str | None:
    return draft.state.permit_of_card.get(card) or draft.state.cards.permit_of.get(card)


def _plate_of(draft: Draft, card: str) -> str | None:
    """The plate that goes with the card: it owes what its loss costs. None for one that nobody has."""
    permit = draft.state.permits.get(_permit_of(draft, card) or "")
    stay = draft.state.stay_by_card(card)
    return permit.plate if permit is not None else stay.plate if stay is not None else None


def _why_not(draft: Draft, request: AnyRequest, card: str) -> Reason | None:
    cards = draft.state.cards
    stopped = cards.stopped.get(card)
    is_known = card in cards.stock or card in draft.state.permit_of_card
    match request:
        case ReceiveCard():
            return Reason.CARD_KNOWN if card in cards.stock else None
        case IssueCard():
            return _why_not_issue(draft, card, request.permit)
        case HandOutCard():
            return _why_not_hand_out(draft, card, request.plate)
        case ReturnCard():
            is_out = card in cards.out or card in draft.state.permit_of_card or stopped is Reason.CARD_LOST
            return None if is_out and stopped is not Reason.CARD_RETURNED else Reason.CARD_NOT_OUT
        case LoseCard():
            if not is_known:
                return Reason.CARD_UNKNOWN
            if stopped is Reason.CARD_LOST:
                return stopped
            if not 0 <= request.fee_fen <= MOST_FEN:
                return Reason.FEE_WRONG
            if request.fee_fen and _plate_of(draft, card) is None:
                return Reason.FEE_OF_NOBODY
            return _why_no_replacement(draft, request, card)
        case BlockCard():
            return stopped if is_known else Reason.CARD_UNKNOWN
        case UnblockCard():
            if stopped not in (Reason.CARD_LOST, Reason.CARD_BLOCKED):
                return Reason.CARD_NOT_STOPPED
            return Reason.HAS_A_CARD if _has_another(draft, card) else None
        case CountCards():
            return None
        case _:
            assert_never(request)


def _why_not_issue(
    draft: Draft, card: str, permit_id: str, *, instead_of: str | None = None
) -> Reason | None:
    cards = draft.state.cards
    permit = draft.state.permits.get(permit_id)
    if permit is None:
        return Reason.PERMIT_UNKNOWN
    if cards.stock.get(card) != "permit":
        return Reason.CARD_IS_TEMPORARY if card in cards.stock else Reason.CARD_NOT_IN_STOCK
    if cards.stopped.get(card, Reason.CARD_RETURNED) is not Reason.CARD_RETURNED:
        return cards.stopped[card]
    if card in cards.out or draft.state.permit_of_card.get(card, permit_id) != permit_id:
        return Reason.CARD_TAKEN
    has = working_card(cards, permit_id, permit.card)
    return None if has in (None, card, instead_of) else Reason.HAS_A_CARD


def _why_not_hand_out(draft: Draft, card: str, plate: str) -> Reason | None:
    cards = draft.state.cards
    if not cards.is_temporary(card):
        return Reason.CARD_NOT_IN_STOCK
    if card in cards.stopped:
        return cards.stopped[card]
    if card in cards.out:
        return Reason.CARD_TAKEN
    stay = draft.state.stay_by_plate(plate)
    if stay is None or stay.kind != "temporary":
        return Reason.NOT_INSIDE
    return Reason.HAS_A_CARD if stay.id in cards.card_of_stay else None


def _why_no_replacement(draft: Draft, request: LoseCard, card: str) -> Reason | None:
    if request.replacement is None:
        return None
    permit_id = _permit_of(draft, card)
    if permit_id is None:
        return Reason.PERMIT_UNKNOWN
    other = _named(draft, request.replacement, request.written_as)
    if isinstance(other, Reason):
        return other
    return Reason.CARD_TAKEN if other == card else _why_not_issue(draft, other, permit_id, instead_of=card)


def _has_another(draft: Draft, card: str) -> bool:
    permit_id = _permit_of(draft, card)
    permit = draft.state.permits.get(permit_id) if permit_id is not None else None
    return permit is not None and working_card(draft.state.cards, permit.id, permit.card) not in (None, card)


def _done(draft: Draft, request: AnyRequest, card: str, by: Actor) -> None:
    at, turn = draft.at, next_turn(draft.state, f"card:{card}")
    match request:
        case ReceiveCard():
            draft.say(CardReceived(at=at, card=card, use=request.use, why=request.reason, by=by))
        case IssueCard():
            draft.say(
                CardIssued(at=at, card=card, permit_id=request.permit, why=request.reason, by=by, turn=turn)
            )
        case HandOutCard():
            stay = draft.state.stay_by_plate(request.plate)
            assert stay is not None
            draft.say(
                CardHandedOut(
                    at=at, card=card, stay_id=stay.id, plate=stay.plate, why=request.reason, by=by, turn=turn
                )
            )
        case ReturnCard():
            draft.say(CardReturned(at=at, card=card, why=request.reason, by=by, turn=turn))
        case LoseCard():
            permit_id, plate = _permit_of(draft, card), _plate_of(draft, card)
            other = _named(draft, request.replacement, request.written_as) if request.replacement else None
            draft.say(
                CardStopped(
                    at=at,
                    card=card,
                    reason=Reason.CARD_LOST,
                    why=request.reason,
                    by=by,
                    fee_fen=request.fee_fen,
                    replacement=other,
                    turn=turn,
                )
            )
            if request.fee_fen and plate is not None:
                draft.say(CardFeeCharged(at=at, card=card, plate=plate, fen=request.fee_fen, by=by))
            if other is not None and permit_id is not None:
                next_of_other = next_turn(draft.state, f"card:{other}")
                draft.say(
                    CardIssued(
                        at=at,
                        card=other,
                        permit_id=permit_id,
                        why=request.reason,
                        by=by,
                        turn=next_of_other,
                    )
                )
        case BlockCard():
            draft.say(
                CardStopped(
                    at=at, card=card, reason=Reason.CARD_BLOCKED, why=request.reason, by=by, turn=turn
                )
            )
        case UnblockCard():
            draft.say(CardFreed(at=at, card=card, why=request.reason, by=by, turn=turn))
        case CountCards():
            return
        case _:
            assert_never(request)
