"""The tables say what the ledger says, and the database itself refuses what may never be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from daemon.core.facts import FACT_TYPES, Fact, PermitGranted, PermitWithdrawn, StayClosed
from daemon.core.signals import Permit
from daemon.store import Store, StoreError, tables
from daemon.store.tables_duty import DUTY_NAMES
from daemon.store.tables_lot import LOT_NAMES
from daemon.store.tables_money import MONEY_NAMES
from daemon.store.tables_print import PRINT_NAMES
from tests.store.histories import OFFICE, History, instant, permit, stay


@pytest.mark.parametrize("seed", range(8))
def test_the_ledger_alone_makes_the_same_tables(store: Store, seed: int) -> None:
    for decision in History(seed).decisions(400):
        store.append(decision)
    live = tables.contents(store.db)
    of_others = {*DUTY_NAMES, *MONEY_NAMES, *LOT_NAMES, *PRINT_NAMES}  # these have histories of their own
    of_cars = set(live) - of_others
    assert all(live[name] for name in of_cars), "a table without rows proves nothing"
    assert tables.rebuilt(store.facts()) == live


def test_each_projection_is_of_a_fact_that_exists() -> None:
    assert set(tables.PROJECTIONS) <= set(FACT_TYPES)


def granted(one: Permit) -> PermitGranted:
    return PermitGranted(at=instant(1), permit=one, by=OFFICE)


@pytest.mark.rule("R01")
@pytest.mark.parametrize("same", ["card", "plate"])
def test_a_second_permit_for_a_card_or_a_plate_is_refused_by_the_database(store: Store, same: str) -> None:
    first = permit(1)
    store.append([granted(first)])
    before = tables.contents(store.db)
    with pytest.raises(StoreError, match=f"UNIQUE constraint failed: permits.{same}"):
        store.append([granted(replace(permit(2), **{same: getattr(first, same)}))])
    assert tables.contents(store.db) == before
    assert store.last_seq() == 1
    # once the first is withdrawn, the other may have it
    withdrawn = PermitWithdrawn(at=instant(2), permit_id=first.id, by=OFFICE)
    store.append([withdrawn, granted(replace(permit(2), **{same: getattr(first, same)}))])


@pytest.mark.rule("R01")
def test_a_permit_that_changes_keeps_its_place(store: Store) -> None:
    store.append([granted(permit(1)), granted(permit(2))])
    changed = permit(1, plate="粤B99999", holder="新住户", lanes=("entry-1",))
    store.append([granted(changed)])
    rows = {row[0]: row for row in tables.contents(store.db)["permits"]}
    assert rows["P1"][:6] == ("P1", changed.card, "粤B99999", "新住户", changed.household, "entry-1")
    # but it cannot take what another one has
    with pytest.raises(StoreError, match=r"permits\.card"):
        store.append([granted(permit(1, card=permit(2).card))])


@pytest.mark.rule("R01")
@pytest.mark.parametrize(
    "changes",
    [
        {"plate": stay(1).plate, "permit_id": None, "stay_kind": "temporary"},
        {"permit_id": stay(1).permit_id},
    ],
    ids=["plate", "permit"],
)
def test_a_second_open_stay_is_refused_by_the_database(store: Store, changes: dict[str, Any]) -> None:
    store.append([stay(1)])
    again: Fact = stay(2, **changes)
    with pytest.raises(StoreError, match="UNIQUE constraint failed: stays"):
        store.append([again])
    left = StayClosed(at=instant(2), lane="exit-1", passage="X2", stay_id="S1", how="exit")
    store.append([left, again])
    open_stays = [row for row in tables.contents(store.db)["stays"] if row[-1] is None]
    assert [row[0] for row in open_stays] == ["S2"]


def test_passages_are_listed_newest_first_by_lane_and_page_by_page(store: Store) -> None:
    store.append(History(5).facts(300))
    everything = store.recent_passages(10_000)
    assert [row.opened_at for row in everything] == sorted(
        (row.opened_at for row in everything), reverse=True
    )
    pages, before = [], None
    while page := store.recent_passages(7, before=before):
        pages += page
        before = page[-1].passage
    assert pages == everything
    assert store.recent_passages(10_000, lane="exit-1") == [row for row in everything if row.lane == "exit-1"]
