"""What the gate keeps in mind has a bound, each thing its own: a gate runs for years on a small machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import pytest

from daemon.core import (
    alert_desk,
    boots,
    commands,
    contractors,
    goods,
    identity,
    lending,
    siblings,
    special,
    till,
    visits,
)
from daemon.core.contractors import IssuePass, WithdrawPass
from daemon.core.draft import GAVE_WAY, Draft
from daemon.core.facts import AlertCleared, DeviceFailed
from daemon.core.goods import IssueSlip, UseSlip
from daemon.core.identity import Identities, IdentityRegistered
from daemon.core.money import PaymentTaken
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.shifts import ShiftStarted
from daemon.core.special import ApproveLarge, WithdrawApproval
from daemon.core.state import Passage, State, empty_state
from daemon.core.table import Table, oldest
from daemon.core.visits import AdmitByCode, AnnounceVisit, CancelVisit, RegisterResident
from tests.core.samples import AT, sample
from tests.desk.rig import GUARD, OFFICE, Desk

SITE = "as many as config.yaml names"
LIST = "as long as the office's list"
INSIDE = "one for each car inside"
OPEN = "what people still have to do: it stands in the handover until they have"

BOUNDS = {
    "alarms": SITE,
    "alerts": f"{alert_desk.MOST_OPEN}: then the oldest of the least severe gives way",
    "cares": "one for each open alert",
    "failed": SITE,
    "lanes": SITE,
    "lot.tallies": "one for each class",
    "permits": LIST,
    "permit_of_card": LIST,
    "permit_of_plate": LIST,
    "stays": INSIDE,
    "stay_of_permit": INSIDE,
    "stay_of_plate": INSIDE,
    "card_uses": f"{lending.KEPT}",
    "bays.groups": "as many as the office has named",
    "bays.group_of": "as many as the office has assigned",
    "bays.members": "as many as the office has named",
    "boots.clocks": f"{boots.KEPT}",
    "boots.names": "one for each boot that is kept",
    "cards.stock": "one for each card that was ever bought",
    "cards.permit_of": "one for each card that was ever bought",
    "cards.card_of": LIST,
    "cards.out": "one for each card that was ever bought",
    "cards.elsewhere": "one for each card that is out at another gate",
    "cards.stay_of": INSIDE,
    "cards.card_of_stay": INSIDE,
    "cards.stopped": "one for each card that was ever bought, or is on the list",
    "commands.taken": f"{commands.KEPT}, and those that might come again",
    "commands.order": "one for each command that is kept",
    "commands.pending": "one for each command that waits for its limit switch",
    "contractors.passes": f"{contractors.KEPT}, and those that still hold",
    "contractors.of_plate": "one for each pass that is kept",
    "contractors.withdrawn": "one for each pass that is kept",
    "findings.open": OPEN,
    "identities.registered": f"{identity.KEPT}",
    "identities.of_passage": "one for each car that waits",
    "identities.agreed": "one for each car that waits",
    "logbook.open": OPEN,
    "money.accounts": "one for each car inside, and the last that left",
    "money.departed": "the last that left",
    "money.departed_of_plate": "the last that left",
    "money.arrears": "what is owed: it is never forgotten",
    "money.credit": "what was paid in advance: it is never forgotten",
    "money.receipts": "the last receipts",
    "money.paid_before": "what came before its stay was heard of",
    "money.references": "one for each receipt that is kept",
    "prints": "what waits for the printer, which answers or is known to be down",
    "register.sources": "one for each list",
    "register.staff": LIST,
    "rounds.progress": SITE,
    "rounds.settled": SITE,
    "shifts.arrived": LIST,
    "shifts.relieved": LIST,
    "shifts.equipment": "what was looked at in this shift",
    "shifts.planned": "what the office has planned and is not over",
    "siblings.cursors": "one for each gate of the site",
    "siblings.opened": "one for each gate of the site, and each ledger that it began",
    "siblings.early": "what was heard of a stay or card whose beginning is still on its way",
    "siblings.turns": "one for each card and each line of the watch list",
    "siblings.left_here": f"{siblings.LEFT_KEPT}",
    "siblings.left_unheard": f"{siblings.UNHEARD_KEPT}",
    "slips.written": f"{goods.KEPT}, and those that still work",
    "slips.spent": "one for each slip that is kept",
    "special.watched": LIST,
    "special.classed": LIST,
    "special.approvals": f"{special.KEPT}, and those that still hold",
    "substitutions.open": "one a permit, until it ends by itself",
    "substitutions.of_permit": "one for each that is open",
    "substitutions.of_plate": "one for each that is open",
    "substitutions.of_own_plate": "one for each that is open",
    "substitutions.confirmed": "one for each that is open",
    "till.shifts": f"{till.KEPT_SHIFTS}, and those whose cash is still in the drawer",
    "till.on_the_way": OPEN,
    "visits.residents": LIST,
    "visits.announced": f"{visits.KEPT}, and those that are not over",
    "visits.of_plate": "one for each visit that is kept",
    "visits.of_code": "one for each visit that is kept",
    "visits.spent": f"{visits.KEPT}",
    "visits.passages": "one for each car that waits",
}


def collections_of(kind: type[Any], where: str = "") -> Iterator[str]:
    """The name of everything in the state that can hold more than one."""
    for name, hint in get_type_hints(kind).items():
        here = f"{where}{name}"
        if get_origin(hint) is not None and issubclass(get_origin(hint) or object, Mapping | tuple):
            yield here
        elif is_dataclass(hint) and isinstance(hint, type) and name not in ("rules", "clock"):
            yield from collections_of(hint, f"{here}.")


def test_everything_that_is_kept_in_mind_has_a_bound_that_somebody_has_thought_of() -> None:
    assert set(collections_of(State)) == set(BOUNDS)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with room for ten of each, whose ledger is replayed at the end."""
    for noun in (goods, visits, contractors, special):
        monkeypatch.setattr(noun, "KEPT", 10)
    desk = Desk(tmp_path)
    desk.start()
    yield desk
    desk.finish()


def ends(desk: Desk, **after: float) -> datetime:
    return desk.clock.now().wall + timedelta(**after)


def test_the_oldest_go_first_a_tenth_at_a_time_and_never_what_must_stay() -> None:
    table = Table((str(number), number) for number in range(21))
    assert oldest(table, 21, lambda number: number) == []
    assert oldest(table, 20, lambda number: number) == ["0", "1", "2"], "18 of 20 are left"
    assert oldest(table, 20, lambda number: number if number > 15 else None) == ["16", "17", "18"]
    assert oldest(table, 20, lambda _number: None) == []


def test_slips_that_no_longer_work_are_forgotten_and_those_that_do_are_not(desk: Desk) -> None:
    """Given room for ten, a hundred that were used and one that is good for a year."""
    slip: dict[str, Any] = {"household": "1-101", "items": "沙发", "plate": "粤B12345"}
    desk.ask(OFFICE, IssueSlip(number="long", valid_until=ends(desk, days=365), **slip))
    for number in range(100):
        desk.ask(OFFICE, IssueSlip(number=f"F-{number}", valid_until=ends(desk, hours=1), **slip))
        if number % 2:
            desk.ask(GUARD, UseSlip(number=f"F-{number}", plate="粤B12345"))
        desk.time(hours=2)
    slips = desk.state.slips
    assert len(slips.written) <= 10
    assert set(slips.spent) <= set(slips.written)
    assert desk.why_not(GUARD, UseSlip(number="F-3", plate="粤B12345")) is Reason.SLIP_UNKNOWN
    assert desk.why_not(GUARD, UseSlip(number="F-99", plate="粤B12345")) is Reason.SLIP_USED
    desk.ask(GUARD, UseSlip(number="long", plate="粤B12345"))
    assert "long" in desk.state.slips.spent


def test_while_no_clock_is_right_only_what_was_used_is_forgotten(desk: Desk) -> None:
    desk.clock.trusted = False
    slip: dict[str, Any] = {"household": "1-101", "items": "沙发", "plate": "粤B12345"}
    for number in range(20):
        desk.ask(OFFICE, IssueSlip(number=f"F-{number}", valid_until=ends(desk, hours=1), **slip))
        desk.time(hours=2)
    assert len(desk.state.slips.written) == 20, "nobody knows that they are over"


def test_announced_visits_and_spent_codes_are_forgotten_once_they_are_over(desk: Desk) -> None:
    desk.ask(OFFICE, RegisterResident(unit="3-1201", name="张三"))
    whom: dict[str, Any] = {"unit": "3-1201", "name": "张三", "visitor": "赵六"}
    far = ends(desk, days=365)
    desk.ask(OFFICE, AnnounceVisit(plate="粤B99999", valid_until=far, **whom))
    for number in range(60):
        until = ends(desk, hours=1)
        match number % 3:
            case 0:
                desk.ask(OFFICE, AnnounceVisit(plate=f"粤B{number:05}", valid_until=until, **whom))
            case 1:
                desk.ask(OFFICE, AnnounceVisit(code=f"code-{number}", valid_until=until, **whom))
                desk.ask(GUARD, AdmitByCode(code=f"code-{number}"))
            case _:
                desk.ask(OFFICE, AnnounceVisit(code=f"code-{number}", valid_until=until, **whom))
                newest = f"V{desk.state.visits.written:06d}"
                desk.ask(OFFICE, CancelVisit(number=newest, reason="不来了"))
        desk.time(hours=2)
    kept = desk.state.visits
    assert all(len(table) <= 10 for table in (kept.announced, kept.of_plate, kept.of_code, kept.spent))
    assert kept.expects("粤B99999", desk.clock.now()) is not None
    assert desk.why_not(GUARD, AdmitByCode(code="code-58")) is Reason.CODE_USED
    assert desk.why_not(GUARD, AdmitByCode(code="code-1")) is Reason.CODE_UNKNOWN


def test_contractors_passes_and_approvals_of_large_cars_are_forgotten_once_they_are_over(desk: Desk) -> None:
    for number in range(50):
        window: dict[str, Any] = {"valid_from": ends(desk), "valid_until": ends(desk, hours=1)}
        plate = f"粤B{number:05}"
        job = IssuePass(number=f"P-{number}", person="孙工", household_or_job="3-1201", plate=plate, **window)
        large = ApproveLarge(number=f"A-{number}", area="3号楼", posts="北岗", plate=plate, **window)
        desk.ask(OFFICE, job)
        desk.ask(OFFICE, large)
        if number % 2:
            desk.ask(OFFICE, WithdrawPass(number=f"P-{number}", reason="完工"))
            desk.ask(OFFICE, WithdrawApproval(number=f"A-{number}", reason="不来了"))
        desk.time(hours=2)
    crew = desk.state.contractors
    assert all(len(table) <= 10 for table in (crew.passes, crew.of_plate, crew.withdrawn))
    assert set(crew.withdrawn) <= set(crew.passes)
    assert len(desk.state.special.approvals) <= 10


def test_a_shift_whose_cash_is_handed_in_late_is_forgotten_then() -> None:
    """Given a drawer that stayed full for longer than shifts are remembered."""
    payment = sample(PaymentTaken)
    assert isinstance(payment, PaymentTaken)
    state = till.Till()
    for number in range(1, till.KEPT_SHIFTS + 20):
        state = till.evolve(state, ShiftStarted(at=AT, number=number, guard=GUARD))
        if number == 1:
            state = till.evolve(state, replace(payment, means="cash"))
    assert state.takings(1) is not None, "its cash is still there"
    handed_in = till.CashHandedIn(
        at=AT, number=1, shift=1, fen=1, expected_fen=payment.fen, explanation="", to="物业", by=GUARD
    )
    state = till.evolve(state, handed_in)
    assert state.takings(1) is None
    assert len(state.shifts) <= till.KEPT_SHIFTS


def test_the_office_can_ask_about_the_last_drivers_and_no_number_comes_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(identity, "KEPT", 10)
    registered = sample(IdentityRegistered, passage="p")
    assert isinstance(registered, IdentityRegistered)
    kept = Identities()
    for number in range(1, 101):
        driver = replace(registered.identity, number=f"D{number:05d}")
        kept = identity.evolve(kept, replace(registered, identity=driver))
    assert len(kept.registered) <= 10
    assert "D00100" in kept.registered
    assert kept.written == 100, "the next one is the hundred and first, whatever is forgotten"


def test_cards_that_have_not_been_shown_for_long_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lending, "KEPT", 10)
    uses: Table[lending.CardUse] = Table()
    for number in range(100):
        at = replace(AT, wall=AT.wall + timedelta(minutes=number))
        car = Passage(
            id="p", opened=at, card=f"{number:08X}", card_permit="P", plate="粤B12345", plate_valid=True
        )
        uses = lending.after_passing(uses, car, at)
    assert len(uses) <= 10
    assert f"{99:08X}" in uses


@pytest.mark.rule("R35")
def test_a_post_that_closes_none_of_its_alerts_does_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given room for three: the oldest notice gives way first, and a fault that lasts to nothing."""
    monkeypatch.setattr(alert_desk, "MOST_OPEN", 3)
    draft = Draft(empty_state(()), AT)
    draft.say(DeviceFailed(at=AT, device="reader", role="reader", why="unplugged"))
    draft.raise_alert(AlertKind.DEVICE_FAILED, "reader", "unplugged", severity=Severity.NOTICE)
    draft.raise_alert(AlertKind.UNPAID_RELEASE, "S1", "15 yuan", severity=Severity.WARNING)
    for permit_id in ("P1", "P2"):
        draft.raise_alert(AlertKind.PERMIT_ENDS_SOON, permit_id, "soon", severity=Severity.NOTICE)
    assert _subjects(draft) == ["reader", "S1", "P2"]
    (gone,) = [fact for fact in draft.facts if isinstance(fact, AlertCleared)]
    assert (gone.alert_id, gone.by, gone.outcome) == ("permit_ends_soon:P1", None, GAVE_WAY)

    for stay in ("S2", "S3"):
        draft.raise_alert(AlertKind.UNPAID_RELEASE, stay, "15 yuan", severity=Severity.WARNING)
    assert _subjects(draft) == ["reader", "S2", "S3"]
    assert set(draft.state.cares) == set(draft.state.alerts)


def _subjects(draft: Draft) -> list[str]:
    return [alert.subject for alert in draft.state.alerts.values()]
