"""Cards (R04): from counted stock to a permit or a visitor and back; lost and blocked ones open nothing.

The law of this file: every card of the stock is in one place, and every move says who and why. The list of
permits stays what its owner gave: a card issued at the desk stands in for a permit's own card only while that
one is lost, blocked or returned, so that a car never has two that open (R01).
What is answered at the desk is in `daemon.core.card_desk`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from daemon.core.card_numbers import Presentation
from daemon.core.fact import Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Request
from daemon.core.table import Table

Use = Literal["permit", "temporary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """A card that is with somebody: a permit's driver, or the visitor of a stay."""

    card: str
    use: Use
    with_whom: str
    """The permit, or the plate of the temporary car."""


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveCard(Request):
    """A new card is taken into the stock."""

    card: str
    reason: str
    use: Use = "permit"
    written_as: Presentation = Presentation.HEX
    kind: Literal["receive_card"] = "receive_card"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCard(Request):
    """A card of the stock is given out for a permit."""

    card: str
    permit: str
    reason: str
    written_as: Presentation = Presentation.HEX
    kind: Literal["issue_card"] = "issue_card"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOutCard(Request):
    """A temporary card is handed to a visitor who is in already, where no reader at the entry saw it go."""

    card: str
    plate: str
    reason: str
    written_as: Presentation = Presentation.HEX
    kind: Literal["hand_out_card"] = "hand_out_card"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCard(Request):
    """A card comes back over the counter, and opens nothing until it is issued again."""

    card: str
    reason: str
    written_as: Presentation = Presentation.HEX
    kind: Literal["return_card"] = "return_card"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseCard(Request):
    """A card is reported lost: it opens nothing from this moment. The fee (fen) is owed by its plate."""

    card: str
    reason: str
    fee_fen: int = 0
    replacement: str | None = None
    written_as: Presentation = Presentation.HEX
    kind: Literal["lose_card"] = "lose_card"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCard(Request):
    """A card shall open nothing until it is unblocked."""

    card: str
    reason: str
    written_as: Presentation = Presentation.HEX
    kind: Literal["block_card"] = "block_card"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblockCard(Request):
    """A blocked card, or a lost one that was found, works again."""

    card: str
    reason: str
    written_as: Presentation = Presentation.HEX
    kind: Literal["unblock_card"] = "unblock_card"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountCards(Request):
    """The cards in the drawer were counted; the answer lists what is out (for the handover)."""

    counted: int
    note: str = ""
    kind: Literal["count_cards"] = "count_cards"


AnyRequest = (
    ReceiveCard | IssueCard | HandOutCard | ReturnCard | LoseCard | BlockCard | UnblockCard | CountCards
)


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReceived(Fact):
    card: str
    use: Use
    why: str
    by: Actor
    kind: Literal["card_received"] = "card_received"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardIssued(Fact):
    card: str
    permit_id: str
    why: str
    by: Actor
    turn: int = 0
    """Which change of this card it is, counted over all gates of the site (R45)."""
    kind: Literal["card_issued"] = "card_issued"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardHandedOut(Fact):
    """A temporary card went out with a temporary pass; nobody asked where the entry's reader saw it go."""

    card: str
    stay_id: str
    plate: str
    why: str = ""
    by: Actor | None = None
    turn: int = 0
    kind: Literal["card_handed_out"] = "card_handed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReturned(Fact):
    """Back in the stock: over the counter, or shown at the exit by the car that had it."""

    card: str
    why: str = ""
    by: Actor | None = None
    turn: int = 0
    kind: Literal["card_returned"] = "card_returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardStopped(Fact):
    """Lost or blocked. `fee_fen` is what the loss costs whoever had it."""

    card: str
    reason: Reason
    why: str
    by: Actor
    fee_fen: int = 0
    replacement: str | None = None
    turn: int = 0
    kind: Literal["card_stopped"] = "card_stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFreed(Fact):
    card: str
    why: str
    by: Actor
    turn: int = 0
    kind: Literal["card_freed"] = "card_freed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardsCounted(Fact):
    """What the drawer held, what it should hold, and every card that is out."""

    counted: int
    expected: int
    out: tuple[Out, ...]
    note: str
    by: Actor
    kind: Literal["cards_counted"] = "cards_counted"


AnyFact = CardReceived | CardIssued | CardHandedOut | CardReturned | CardStopped | CardFreed | CardsCounted


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True)
class Cards:
    stock: Table[Use] = field(default_factory=Table)
    """Every card that was ever received, wherever it is now."""
    permit_of: Table[str] = field(default_factory=Table)
    """Cards issued at the desk, to their permit."""
    card_of: Table[str] = field(default_factory=Table)
    """Permits, to the card that the desk issued last."""
    out: Table[Out] = field(default_factory=Table)
    stay_of: Table[str] = field(default_factory=Table)
    """Temporary cards that are out, to the stay they went out with."""
    card_of_stay: Table[str] = field(default_factory=Table)
    stopped: Table[Reason] = field(default_factory=Table)
    """Cards that open nothing, and why not."""
    elsewhere: Table[str] = field(default_factory=Table)
    """Cards of the stock that lie in the drawer of another gate, when they lie in one (R45)."""

    @property
    def in_drawer(self) -> int:
        """How many cards of the stock should lie in the drawer."""
        here = self.stock.keys() - self.elsewhere.keys() - self.out.keys()
        return sum(1 for card in here if self.stopped.get(card) is not Reason.CARD_LOST)

    def is_temporary(self, card: str | None) -> bool:
        return card is not None and self.stock.get(card) == "temporary"


def evolve(cards: Cards, fact: Fact) -> Cards:
    match fact:
        case CardReceived():
            return replace(
                cards,
                stock=cards.stock.put(fact.card, fact.use),
                elsewhere=cards.elsewhere.without(fact.card),
            )
        case CardIssued():
            return replace(
                cards,
                permit_of=cards.permit_of.put(fact.card, fact.permit_id),
                card_of=cards.card_of.put(fact.permit_id, fact.card),
                out=cards.out.put(fact.card, Out(card=fact.card, use="permit", with_whom=fact.permit_id)),
                stopped=cards.stopped.without(fact.card),
            )
        case CardHandedOut():
            return replace(
                cards,
                out=cards.out.put(fact.card, Out(card=fact.card, use="temporary", with_whom=fact.plate)),
                stay_of=cards.stay_of.put(fact.card, fact.stay_id),
                card_of_stay=cards.card_of_stay.put(fact.stay_id, fact.card),
            )
        case CardReturned():
            back = _taken_back(cards, fact.card)
            back = replace(back, elsewhere=back.elsewhere.without(fact.card))
            if cards.is_temporary(fact.card):
                return replace(back, stopped=back.stopped.without(fact.card))
            return replace(back, stopped=back.stopped.put(fact.card, Reason.CARD_RETURNED))
        case CardStopped(reason=Reason.CARD_LOST):
            lost = _taken_back(cards, fact.card)
            return replace(lost, stopped=lost.stopped.put(fact.card, fact.reason))
        case CardStopped():
            return replace(cards, stopped=cards.stopped.put(fact.card, fact.reason))
        case CardFreed():
            freed = replace(cards, stopped=cards.stopped.without(fact.card))
            permit_id = cards.permit_of.get(fact.card)
            if permit_id is None or cards.card_of.get(permit_id) != fact.card:
                return freed
            out = Out(card=fact.card, use="permit", with_whom=permit_id)
            return replace(freed, out=freed.out.put(fact.card, out))
        case _:
            return cards


def of_sibling(cards: Cards, gate: str, fact: Fact) -> Cards:
    """The same at another gate: what comes into a drawer there does not lie in this one's."""
    after = evolve(cards, fact)
    if not isinstance(fact, CardReceived | CardReturned) or fact.card not in after.stock:
        return after
    return replace(after, elsewhere=after.elsewhere.put(fact.card, gate))


def _taken_back(cards: Cards, card: str) -> Cards:
    """Nobody has it any more, and no stay waits for it."""
    return replace(
        cards,
        out=cards.out.without(card),
        stay_of=cards.stay_of.without(card),
        card_of_stay=cards.card_of_stay.without(cards.stay_of.get(card, "")),
    )


def working_card(cards: Cards, permit_id: str, listed: str) -> str | None:
    """The one card that opens for a permit: its listed one, or the one that stands in for it."""
    if listed not in cards.stopped:
        return listed
    issued = cards.card_of.get(permit_id)
    return None if issued is None or issued in cards.stopped else issued
