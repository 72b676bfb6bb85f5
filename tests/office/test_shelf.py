"""An office that kept files of JSON lines goes on in its books, and nothing of it is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.mqtt.messages import FactMessage
from daemon.office import shelf
from daemon.office.database import Place
from daemon.office.ledgers import Ledger
from tests.mqtt.rig import MemoryLedger
from tests.office.rig import kept, opened, told


def lines_of(facts: list[FactMessage]) -> bytes:
    """As the office before this one wrote them."""
    entries = ({"trouble": None, "fact": fact.model_dump(mode="json")} for fact in facts)
    return b"".join(json.dumps(entry, ensure_ascii=False).encode() + b"\n" for entry in entries)


def test_the_files_are_taken_in_once_and_kept_beside(place: Place) -> None:
    ledgers = {"east": MemoryLedger(2500), "west": MemoryLedger(3)}
    place.folder.mkdir(parents=True)
    for gate, ledger in ledgers.items():
        file = place.folder / f"{gate}.jsonl"
        file.write_bytes(lines_of(told(ledger, gate=gate, name=None)))
    with opened(place) as books:
        assert shelf.take_in(place.folder, books) == 2503
        assert shelf.take_in(place.folder, books) == 0
        assert books.held() == {Ledger("east", ""): 2500, Ledger("west", ""): 3}
        # and the gate goes on where it was, under the name that its ledger has got since
        ledger = ledgers["east"]
        ledger.add()
        assert books.take(told(ledger, 2501)).held == {Ledger("east", "a" * 16): 2501}
    assert sorted(path.name for path in place.folder.glob("*.in-the-books")) == [
        "east.jsonl.in-the-books",
        "west.jsonl.in-the-books",
    ]


@pytest.mark.parametrize("lost", [1, 2, 50, 200])
def test_a_torn_end_is_left_to_the_gate_to_tell_again(tmp_path: Path, lost: int) -> None:
    place, ledger = Place(folder=tmp_path), MemoryLedger(3)
    whole = lines_of(told(ledger, name=None))
    (tmp_path / "east.jsonl").write_bytes(whole[:-lost])
    with opened(place) as books:
        shelf.take_in(tmp_path, books)
        assert books.held() == {Ledger("east", ""): 2}
        assert books.take(told(ledger, name=None)).held == {Ledger("east", ""): 3}
    assert kept(place) == [(row.seq, row.hash) for row in ledger.all]


def test_taking_in_that_was_cut_short_goes_on(tmp_path: Path) -> None:
    place, ledger = Place(folder=tmp_path), MemoryLedger(10)
    (tmp_path / "east.jsonl").write_bytes(lines_of(told(ledger, name=None)))
    with opened(place) as books:
        books.take(told(ledger, 1, 4, name=None))
    with opened(place) as books:
        assert shelf.take_in(tmp_path, books) == 6
    assert kept(place) == [(row.seq, row.hash) for row in ledger.all]


def test_a_file_that_speaks_for_another_gate_is_not_believed(tmp_path: Path) -> None:
    place = Place(folder=tmp_path)
    (tmp_path / "west.jsonl").write_bytes(lines_of(told(MemoryLedger(3))))
    with opened(place) as books:
        assert shelf.take_in(tmp_path, books) == 0
        assert books.held() == {}
