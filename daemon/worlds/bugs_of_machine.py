"""Bugs on purpose in ledger, state and the way to the office; see `daemon.worlds.plants`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import daemon.engine
from daemon.core import decide, evolve
from daemon.core.facts import Fact, StayClosed
from daemon.core.money import ReceiptIssued
from daemon.core.signals import LoopState, Signal
from daemon.core.state import State
from daemon.core.table import Table
from daemon.mqtt import publisher
from daemon.mqtt.inbound import Acknowledged
from daemon.mqtt.inbound import judge as judge_message
from daemon.store import Store, StoreError, file, ledger, snapshot, starting, tables
from daemon.worlds.planting import Bug, Swap, at_start, engine

# ---------------------------------------------------------------- disk and ledger


def synchronous_normal() -> list[Swap]:
    own = file.connect

    def connect(path: Path) -> sqlite3.Connection:
        db = own(path)
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    return [(file, "connect", connect)]


def relay_before_commit() -> list[Swap]:
    class Hasty(daemon.engine.Engine):
        def handle(self, signal: Signal) -> tuple[Fact, ...]:
            perform = self._perform
            for fact in decide.decide(self.state, signal):
                perform(fact)
            self._perform = lambda _fact: None
            try:
                return super().handle(signal)
            finally:
                self._perform = perform

    return [engine(Hasty)]


def ledger_row_skipped() -> list[Swap]:
    own = ledger.take_over

    def take_over(db: sqlite3.Connection, row: ledger.Sealed) -> None:
        if row[1] != "plate_seen":
            own(db, row)

    return [(ledger, "take_over", take_over)]


def chain_begins_anew_at_a_start() -> list[Swap]:
    own = ledger.head
    return [(ledger, "head", lambda db: (own(db)[0], ledger.FIRST_PREV))]


def stay_left_open_in_its_table() -> list[Swap]:
    kept = {kind: write for kind, write in tables.PROJECTIONS.items() if kind is not StayClosed}
    return [(tables, "PROJECTIONS", kept)]


def refused_facts_are_acted_on() -> list[Swap]:
    class Careless(daemon.engine.Engine):
        def handle(self, signal: Signal) -> tuple[Fact, ...]:
            try:
                return super().handle(signal)
            except StoreError:
                for fact in decide.decide(self.state, signal):
                    self._perform(fact)
                raise

    return [engine(Careless)]


# ---------------------------------------------------------------- state


def evolve_not_applied() -> list[Swap]:
    own = evolve.evolve

    def forgetful(state: State, fact: Fact) -> State:
        return state if isinstance(fact, StayClosed) else own(state, fact)

    return [(daemon.engine, "evolve", forgetful)]


def presence_lost_at_restart() -> list[Swap]:
    return at_start(
        lambda state: replace(state, stays=Table(), stay_of_plate=Table(), stay_of_permit=Table())
    )


def passage_numbers_begin_anew() -> list[Swap]:
    return at_start(lambda state: replace(state, passages_opened=0))


def loops_believed_after_a_start() -> list[Swap]:
    def free(state: State) -> State:
        lanes = {key: replace(each, safety=LoopState.FREE) for key, each in state.lanes.items()}
        return replace(state, lanes=MappingProxyType(lanes))

    return at_start(free)


def what_a_refusing_disk_kept_back_is_forgotten() -> list[Swap]:
    return [(daemon.engine.Engine, "_keep_unsaid", lambda _self, _signal: None)]


def rows_behind_a_snapshot_forgotten() -> list[Swap]:
    return [(starting, "onwards", lambda _db, _path, taken: taken.state)]


def snapshot_says_more_than_it_has_seen() -> list[Swap]:
    own = snapshot.write

    def write(folder: Path, made: snapshot.Snapshot) -> None:
        own(folder, replace(made, state=replace(made.state, passages_opened=made.state.passages_opened - 1)))

    return [(snapshot, "write", write)]


# ---------------------------------------------------------------- the office


def publish_cursor_in_a_second_transaction() -> list[Swap]:
    """What is to be sent is noted after the fact has been committed: at a death between, the last is not."""
    own_start, own_rows = starting.start, Store.rows
    never_noted: set[int] = set()

    def start(store: Store, *given: Any, **named: Any) -> Any:
        made = own_start(store, *given, **named)
        last = store.last_seq()
        if last == 0:
            never_noted.clear()
        elif last > store.acked():
            never_noted.add(last)
        return made

    def rows(self: Store, *given: Any) -> list[Any]:
        return [row for row in own_rows(self, *given) if row.seq not in never_noted]

    return [(starting, "start", start), (Store, "rows", rows)]


def receipt_in_a_second_transaction() -> list[Swap]:
    own = Store.append

    def append(self: Store, facts: Sequence[Fact]) -> list[int]:
        for at, fact in enumerate(facts):
            if isinstance(fact, ReceiptIssued):
                return [*own(self, facts[:at]), *own(self, facts[at:])]
        return own(self, facts)

    return [(Store, "append", append)]


def cursor_moved_before_the_acknowledgement() -> list[Swap]:
    own = publisher.Publisher._answered

    def answered(self: Any, seq: int) -> Any:
        done = own(self, seq)

        def taken(refusal: str | None) -> None:
            done(refusal)
            self._ledger.set_acked(seq)

        return taken

    return [(publisher.Publisher, "_answered", answered)]


def brokers_word_is_delivery() -> list[Swap]:
    own = publisher.Publisher._answered

    def answered(self: Any, seq: int) -> Any:
        done = own(self, seq)

        def taken(refusal: str | None) -> None:
            done(refusal)
            self._acknowledged(seq)

        return taken

    return [(publisher.Publisher, "_answered", answered)]


def retained_word_obeyed() -> list[Swap]:
    def heard(self: Any, topic: str, payload: bytes, *, retained: bool) -> None:
        del retained
        said = judge_message(self._topics, topic, payload, retained=False, ledger=self._ledger.identity())
        if isinstance(said, Acknowledged):
            self._acknowledged(said.seq)

    return [(publisher.Publisher, "heard", heard)]


def silence_is_never_broken() -> list[Swap]:
    return [(publisher.Publisher, "_give_up_waiting", lambda _self: None)]


BUGS: dict[str, Bug] = {
    bug.__name__: bug
    for bug in (
        synchronous_normal,
        relay_before_commit,
        ledger_row_skipped,
        chain_begins_anew_at_a_start,
        stay_left_open_in_its_table,
        refused_facts_are_acted_on,
        evolve_not_applied,
        presence_lost_at_restart,
        passage_numbers_begin_anew,
        loops_believed_after_a_start,
        what_a_refusing_disk_kept_back_is_forgotten,
        rows_behind_a_snapshot_forgotten,
        snapshot_says_more_than_it_has_seen,
        publish_cursor_in_a_second_transaction,
        receipt_in_a_second_transaction,
        cursor_moved_before_the_acknowledgement,
        brokers_word_is_delivery,
        retained_word_obeyed,
        silence_is_never_broken,
    )
}
