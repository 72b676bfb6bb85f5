"""Plates and cards as people and lists write them, and readers that send only a part of a number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.core.card_numbers import Presentation, shown_as
from daemon.core.facts import CardPresented, CarHeld, StayClosed
from daemon.core.findings import RegisterDamage
from daemon.core.goods import IssueSlip, SlipUsed, UseSlip
from daemon.core.lot import EndStay
from daemon.core.money import QuoteStay, ReceiptIssued, TakePayment
from daemon.core.reasons import Reason
from daemon.core.special import ClassifyCar, ListWatched, UnlistWatched
from daemon.core.visits import AnnounceVisit, RegisterResident
from tests.core.rig import GUARD, LEADER, OFFICE, GateRig, entry, permit
from tests.desk.till_rig import TollGate

CAR = "粤B77777"
WRITTEN = ["粤b77777", "粤B·77777", "粤Ｂ７７７７７", " 粤B 77777 ", "粤B-77777", "粤B.77777"]
CARD = "62E3086CED"
AS_ON_THE_CARD = [
    ("3808980205", Presentation.D10),
    ("00552173", Presentation.D8),
    ("008,27885", Presentation.WIEGAND),
    ("58120,27885", Presentation.D5D5),
    ("62e3086ced", Presentation.HEX),
]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TollGate]:
    gate = TollGate(tmp_path)
    gate.comes_in(CAR)
    gate.stays(hours=1)
    yield gate
    gate.finish()


@pytest.mark.rule("R21")
@pytest.mark.parametrize("written", WRITTEN)
def test_whoever_types_a_plate_means_the_car_however_it_is_written(gate: TollGate, written: str) -> None:
    """Given lower case, a dot, full width, spaces or a dash: money, slips, lists and visits find the car."""
    later = gate.now.wall + timedelta(hours=4)
    gate.ask(GUARD, QuoteStay(plate=written))
    gate.ask(GUARD, TakePayment(plate=written, fen=1000))
    assert gate.last(ReceiptIssued).plate == CAR

    gate.ask(
        OFFICE, IssueSlip(number="F-1", household="1-101", items="沙发", plate=written, valid_until=later)
    )
    gate.ask(GUARD, UseSlip(number="F-1", plate=CAR))
    assert gate.last(SlipUsed).plate == CAR

    gate.ask(OFFICE, ClassifyCar(plate=written, car_class="large"))
    gate.ask(OFFICE, RegisterResident(unit="3-1201", name="张三"))
    whom = AnnounceVisit(unit="3-1201", name="张三", visitor="赵六", plate=written, valid_until=later)
    gate.ask(OFFICE, whom)
    state = gate.engine.state
    assert CAR in state.special.classed
    assert state.visits.expects(CAR, gate.now) is not None

    gate.ask(LEADER, EndStay(plate=written, reason="夜间清点不在"))
    assert gate.last(StayClosed).note == "夜间清点不在"


@pytest.mark.rule("R14")
def test_the_number_of_a_car_without_plates_is_left_as_it_is(gate: TollGate) -> None:
    """Given a pass 无牌-2, whoever asks for it by that name means it."""
    gate.car_arrives("entry-1")
    gate.guard("open", "entry-1", reason="无牌三轮车")
    gate.drives_through("entry-1")
    (number,) = gate.inside - {CAR}
    gate.stays(minutes=61)
    gate.ask(GUARD, QuoteStay(plate=number))
    gate.ask(GUARD, TakePayment(plate=number, fen=1000))
    assert gate.last(ReceiptIssued).plate == number
    gate.ask(GUARD, RegisterDamage(plate=number, what="前杠", picture="a.jpg", driver="acknowledged"))
    gate.ask(LEADER, EndStay(plate=number, reason="已离场"))
    assert number not in gate.inside


@pytest.mark.rule("R08")
@pytest.mark.parametrize(("written", "presentation"), AS_ON_THE_CARD)
def test_a_lost_card_is_watched_for_by_the_number_that_is_printed_on_it(
    tmp_path: Path, written: str, presentation: Presentation
) -> None:
    """Given only the printed number is known, the card is held at the reader that sends all of it."""
    gate = GateRig(tmp_path / "gate", [entry()], [permit("王", CARD, "粤B12345")])
    watch = ListWatched(sign="card", value=written, written_as=presentation, why="丢失", what_to_do="收回")
    gate.ask(OFFICE, watch)
    gate.car_arrives()
    gate.card(CARD)
    assert gate.last(CarHeld).reason is Reason.WATCH_LISTED
    gate.ask(OFFICE, UnlistWatched(sign="card", value=written, written_as=presentation, reason="找到了"))
    assert not gate.engine.state.special.watched
    gate.finish()


def test_a_card_that_is_not_written_as_is_said_is_refused(gate: TollGate) -> None:
    watch = ListWatched(sign="card", value="62E3", written_as=Presentation.D10, why="丢失", what_to_do="收回")
    assert gate.why_not(OFFICE, watch) is Reason.CARD_NUMBER_WRONG


@pytest.mark.rule("R02")
@pytest.mark.parametrize("read", [CARD, CARD[-8:], CARD[-6:]])
@pytest.mark.parametrize("listed", [CARD, CARD[-8:], CARD[-6:]])
def test_a_reader_that_sends_a_part_of_the_number_opens_for_the_one_card_that_it_fits(
    tmp_path: Path, read: str, listed: str
) -> None:
    """Given a list and a reader of 40, 32 or 24 bits each: the card is that of the list."""
    gate = GateRig(tmp_path / "gate", [entry(mode="card_only")], [permit("王", listed, "粤B12345")])
    gate.car_arrives()
    gate.card(read)
    shown = gate.last(CardPresented)
    assert (shown.card, shown.permit_id) == (listed, "王")
    assert gate.orders_of() == ["raise"]
    gate.finish()


@pytest.mark.rule("R02")
def test_a_part_that_fits_two_cards_is_neither(tmp_path: Path) -> None:
    """Given 24 bits are read and two cards of the list end in them: the car is the guard's."""
    twins = [permit("王", "62E3086CED", "粤B12345"), permit("刘", "17E3086CED", "粤B67890")]
    gate = GateRig(tmp_path / "gate", [entry()], twins)
    gate.car_arrives()
    gate.plate("粤B12345")
    gate.card("086CED")
    assert gate.last(CarHeld).reason is Reason.CARD_UNKNOWN
    assert gate.orders == []
    gate.finish()


def test_a_number_of_no_length_that_a_card_has_stays_as_it_was_read() -> None:
    assert shown_as("FF", ({"11223344FF": 1},)) == "FF"
    assert shown_as("1122334455", ({"99": 1},)) == "1122334455"
