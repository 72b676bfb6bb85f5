"""What drivers read and hear at a lane, told as they come, wait, pay, go, and are sent away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from daemon.core.billboard import HELD_WORDS, REFUSED_FOR, Says, free_bays, says
from daemon.core.facts import AccessRefused
from daemon.core.hold_open import HoldOpen, LockLane
from daemon.core.lot import Recount
from daemon.core.money import TakePayment, WaiveCharge
from daemon.core.reasons import REASON_WORDS, Reason
from daemon.core.signals import FireInput, FireReported
from daemon.core.special import ListWatched
from daemon.core.state import SiteRules
from tests.core.rig import GUARD, LEADER, GateRig, entry, exit_, permit
from tests.desk.till_rig import CAR, HOURLY, TollGate, waits_unpaid

CARD, PLATE = "62E3086CED", "粤B12345"
OTHER_CARD, OTHER_PLATE = "01026F6C3A", "粤BD1234"
BAYS = MappingProxyType({"permit": 2, "temporary": 1})


class Signed(GateRig):
    """A gate whose signs are read."""

    def read(self, lane: str = "entry-1", refused: AccessRefused | None = None) -> Says:
        return says(self.engine.state, lane, self.now, refused)

    @property
    def lines(self) -> tuple[str, ...]:
        return self.read().lines


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Signed]:
    ends = datetime(2026, 6, 4, 16, tzinfo=UTC)  # midnight after the 4th in China
    permits = [permit("P1", CARD, PLATE, valid_until=ends), permit("P2", OTHER_CARD, "粤BD12345")]
    gate = Signed(tmp_path, [entry(), exit_()], permits, SiteRules(bays=BAYS))
    yield gate
    gate.finish()


@pytest.mark.rule("R36")
def test_nobody_there_the_free_bays_are_shown_and_change_with_each_car(gate: Signed) -> None:
    assert gate.lines == ("固定车位余2", "临时车位余1")
    assert free_bays(gate.engine.state) == 3
    gate.comes_and_goes(OTHER_CARD, "粤BD12345", "entry-1")
    assert gate.lines == ("固定车位余1", "临时车位余1")
    gate.ask(GUARD, Recount(of="temporary", count=1, reason="巡场清点"))
    assert gate.lines == ("固定车位余1", "临时车位已满")
    assert gate.read("exit-1").lines == ("出口", "请减速慢行")


def test_a_site_that_counts_no_bays_shows_none(tmp_path: Path) -> None:
    gate = Signed(tmp_path, [entry()])
    assert gate.lines == ("入口", "请减速慢行")
    assert free_bays(gate.engine.state) is None
    gate.finish()


@pytest.mark.rule("R07")
def test_a_resident_is_asked_for_the_card_welcomed_and_told_when_the_permit_ends(gate: Signed) -> None:
    gate.car_arrives()
    gate.plate(PLATE)
    assert gate.lines == ("请刷卡", PLATE)
    gate.card(CARD)
    assert gate.read() == Says(("欢迎光临", "通行证3天后到期"), "欢迎光临")


@pytest.mark.rule("R07")
@pytest.mark.parametrize(
    ("hours", "notice"), [(0, "通行证3天后到期"), (24 * 2, "通行证1天后到期"), (24 * 3, "通行证今天到期")]
)
def test_how_long_a_permit_still_holds_is_told_in_days_of_the_site(
    gate: Signed, hours: int, notice: str
) -> None:
    gate.time(timedelta(hours=hours).total_seconds())
    gate.car_arrives()
    gate.plate(PLATE)
    gate.card(CARD)
    assert gate.lines[1] == notice


@pytest.mark.rule("R07")
def test_an_expired_permit_is_never_silent(gate: Signed) -> None:
    gate.time(timedelta(days=5).total_seconds())
    gate.car_arrives()
    gate.plate(PLATE)
    gate.card(CARD)
    assert gate.read() == Says(("通行证已过期", "请等待门岗"), "请稍候")


@pytest.mark.rule("R02")
def test_a_card_of_another_car_is_told_so(gate: Signed) -> None:
    gate.car_arrives()
    gate.plate(PLATE)
    gate.card(OTHER_CARD)
    assert gate.lines == ("卡与车不符", "请等待门岗")


@pytest.mark.rule("R08")
def test_a_sign_does_not_tell_a_wanted_driver_that_he_is(gate: Signed) -> None:
    gate.ask(LEADER, ListWatched(sign="plate", value="粤B66666", why="失窃", what_to_do="报警"))
    gate.car_arrives()
    gate.plate("粤B66666")
    held = gate.lane("entry-1").passage
    assert held is not None
    assert held.reason is Reason.WATCH_LISTED
    assert gate.lines == ("请等待门岗",)


def test_who_is_sent_away_reads_why_for_a_moment(gate: Signed) -> None:
    gate.car_arrives()
    refused = AccessRefused(at=gate.now, lane="entry-1", passage="X1", reason=Reason.LANE_NOT_ALLOWED)
    assert gate.read(refused=refused).lines[0] != "谢绝驶入"  # while the next car is dealt with
    gate.car_backs_off()
    gate.time(4)
    refused = replace(refused, at=gate.now)
    assert gate.read(refused=refused).lines == ("谢绝驶入", "不得走此车道")
    assert gate.read(refused=replace(refused, reason=Reason.WATCH_LISTED)).lines == ("谢绝驶入",)
    gate.time(REFUSED_FOR.total_seconds())
    assert gate.read(refused=refused).lines == ("固定车位余2", "临时车位余1")


@pytest.mark.rule("R32")
@pytest.mark.rule("R27")
def test_a_lane_that_is_open_closed_or_burning_says_so(gate: Signed) -> None:
    until = gate.now.wall + timedelta(hours=1)
    gate.ask(LEADER, HoldOpen(lane="entry-1", until=until, reason="婚车"))
    assert gate.lines == ("车道常开", "请减速慢行")
    gate.ask(LEADER, LockLane(lane="exit-1", reason="施工"))
    assert gate.read("exit-1").lines == ("车道关闭", "请走其他车道")
    gate.send(FireReported(at=gate.now, input=FireInput.ALARM))
    assert gate.lines == ("火警", "禁止驶入")
    assert gate.read("exit-1") == Says(("火警", "请迅速离开"), "火警")


@pytest.mark.rule("R16")
def test_at_the_exit_the_fee_is_told_and_then_the_way_is_free(tmp_path: Path) -> None:
    gate = TollGate(tmp_path, tariff=HOURLY)

    def read() -> Says:
        return says(gate.engine.state, "exit-1", gate.now)

    waits_unpaid(gate)
    assert read() == Says((CAR, "请缴费15.00元"), "请缴费,15,元")
    gate.ask(GUARD, TakePayment(plate=CAR, fen=550))
    assert read().lines == (CAR, "请缴费9.50元")
    gate.ask(LEADER, WaiveCharge(plate=CAR, reason="业主投诉"))
    assert read() == Says(("一路顺风", CAR), "一路顺风")
    gate.leaves()
    assert read().lines == ("出口", "请减速慢行")
    gate.finish()


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words_that_fit_a_line(reason: Reason) -> None:
    said = HELD_WORDS.get(reason) or Says((REASON_WORDS[reason].zh,))
    assert all(len(line.encode("gbk")) <= 32 for line in said.lines), said
