"""Reports are sums of the ledger: they agree with the receipts and the drawers, and say what is uncertain."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.cli import main
from daemon.core.facts import PassageClosed
from daemon.core.hold_open import HoldOpen
from daemon.core.money import (
    ConfirmPayment,
    PaymentTaken,
    ReceiptIssued,
    ReceiptVoided,
    TakePayment,
    VoidReceipt,
    WaiveCharge,
)
from daemon.core.shifts import SignOn, StandIn
from daemon.core.tariff.words import yuan
from daemon.core.till import takings_by_shift
from daemon.runtime.clock import ManualClock
from tests.core.rig import GUARD, OFFICE
from tests.desk.till_rig import CAR, LEADER, SUPERVISOR, TollGate, waits_unpaid

CONFIG = """\
site: {id: garden, name: 花园, timezone: Asia/Shanghai}
gate: {id: east, name: 东门}
lanes:
  - id: exit-1
    name: 出口
    direction: exit
    mode: plate_only
    camera: {driver: simulated}
    barrier: {driver: simulated}
    loops: {safety: {driver: simulated, loop: safety}}
"""

OTHER = "粤B88888"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TollGate]:
    """The gate's clock begins on 1 June 2026 at 16:00 of the site."""
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    gate = TollGate(tmp_path / "var")
    gate.ask(GUARD, SignOn())
    yield gate
    gate.finish()


class Reader:
    """A person with a spreadsheet, while the gate runs."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.config = str(folder / "config.yaml")
        self.capsys = capsys
        self.warned = ""

    def rows(self, *words: str) -> list[dict[str, str]]:
        assert main(["report", *words, "--csv", "-", "-c", self.config]) == 0
        said = self.capsys.readouterr()
        self.warned = said.err
        assert said.out.startswith("\ufeff")
        return list(csv.DictReader(io.StringIO(said.out[1:])))

    def table(self, *words: str) -> str:
        assert main(["report", *words, "-c", self.config]) == 0
        return self.capsys.readouterr().out


@pytest.fixture
def reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Reader:
    return Reader(tmp_path, capsys)


def added(rows: list[dict[str, str]], key: str) -> str:
    return yuan(sum(round(float(row[key]) * 100) for row in rows))


def a_day_of_money(gate: TollGate) -> None:
    """15 yuan in cash and in error voided by the next shift, the same by QR, and a car let off."""
    told = waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    gate.ask(LEADER, StandIn(reason="换岗"))
    gate.ask(SUPERVISOR, VoidReceipt(number=1, reason="开错"))
    gate.ask(OFFICE, ConfirmPayment(charge=told.charge, reference="wx-1", fen=1500))
    gate.leaves()
    gate.stays(hours=24)
    waits_unpaid(gate, plate=OTHER)
    gate.ask(LEADER, WaiveCharge(plate=OTHER, reason="搬家"))
    gate.leaves()


@pytest.mark.rule("R40")
@pytest.mark.parametrize("by", ["hour", "day", "month", "shift"])
def test_takings_equal_the_receipts_however_they_are_divided(gate: TollGate, reader: Reader, by: str) -> None:
    a_day_of_money(gate)
    rows = reader.rows("takings", "--by", by)
    receipts = sum(fact.fen for fact in gate.all(ReceiptIssued))
    voids = sum(fact.fen for fact in gate.all(ReceiptVoided))
    assert (receipts, voids) == (3000, 1500)
    assert receipts == sum(fact.fen for fact in gate.all(PaymentTaken))
    assert added(rows, "received_yuan") == yuan(receipts)
    assert added(rows, "voided_yuan") == yuan(voids)
    assert added(rows, "net_yuan") == yuan(receipts - voids)
    assert (added(rows, "cash_yuan"), added(rows, "qr_yuan")) == ("0.00", "15.00")
    assert (added(rows, "waived_yuan"), sum(int(row["waivers"]) for row in rows)) == ("15.00", 1)


@pytest.mark.rule("R40")
def test_takings_by_shift_are_those_of_the_drawers(gate: TollGate, reader: Reader) -> None:
    a_day_of_money(gate)
    drawers = takings_by_shift(fact for _, fact in gate.store.facts())
    rows = reader.rows("takings", "--by", "shift")
    assert [row["period"].split()[0] for row in rows] == ["1", "2"]
    for row, shift in zip(rows, (1, 2), strict=True):
        assert row["period"].endswith(drawers[shift].guard)
        assert row["cash_yuan"] == yuan(drawers[shift].cash)
        assert row["qr_yuan"] == yuan(drawers[shift].qr)


@pytest.mark.rule("R40")
def test_a_day_is_one_of_the_site_and_not_of_greenwich(gate: TollGate, reader: Reader) -> None:
    gate.stays(hours=7.9)
    gate.comes_in(CAR)  # 23:54 of the site
    gate.stays(hours=1)
    gate.comes_in(OTHER)  # 00:54
    assert [(row["period"], row["came_in"]) for row in reader.rows("stays")] == [
        ("2026-06-01", "1"),
        ("2026-06-02", "1"),
    ]
    (second,) = reader.rows("stays", "--from", "2026-06-02", "--to", "2026-06-02")
    assert (second["came_in"], second["still_in"]) == ("1", "2"), "one has been inside since the day before"
    (first,) = reader.rows("stays", "--to", "2026-06-01")
    assert (first["came_in"], first["still_in"]) == ("1", "1")


@pytest.mark.rule("R40")
def test_stays_tell_how_long_cars_stay(gate: TollGate, reader: Reader) -> None:
    a_day_of_money(gate)
    rows = reader.rows("stays", "--by", "month")
    assert [(row["came_in"], row["left"], row["still_in"]) for row in rows] == [("2", "2", "0")]
    assert 120 <= int(rows[0]["mean_minutes"]) < 125


@pytest.mark.rule("R40")
def test_flow_counts_each_passage_of_each_lane_in_its_hour(gate: TollGate, reader: Reader) -> None:
    a_day_of_money(gate)
    rows = reader.rows("flow")
    assert sum(int(row["passages"]) for row in rows) == len(gate.all(PassageClosed))
    assert [(row["period"], row["lane"], row["passed"]) for row in rows][:2] == [
        ("2026-06-01 16:00", "entry-1", "1"),
        ("2026-06-01 18:00", "exit-1", "1"),
    ]


@pytest.mark.rule("R40")
def test_manual_opens_say_who_and_why_and_a_held_lane_is_one(gate: TollGate, reader: Reader) -> None:
    gate.guard("open", "entry-1", reason="=搬家车队")
    gate.drives_through("entry-1")
    gate.time(10)
    until = gate.clock.wall + timedelta(hours=1)
    gate.ask(LEADER, HoldOpen(lane="entry-1", until=until, reason="婚车"))
    for plate in (CAR, OTHER):
        gate.car_arrives("entry-1")
        gate.plate(plate, "entry-1")
        gate.drives_through("entry-1")
    rows = reader.rows("manual")
    assert {(row["who"], row["role"], row["why"], row["opens"]) for row in rows} == {
        (GUARD.name, "guard", "'=搬家车队", "1"),
        (LEADER.name, "leader", "婚车", "1"),
    }, "and what a guard has typed is no formula"
    gate.guard("open", "entry-1", reason="两\n行\x1b[2J")
    assert "两 行 [2J" in reader.table("manual")


@pytest.mark.rule("R40")
def test_faults_and_alerts_of_devices(gate: TollGate, reader: Reader) -> None:
    gate.loses("exit-1.camera", "exit-1", role="camera")
    gate.time(600)
    gate.finds("exit-1.camera", "exit-1", role="camera")
    (fault,) = reader.rows("faults")
    assert (fault["device"], fault["failures"], fault["recoveries"]) == ("exit-1.camera", "1", "1")
    assert fault["minutes_away"] == "10"
    (alert,) = [row for row in reader.rows("alerts") if row["alert"] == "device_failed"]
    assert (alert["raised"], alert["over"], alert["closed_by_person"]) == ("1", "1", "0")


@pytest.mark.rule("R40")
def test_what_a_wrong_clock_wrote_is_dated_by_the_right_one_and_said(gate: TollGate, reader: Reader) -> None:
    """Given a gate that starts without a clock, and hears the time two hours later."""
    gate.set_wall(datetime(2000, 1, 1, tzinfo=UTC), trusted=False)
    gate.reboot()
    gate.comes_in(CAR)
    gate.stays(hours=2)
    right = ManualClock().wall + timedelta(days=1)
    gate.set_wall(right, trusted=True)
    gate.comes_in(OTHER)
    rows = reader.rows("stays", "--by", "hour", "--from", "2026-06-02", "--to", "2026-06-02")
    assert [(row["period"], row["came_in"], row["clock_untrusted"]) for row in rows] == [
        ("2026-06-02 13:00", "1", "1"),
        ("2026-06-02 16:00", "1", "0"),
    ]
    assert "1 条记录时钟未校准" in reader.warned


@pytest.mark.rule("R40")
def test_money_taken_without_any_clock_is_not_left_out(gate: TollGate, reader: Reader) -> None:
    gate.set_wall(datetime(2000, 1, 1, tzinfo=UTC), trusted=False)
    gate.reboot()
    waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    (row,) = reader.rows("takings", "--from", "2026-06-01", "--to", "2026-06-01")
    assert (row["received_yuan"], row["clock_untrusted"]) == ("15.00", "1")


@pytest.mark.rule("R40")
def test_the_table_has_chinese_heads_english_beside_and_sums(gate: TollGate, reader: Reader) -> None:
    a_day_of_money(gate)
    lines = reader.table("takings").splitlines()
    assert lines[0] == "花园 东门: 收费 / takings"
    assert lines[1].split()[:2] == ["时段", "收据"]
    assert lines[2].split()[:2] == ["period", "receipts"]
    assert lines[-1].startswith("合计 total")
    assert "30.00" in lines[-1]
    assert "没有记录" in reader.table("takings", "--to", "2020-01-01")


@pytest.mark.rule("R40")
def test_it_is_the_same_report_once_the_gate_has_stopped(tmp_path: Path, reader: Reader) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    gate = TollGate(tmp_path / "var")
    a_day_of_money(gate)
    while_it_runs = reader.rows("takings", "--by", "month")
    gate.finish()
    assert while_it_runs
    assert reader.rows("takings", "--by", "month") == while_it_runs


def test_a_file_for_excel(gate: TollGate, reader: Reader, tmp_path: Path) -> None:
    a_day_of_money(gate)
    target = tmp_path / "takings.csv"
    assert main(["report", "takings", "--csv", str(target), "-c", reader.config]) == 0
    assert target.read_bytes().startswith(b"\xef\xbb\xbfperiod,receipts,")
    nowhere = tmp_path / "none" / "takings.csv"
    assert main(["report", "takings", "--csv", str(nowhere), "-c", reader.config]) == 1
    assert str(nowhere) in reader.capsys.readouterr().err


def test_what_cannot_be_is_said(tmp_path: Path, reader: Reader) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    assert main(["report", "flow", "-c", reader.config]) == 1, "no gate has run here"
    assert "还没有账本" in reader.capsys.readouterr().err
    wrong = ["--from", "2026-06-02", "--to", "2026-06-01"]
    assert main(["report", "flow", *wrong, "-c", reader.config]) == 2
