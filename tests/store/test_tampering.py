"""Nobody changes the ledger unseen: whatever is done to it, two verifiers that share no code name the row.

Both are given the head that the office holds. In memory a row is what lies in the file, to the byte. What
leaves the rows up to that head as they were is not counted: a row sealed behind it is how a ledger grows, and
only the next head tells who wrote it.
"""

from __future__ import annotations

import ast
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest

from daemon.cli import main
from daemon.store import Store, ledger
from tests.store import second_verifier
from tests.store.conftest import Stores
from tests.store.histories import History, history
from tests.store.second_verifier import DoesNotFit, Row, rows_of

LEDGERS = 8
ROWS = 12
TAMPERINGS = 100_000

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


# ---------------------------------------------------------------- what a hand in the ledger can do


def edit_a_byte(rows: list[Row], random: Random) -> list[Row]:
    """Change, add or take out a byte, flip a bit of the number, fill an empty column or empty a full one."""
    place, column = random.randrange(len(rows)), random.choice(Row._fields)
    old = getattr(rows[place], column)
    if isinstance(old, int):
        new: Any = old ^ (1 << random.randrange(63))
        if any(row.seq == new for row in rows):
            return rows  # SQLite refuses a number that is taken
    elif old is None:
        new = random.choice([b"", b"x", *(found for row in rows if (found := getattr(row, column)))])
    elif column in ("lane", "passage") and random.random() < 0.2:
        new = None
    else:
        at, byte = random.randrange(len(old) + 1), random.randbytes(1)
        new = random.choice(
            [old[:at] + byte + old[at + 1 :], old[:at] + byte + old[at:], old[:at] + old[at + 1 :]]
        )
    return [*rows[:place], rows[place]._replace(**{column: new}), *rows[place + 1 :]]


def swap_a_column(rows: list[Row], random: Random) -> list[Row]:
    one, other = random.sample(range(len(rows)), 2)
    column = random.choice(Row._fields[1:])
    changed = list(rows)
    changed[one] = rows[one]._replace(**{column: getattr(rows[other], column)})
    changed[other] = rows[other]._replace(**{column: getattr(rows[one], column)})
    return changed


def swap(rows: list[Row], random: Random) -> list[Row]:
    one, other = random.sample(range(len(rows)), 2)
    changed = list(rows)
    changed[one], changed[other] = (
        rows[other]._replace(seq=rows[one].seq),
        rows[one]._replace(seq=rows[other].seq),
    )
    return changed


def delete(rows: list[Row], random: Random) -> list[Row]:
    gone = random.sample(range(len(rows)), random.randint(1, min(3, len(rows))))
    return [row for place, row in enumerate(rows) if place not in gone]


def delete_and_close_the_gap(rows: list[Row], random: Random) -> list[Row]:
    return numbered(delete(rows, random))


def insert(rows: list[Row], random: Random) -> list[Row]:
    """A row once more, as it was or sealed to its new place; those behind make room."""
    place = random.randrange(len(rows))
    forged = random.choice(rows)._replace(seq=place + 1)
    if random.random() < 0.5:
        (forged,) = sealed([forged], rows[place - 1].hash if place else b"0" * 64)
    return numbered([*rows[:place], forged, *rows[place:]])


def renumber(rows: list[Row], random: Random) -> list[Row]:
    """All rows from one on get other numbers, far away or close by."""
    place, by = random.randrange(len(rows)), random.choice([1, 2, 1000, 2**40, -(2**40)])
    return [*rows[:place], *(row._replace(seq=row.seq + by) for row in rows[place:])]


def truncate(rows: list[Row], random: Random) -> list[Row]:
    return rows[: random.randrange(len(rows))]


def roll_back(rows: list[Row], random: Random) -> list[Row]:
    """The file of an earlier day, and other things have happened since."""
    older = truncate(rows, random)
    since = random.choices(rows, k=random.randint(0, 4))
    return [*older, *sealed(numbered(since, len(older)), older[-1].hash if older else b"0" * 64)]


def nest(rows: list[Row], random: Random) -> list[Row]:
    """A text that no reader gets to the end of."""
    place = random.randrange(len(rows))
    return [*rows[:place], rows[place]._replace(body=b"[" * 20_000), *rows[place + 1 :]]


BY_HAND = (
    edit_a_byte, swap_a_column, swap, delete, delete_and_close_the_gap, insert, renumber, truncate, roll_back,
    nest,
)  # fmt: skip
OFTEN = (40, 10, 6, 6, 6, 8, 4, 4, 8, 0.2)


def tampered(rows: list[Row], random: Random) -> list[Row]:
    """Rows that do not begin with those given; half of them sealed anew by somebody who knows how."""
    while True:
        (by_hand,) = random.choices(BY_HAND, OFTEN)
        changed = by_hand(rows, random)
        if random.random() < 0.5:
            start = random.choice([0, first_difference(rows, changed)])
            before = changed[start - 1].hash if start else b"0" * 64
            changed = [*changed[:start], *sealed(numbered(changed[start:], start), before)]
        changed.sort(key=lambda row: row.seq)  # as the primary key has them
        if changed[: len(rows)] != rows:
            return changed


def first_difference(rows: list[Row], changed: list[Row]) -> int:
    pairs = enumerate(zip(rows, changed, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(rows), len(changed)))


def numbered(rows: Sequence[Row], after: int = 0) -> list[Row]:
    return [row._replace(seq=seq) for seq, row in enumerate(rows, start=after + 1)]


def sealed(rows: Sequence[Row], before: bytes) -> list[Row]:
    """A chain of its own, from here on."""
    chain = []
    for row in rows:
        text = b"%s\n%d\n%s\n%s" % (before, row.seq, row.kind, row.body)
        chain.append(row._replace(prev=before, hash=(before := sha256(text).hexdigest().encode())))
    return chain


# ---------------------------------------------------------------- what the verifiers say to it


def as_sqlite_gives_them(rows: Sequence[Row]) -> Iterator[ledger.Sealed]:
    """Text where it is text; bytes that are none cannot be read, and that is what SQLite says."""
    for row in rows:
        try:
            seq, *columns = row
            yield (seq, *(None if column is None else column.decode() for column in columns))  # type: ignore[misc]  # seven of them
        except UnicodeDecodeError as broken:
            raise sqlite3.OperationalError(f"Could not decode to UTF-8: {broken}") from broken


def named_by_the_gate(rows: Sequence[Row], head: str) -> int | None:
    misfit = ledger.verify_rows(as_sqlite_gives_them(rows), expected_head=head).misfit
    return None if misfit is None else misfit.seq


def named_by_the_second(rows: Sequence[Row], head: str) -> int | None:
    try:
        second_verifier.verify(rows, head)
    except DoesNotFit as misfit:
        return misfit.seq
    return None


@pytest.mark.rule("R18")
@pytest.mark.parametrize("seed", range(LEDGERS))
def test_of_a_hundred_thousand_tamperings_both_verifiers_name_the_same_row(store: Store, seed: int) -> None:
    # given a ledger as the gate writes it, on any day of its growth, and its head in the office's hands
    store.append(history(ROWS, seed=seed))
    book = list(rows_of(store.path))
    days = [(book[:length], book[length - 1].hash.decode()) for length in range(2, ROWS + 1)]
    for rows, head in days:
        assert named_by_the_gate(rows, head) is None
        assert named_by_the_second(rows, head) is None
    # when somebody lays hands on it, then neither verifier lets it pass, and both point at the same row
    random = Random(seed)
    for number in range(TAMPERINGS // LEDGERS):
        rows, head = random.choice(days)
        changed = tampered(rows, random)
        named = named_by_the_gate(changed, head), named_by_the_second(changed, head)
        assert named[0] is not None, f"the gate's own finds nothing: {number} {changed}"
        assert named[0] == named[1], f"one names another row than the other: {number} {changed}"


# ---------------------------------------------------------------- the same on files


class Office:
    """Somebody outside, who has the head of the ledger, both verifiers and the gate's file."""

    def __init__(self, folder: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "config.yaml").write_text(CONFIG.replace("lanes:", "storage: {folder: data}\nlanes:"))
        self.file = file
        self._config = str(folder / "config.yaml")
        self._capsys = capsys

    def verdicts(self, head: str) -> set[tuple[int, str]]:
        """Exit status and words of each, as far as the number of the row: one element where they agree."""
        gate = main(["ledger", "verify", "-c", self._config, "--head", head]), self._said()
        second = second_verifier.main([str(self.file), head]), self._said()
        return {gate, second}

    def _said(self) -> str:
        return self._capsys.readouterr().out.partition(" 行")[0]


@pytest.fixture
def office(tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path, store.path, capsys)


def misfit_at(office: Office, row: int) -> set[tuple[int, str]]:
    return {(1, f"{office.file}: 第 {row}")}


def put(path: Path, rows: Sequence[Row]) -> None:
    """Have these bytes in the file as its rows, text or not."""
    texts = ", ".join(["?", *["CAST(? AS TEXT)"] * 6])
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("DELETE FROM ledger")
        db.executemany(f"INSERT INTO ledger VALUES ({texts})", rows)  # noqa: S608 - only question marks
        db.commit()


@pytest.mark.rule("R18")
def test_three_hundred_files_that_were_tampered_with(store: Store, office: Office) -> None:
    store.append(history(30))
    store.close()
    rows = list(rows_of(store.path))
    head = rows[-1].hash.decode()
    assert {status for status, _ in office.verdicts(head)} == {0}
    random = Random(18)
    for number in range(300):
        changed = tampered(rows, random)
        put(store.path, changed)
        named = named_by_the_second(changed, head)
        assert named is not None
        assert office.verdicts(head) == misfit_at(office, named), f"tampering {number}"


@pytest.mark.rule("R18")
def test_one_byte_of_the_file_changed_with_an_editor_for_bytes(store: Store, office: Office) -> None:
    store.append(history(30))
    head = store.head()
    store.close()
    whole = store.path.read_bytes()
    random = Random(5)
    for row in list(rows_of(store.path)):
        where = whole.index(row.body[:60]) + random.randrange(60)
        changed = bytearray(whole)
        changed[where] ^= random.randint(1, 127)
        store.path.write_bytes(changed)
        assert office.verdicts(head) == misfit_at(office, row.seq)


@pytest.mark.rule("R18")
def test_a_file_rolled_back_to_an_older_one_and_driven_on_from_there(
    store: Store, stores: Stores, office: Office
) -> None:
    # given a gate that has run on since its file was copied
    decisions = list(History(seed=2).decisions(60))
    for decision in decisions[:8]:
        store.append(decision)
    length = store.last_seq()
    store.close()
    older = store.path.read_bytes()
    store.open()
    for decision in decisions[8:]:
        store.append(decision)
    head = store.head()
    store.close()
    # when the copy is put back, then the rows since are missed
    store.path.write_bytes(older)
    assert office.verdicts(head) == misfit_at(office, length + 1)
    # and when the gate itself seals other rows behind it, as many and more, they are not taken for them
    store.open()
    for decision in History(seed=9).decisions(90):
        store.append([fact for fact in decision if fact.kind.startswith("alert")])  # type: ignore[attr-defined]  # all have one
    length = store.last_seq()
    store.close()
    assert office.verdicts(head) == misfit_at(office, length + 1)


# ---------------------------------------------------------------- whom one has to believe


def test_the_second_verifier_is_short_and_needs_nothing_of_the_gate() -> None:
    source = Path(second_verifier.__file__).read_text(encoding="utf-8")
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                imported.update(alias.name for alias in node.names)
            case ast.ImportFrom():
                imported.add(node.module or "")
    assert len(source.splitlines()) < 150
    assert {name.partition(".")[0] for name in imported} <= set(sys.stdlib_module_names)


def test_the_second_verifier_runs_by_itself(store: Store, tmp_path: Path) -> None:
    store.append(history(20))
    head = store.head()
    assert alone(tmp_path, store.path, head).returncode == 0
    store.db.execute("UPDATE ledger SET lane = 'exit-9' WHERE seq = 7")
    found = alone(tmp_path, store.path, head)
    assert found.returncode == 1
    assert "第 7 行不符 / row 7 does not fit" in found.stdout
    assert alone(tmp_path, tmp_path / "nowhere.db").returncode == 2
    assert alone(tmp_path).returncode == 2


def alone(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Started in another folder, with neither the project nor a library to be found."""
    command = [sys.executable, "-I", "-S", str(second_verifier.__file__), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
