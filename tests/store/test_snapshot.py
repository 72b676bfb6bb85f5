"""A snapshot gives back the very state that was put into it, or nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.core.evolve import evolve_all
from daemon.core.facts import FACT_TYPES, Fact
from daemon.core.posted import TariffGiven
from daemon.core.state import LaneRules, SiteRules, State, empty_state
from daemon.core.table import Table
from daemon.core.tariff.book import Book
from daemon.store import file, snapshot
from daemon.store.snapshot import FILE, NoSnapshot, Snapshot
from tests.store.histories import OFFICE, history, instant, values_of

LANES = (
    LaneRules(id="entry-1", name="入口", direction="entry", mode="card_and_plate"),
    LaneRules(id="exit-1", name="出口", direction="exit", mode="card_only"),
)
EMPTY = empty_state(LANES)
LIVED = evolve_all(EMPTY, history(400))
SEAL = "ab" * 32


def orders(value: Any) -> Iterator[list[str]]:
    """In which order every table gives its rows: a replay is exact, and so is this."""
    if isinstance(value, Table):
        yield list(value)
    elif hasattr(value, "__dataclass_fields__"):
        for field in fields(value):
            yield from orders(getattr(value, field.name))


def facts_of(data: st.DataObject, kind: type[Fact]) -> list[Fact]:
    """Anything that such a fact can say, at moments that a clock can give."""
    drawn = data.draw(st.lists(values_of(kind), min_size=1, max_size=4))
    return [replace(fact, at=instant(1000 + number)) for number, fact in enumerate(drawn)]


def there_and_back(folder: Path, state: State) -> State:
    snapshot.write(folder, Snapshot(7, SEAL, state))
    taken = snapshot.read(folder, EMPTY)
    assert (taken.seq, taken.hash) == (7, SEAL)
    return taken.state


@pytest.mark.parametrize("kind", FACT_TYPES, ids=lambda kind: kind.__name__)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_facts_have_made_of_the_state_it_comes_back(
    tmp_path: Path, kind: type[Fact], data: st.DataObject
) -> None:
    told = facts_of(data, kind)
    at_lanes = [replace(fact, lane="entry-1") for fact in told]
    state = evolve_all(LIVED, [*told, *at_lanes])
    again = there_and_back(tmp_path, state)
    assert again == state
    assert list(orders(again)) == list(orders(state))


@pytest.mark.parametrize("length", [0, 1, 17, 400, 3000])
def test_a_lived_state_comes_back_and_lives_on_alike(tmp_path: Path, length: int) -> None:
    facts = history(length + 500, seed=length)
    state = evolve_all(EMPTY, facts[:length])
    again = there_and_back(tmp_path, state)
    assert evolve_all(again, facts[length:]) == evolve_all(EMPTY, facts)


def test_it_is_for_its_owner_alone_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / f"{FILE}.new-1").write_bytes(b"half of one, from before a power cut")
    before = os.umask(0)
    try:
        snapshot.write(tmp_path, Snapshot(7, SEAL, LIVED))
    finally:
        os.umask(before)
    assert [(path.name, path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == [(FILE, 0o600)]


# ---------------------------------------------------------------- rules


class Silent(LaneRules):
    """Rules that nobody may ask for anything but whose they are."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        if name in LaneRules.__dataclass_fields__ and name != "id":
            raise AssertionError(f"replay asks for the rule {name}")
        return super().__getattribute__(name)


class NoRules:
    gate = "east"
    """Its name, and no other: a snapshot of another gate does not count."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"replay asks for the rule {name}")


@pytest.mark.parametrize("kind", FACT_TYPES, ids=lambda kind: kind.__name__)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_replay_asks_for_no_rule(kind: type[Fact], data: st.DataObject) -> None:
    """Or a snapshot of yesterday would keep yesterday's config.yaml in force."""
    lanes = tuple(Silent(id=rules.id, name="", direction="entry", mode="card_only") for rules in LANES)
    told = facts_of(data, kind)
    at_lanes = [replace(fact, lane="entry-1") for fact in told]
    evolve_all(empty_state(lanes, NoRules()), [*history(60), *told, *at_lanes])  # type: ignore[arg-type]  # on purpose


def test_the_rules_are_those_of_whoever_reads_it(tmp_path: Path) -> None:
    snapshot.write(tmp_path, Snapshot(7, SEAL, LIVED))
    today = tuple(replace(rules, name="新名字", temporary="refuse") for rules in reversed(LANES))
    state = snapshot.read(tmp_path, empty_state(today)).state
    assert [lane.rules for lane in state.lanes.values()] == list(today)
    assert "入口".encode() not in (tmp_path / FILE).read_bytes()


def test_tariffs_that_the_office_has_given_are_in_force_as_after_a_replay(tmp_path: Path) -> None:
    """The last one, read anew; config.yaml's own where there is none that can be read."""

    def book_in(text: str) -> Book | None:
        return None if text == "wrong" else Book(name=text, zone=UTC, versions=(), service="", phone="")

    def given(*texts: str) -> list[TariffGiven]:
        return [
            TariffGiven(at=instant(9), text=text, source="x", name="x", versions=(), by=OFFICE)
            for text in texts
        ]

    today = SiteRules(tariff=book_in("config.yaml"), read_tariff=book_in)
    for texts, holds in ((("one", "two"), "two"), (("one", "wrong"), "config.yaml"), ((), "config.yaml")):
        # given a snapshot that was made where no tariff can be read
        snapshot.write(tmp_path, Snapshot(7, SEAL, evolve_all(EMPTY, given(*texts))))
        state = snapshot.read(tmp_path, empty_state(LANES, today)).state
        assert state.tariff == book_in(holds)
        assert state == evolve_all(empty_state(LANES, today), given(*texts))


# ---------------------------------------------------------------- what does not count


def test_none_is_read_where_none_is(tmp_path: Path) -> None:
    with pytest.raises(NoSnapshot, match="none yet"):
        snapshot.read(tmp_path, EMPTY)


def test_of_other_names_or_other_code_it_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot.write(tmp_path, Snapshot(7, SEAL, LIVED))
    for other in (empty_state(LANES[:1]), empty_state(LANES, SiteRules(gate="west"))):
        with pytest.raises(NoSnapshot, match=r"lanes entry-1, exit-1"):
            snapshot.read(tmp_path, other)
    monkeypatch.setattr(snapshot, "fingerprint", lambda: "another")
    with pytest.raises(NoSnapshot, match="another version"):
        snapshot.read(tmp_path, EMPTY)


@pytest.mark.parametrize("seed", range(4))
def test_of_a_damaged_file_nothing_is_believed(tmp_path: Path, seed: int) -> None:
    snapshot.write(tmp_path, Snapshot(7, SEAL, LIVED))
    path, random = tmp_path / FILE, Random(seed)
    whole = path.read_bytes()
    for _ in range(300):
        damaged = bytearray(whole)
        where = random.randrange(len(whole))
        match random.randrange(4):
            case 0:
                damaged[where] ^= 1 << random.randrange(8)
            case 1:
                del damaged[where:]
            case 2:
                damaged[where : where + 512] = random.randbytes(512)
            case 3:
                damaged[where:where] = damaged[:where] or b"x"
        path.write_bytes(damaged)
        with pytest.raises(NoSnapshot):
            snapshot.read(tmp_path, EMPTY)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rest=st.binary(max_size=300), keep=st.integers(0, 200))
def test_nonsense_under_a_right_checksum_is_nonsense(tmp_path: Path, rest: bytes, keep: int) -> None:
    """No file stops a start: nothing is raised but what it expects. A forged one is found by `revisit`."""
    snapshot.write(tmp_path, Snapshot(7, SEAL, LIVED))
    lines = (tmp_path / FILE).read_bytes().split(b"\n")[1:]
    body = b"\n".join(lines[:keep]) + rest
    (tmp_path / FILE).write_bytes(sha256(body).hexdigest().encode() + b"\n" + body)
    with suppress(NoSnapshot):
        snapshot.read(tmp_path, EMPTY)


# ---------------------------------------------------------------- power cuts


def die_at_line(number: int) -> Callable[[FrameType, str, Any], Any]:
    left = [number]

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in (snapshot.__file__, file.__file__):
            return None
        left[0] -= event == "line"
        if left[0] == 0:
            os._exit(9)
        return trace

    return trace


def written_in_a_child(folder: Path, made: Snapshot, dies_at: int) -> bool:
    child = os.fork()
    if child == 0:
        try:
            sys.settrace(die_at_line(dies_at))
            snapshot.write(folder, made)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_killed_at_any_line_of_writing_the_old_one_or_the_new_one_is_there(tmp_path: Path) -> None:
    old, new = Snapshot(7, SEAL, LIVED), Snapshot(8, SEAL[::-1], evolve_all(LIVED, history(40, seed=2)))
    snapshot.write(tmp_path, old)
    through, dies_at, seen = False, 0, set()
    while not through:
        dies_at += 1
        through = written_in_a_child(tmp_path, new, dies_at)
        taken = snapshot.read(tmp_path, EMPTY)
        assert replace(taken, digest="") in (old, new)
        seen.add(taken.seq)
        snapshot.write(tmp_path, old)
        assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert dies_at > 20
    assert seen == {7, 8}
