"""What the gate keeps in mind of money stays small, and nothing that is owed is ever forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.cli import main
from daemon.config.tariffs import EXAMPLES
from daemon.core.accounts import KEPT, KEPT_RECEIPTS, Money, evolve
from daemon.core.charges import past_stays
from daemon.core.facts import Fact, StayClosed, StayOpened
from daemon.core.money import ArrearsLeft, PaymentTaken
from daemon.core.signals import Instant
from daemon.runtime.clock import SystemClock
from daemon.store import Store
from tests.core.rig import GUARD


def at(minute: int) -> Instant:
    since = timedelta(minutes=minute)
    return Instant(boot="b", mono=since, wall=datetime(2026, 6, 1, tzinfo=UTC) + since, trusted=True)


def visit(number: int, plate: str, *, owes: int = 0) -> list[Fact]:
    stay_id = f"S{number:07d}"
    left: list[Fact] = [
        StayOpened(at=at(number), lane="entry-1", stay_id=stay_id, stay_kind="temporary", plate=plate)
    ]
    if owes:
        left.append(ArrearsLeft(at=at(number + 90), stay_id=stay_id, plate=plate, fen=owes, by=GUARD))
    return [*left, StayClosed(at=at(number + 90), lane="exit-1", stay_id=stay_id, how="exit")]


def after(facts: list[Fact], money: Money | None = None) -> Money:
    money = money or Money()
    for fact in facts:
        money = evolve(money, fact)
    return money


def test_cars_that_left_long_ago_are_forgotten_and_what_they_owe_is_not() -> None:
    facts = visit(1, "粤B00000", owes=1500)
    for number in range(2, KEPT + 2):
        facts += visit(number, f"粤B{number:05d}")
    money = after(facts)
    assert (len(money.accounts), len(money.departed), len(money.departed_of_plate)) == (KEPT, KEPT, KEPT)
    assert "S0000001" not in money.accounts
    assert money.arrears_fen("粤B00000") == 1500


def payment(number: int) -> PaymentTaken:
    return PaymentTaken(
        at=at(number),
        receipt=number,
        means="qr",
        fen=1,
        plate="粤B00000",
        shares=(),
        credit_fen=1,
        reference=f"wx-{number}",
        by=GUARD,
    )


@pytest.mark.rule("R17")
def test_receipts_can_be_found_for_a_long_time_and_their_numbers_never_begin_again() -> None:
    money = after([payment(number) for number in range(1, KEPT_RECEIPTS + 3)])
    assert (len(money.receipts), len(money.references)) == (KEPT_RECEIPTS, KEPT_RECEIPTS)
    assert money.receipts_issued == KEPT_RECEIPTS + 2
    assert "wx-2" not in money.references
    assert money.references["wx-3"] == 3


@pytest.mark.rule("R16")
def test_the_ledger_gives_the_stays_for_trying_another_tariff() -> None:
    (past,) = past_stays([*visit(1, "粤B00001"), visit(2, "粤B00002")[0]])
    assert (past.id, past.plate, past.parked.elapsed) == ("S0000001", "粤B00001", timedelta(minutes=90))


CONFIG = """\
site: {id: garden, name: 花园}
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


@pytest.mark.rule("R16")
def test_a_person_can_read_the_notice_and_try_another_tariff(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    with_stay = Store(tmp_path / "var", ballast_bytes=0)
    with_stay.open()
    now = SystemClock().now().wall
    visited = [
        (entered, lasts) for entered, lasts in ((now - timedelta(days=2), 2), (now - timedelta(days=60), 3))
    ]
    for number, (entered, hours) in enumerate(visited, start=1):
        came = Instant(boot="b", mono=timedelta(minutes=number), wall=entered, trusted=True)
        over = timedelta(hours=hours)
        left = replace(came, mono=came.mono + over, wall=entered + over)
        opened, closed = visit(number, f"粤B{number:05d}")
        with_stay.append([_moved(opened, came), _moved(closed, left)])
    with_stay.close()
    tariff, other = EXAMPLES / "shenzhen-yuanshan.yaml", tmp_path / "other.yaml"
    text = tariff.read_text(encoding="utf-8")
    other.write_text(text.replace("minutes: 180, yuan: 10", "minutes: 60, yuan: 12"), encoding="utf-8")

    assert main(["tariff", "explain", str(tariff)]) == 0
    assert "12345" in capsys.readouterr().out
    assert main(["tariff", "replay", str(tariff), str(other), "-c", str(tmp_path / "config.yaml")]) == 0
    told = capsys.readouterr().out
    assert "stays      1" in told  # the other one is from before this month
    assert "10.00 → 13.00" in told
    assert main(["tariff", "explain", str(tmp_path / "nowhere.yaml")]) == 78


def _moved(fact: Fact, moment: Instant) -> Fact:

    return replace(fact, at=moment)
