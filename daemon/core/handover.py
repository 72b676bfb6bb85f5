"""What is open when a shift is handed over (R37): everything that the next guard has to know of.

The law of this file: COLLECTORS is the whole list, one pure function for each kind of thing; whoever adds a
noun that leaves something open adds its line here. Nothing is kept in mind: the list is what the state says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from daemon.core.reasons import ALERT_WORDS, REASON_WORDS
from daemon.core.tariff.words import yuan

if TYPE_CHECKING:
    from daemon.core.state import State


class ItemKind(StrEnum):
    HELD_CAR = "held_car"
    ALERT = "alert"
    CASH = "cash"
    UNPAID = "unpaid"
    LOGBOOK = "logbook"
    CARD_OUT = "card_out"
    FINDING = "finding"
    CHANGE_OF_CAR = "change_of_car"


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One line of the handover list: what it is, how to find it, and what a person reads."""

    what: ItemKind
    ref: str
    text: str


def open_items(state: State) -> tuple[OpenItem, ...]:
    """Everything open now, kind by kind."""
    return tuple(item for collect in COLLECTORS for item in collect(state))


def _held_cars(state: State) -> Iterator[OpenItem]:
    for lane in state.lanes.values():
        passage = lane.passage
        if lane.phase == "held" and passage is not None:
            car = passage.plate or passage.card or ""
            why = REASON_WORDS[passage.reason].zh if passage.reason is not None else ""
            yield OpenItem(ItemKind.HELD_CAR, passage.id, f"{lane.name} {car} {why}")


def _alerts(state: State) -> Iterator[OpenItem]:
    for alert in state.alerts.values():
        yield OpenItem(ItemKind.ALERT, alert.alert_id, f"{ALERT_WORDS[alert.alert].zh} {alert.detail}")


def _logbook(state: State) -> Iterator[OpenItem]:
    for entry in state.logbook.open.values():
        yield OpenItem(
            ItemKind.LOGBOOK, entry.number, " ".join(filter(None, (entry.text, entry.who, entry.post)))
        )


def _cash(state: State) -> Iterator[OpenItem]:
    """What is in the drawer, shift by shift, and what the office has not said that it has."""
    for takings in state.till.shifts.values():
        if takings.in_drawer:
            text = f"第{takings.shift}班 现金 {yuan(takings.in_drawer)} 元未上交"
            yield OpenItem(ItemKind.CASH, f"shift-{takings.shift}", text)
    for handed_in in state.till.on_the_way.values():
        text = f"上交 {handed_in.number} 现金 {yuan(handed_in.fen)} 元待物业签收"
        yield OpenItem(ItemKind.CASH, f"hand-in-{handed_in.number}", text)


def _unpaid(state: State) -> Iterator[OpenItem]:
    for plate in state.money.arrears:
        fen = state.money.arrears_fen(plate)
        if fen:
            yield OpenItem(ItemKind.UNPAID, plate, f"{plate} 欠费 {yuan(fen)} 元")


def _cards_out(state: State) -> Iterator[OpenItem]:
    for card, out in state.cards.out.items():
        if out.use == "temporary":
            yield OpenItem(ItemKind.CARD_OUT, card, f"临时卡 {card} 在 {out.with_whom}")


def _findings(state: State) -> Iterator[OpenItem]:
    for finding in state.findings.open.values():
        text = " ".join(filter(None, (finding.plate, finding.place, finding.household, finding.note)))
        yield OpenItem(ItemKind.FINDING, finding.number, f"{text} 未通知车主")


def _changes_of_car(state: State) -> Iterator[OpenItem]:
    for one in state.substitutions.open.values():
        if one.number not in state.substitutions.confirmed:
            yield OpenItem(ItemKind.CHANGE_OF_CAR, one.number, f"{one.own_plate} 换 {one.plate} 待班长确认")


COLLECTORS: tuple[Callable[[State], Iterator[OpenItem]], ...] = (
    _held_cars,
    _alerts,
    _cash,
    _unpaid,
    _logbook,
    _cards_out,
    _findings,
    _changes_of_car,
)
