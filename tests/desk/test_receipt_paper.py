"""What a receipt looks like on 80 and on 58 mm paper: every letter of it, as a customer gets it in hand.

The papers are in tests/desk/papers; `GOLDEN=write` writes them anew, to be read before they are kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.money import RateStay, TakePayment, TopUp, VoidReceipt
from daemon.core.receipt_paper import Letterhead, PaperLine, Receipt, Row, on_paper, rows, width
from daemon.core.state import CHINA
from tests.core.rig import GUARD, OFFICE
from tests.desk.till_rig import CAR, SUPERVISOR, TollGate, waits_unpaid

PAPERS = Path(__file__).with_name("papers")
HEAD = Letterhead(site="香蜜湖花园", complaints="0755-12345", zone=CHINA)
WIDTHS = (48, 32)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TollGate]:
    gate = TollGate(tmp_path)
    yield gate
    gate.finish()


def receipt(gate: TollGate, number: int = 1) -> Receipt:
    found = gate.store.receipt(number)
    assert found is not None
    return found


def shown(lines: tuple[PaperLine, ...]) -> str:
    """Big lines with a mark before them, spaces at the end and all."""
    return "".join(f"{'#' if line.is_big else '|'}{line.text}\n" for line in lines)


def is_golden(name: str, one: Receipt, copy: int = 0, head: Letterhead = HEAD) -> None:
    for columns in WIDTHS:
        lines = on_paper(rows(one, head, copy), columns)
        assert all(width(line.text) * (2 if line.is_big else 1) <= columns for line in lines)
        path = PAPERS / f"{name}-{columns}.txt"
        if os.environ.get("GOLDEN") == "write":
            path.write_text(shown(lines), encoding="utf-8")
        assert shown(lines) == path.read_text(encoding="utf-8"), path


@pytest.mark.rule("R17")
def test_a_visitor_who_pays_cash_gets_the_price_line_by_line(gate: TollGate) -> None:
    waits_unpaid(gate, hours=26)
    gate.ask(GUARD, RateStay(plate=CAR, claim="hour", reason="商户小票"))
    due = gate.account(CAR).due_fen
    gate.ask(GUARD, TakePayment(plate=CAR, fen=due))
    is_golden("cash", receipt(gate))


@pytest.mark.rule("R17")
def test_a_copy_says_that_it_is_one_and_a_void_that_it_is_void(gate: TollGate) -> None:
    waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    gate.ask(SUPERVISOR, VoidReceipt(number=1, reason="车牌记错"))
    is_golden("void-copy", receipt(gate), copy=2)


@pytest.mark.rule("R17")
def test_money_in_advance_has_no_price_to_show(gate: TollGate) -> None:
    gate.ask(OFFICE, TopUp(plate=CAR, fen=5000, means="transfer", reference="TX-20260301-0007"))
    is_golden("in-advance", receipt(gate))


@pytest.mark.rule("R43")
def test_what_is_not_known_is_said_to_be_unknown(gate: TollGate) -> None:
    """Given a gate whose clock was wrong all the time, and a site with the longest of names."""
    gate.set_wall(gate.now.wall - timedelta(days=18_000), trusted=False)
    gate.reboot()
    waits_unpaid(gate)
    due = gate.account(CAR).due_fen
    gate.ask(GUARD, TakePayment(plate=CAR, fen=due))
    head = replace(HEAD, site="深圳市福田区香蜜湖街道水榭花都二期住宅小区", complaints="")
    is_golden("clock-unknown", receipt(gate), head=head)


@pytest.mark.rule("R17")
def test_a_receipt_says_what_the_money_was_for_where_it_was_for_more(gate: TollGate) -> None:
    """Given a car that left without paying and comes back: what it owed from before is a line of its own."""
    waits_unpaid(gate)
    gate.guard("open", "exit-1", reason="司机说没带钱")
    gate.leaves()
    told = waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=told.due_fen + told.arrears_fen))
    said = {row.left: row.right for row in rows(receipt(gate), HEAD)}
    assert (said["本次停车"], said["补缴以前欠费"], said["实收"]) == ("5.00元", "15.00元", "20.00元")


TEXTS = st.text(st.sampled_from("粤B1 2车x元-"), max_size=70)
LOOKS = st.sampled_from(["plain", "title", "mark", "heading", "total", "note", "rule"])


@given(st.builds(Row, TEXTS, TEXTS, LOOKS), st.sampled_from(WIDTHS))
def test_whatever_is_said_fits_the_roll_and_nothing_but_spaces_is_lost(row: Row, columns: int) -> None:
    lines = on_paper([row], columns)
    assert all(width(line.text) * (2 if line.is_big else 1) <= columns for line in lines)
    if row.look != "rule":
        has_right = row.look in ("plain", "total")
        said = row.left + (row.right if has_right else "")
        assert "".join(line.text for line in lines).replace(" ", "") == said.replace(" ", "")


def test_a_reason_of_many_words_is_broken_and_nothing_of_it_is_lost(gate: TollGate) -> None:
    waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    why = "司机把邻车的票当成自己的，" * 9
    gate.ask(SUPERVISOR, VoidReceipt(number=1, reason=why))
    lines = on_paper(rows(receipt(gate), HEAD), 32)
    assert why in "".join(line.text.strip() for line in lines)
    assert max(width(line.text) for line in lines) <= 32
