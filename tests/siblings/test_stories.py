"""R45: presence, cards and the watch list hold across the gates of a site, and come together after a cut."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from daemon.core.cards import BlockCard, IssueCard, LoseCard, ReceiveCard, UnblockCard
from daemon.core.facts import AccessGranted, AlertCleared, CarHeld, LeftUnheard, StayClosed
from daemon.core.lot import Recount
from daemon.core.reasons import AlertKind, Reason
from daemon.core.siblings import SiblingFollowed, SiblingTold
from daemon.core.special import ListWatched, UnlistWatched
from daemon.mqtt.messages import At
from daemon.mqtt.shown import Gate as Shown
from daemon.mqtt.shown import health_shown
from daemon.mqtt.topics import Topics
from daemon.panel.gate import OfficeStatus
from daemon.panel.views import status_view
from daemon.scenario.bench import permit
from tests.siblings.rig import OFFICE, Gate, Site

pytestmark = pytest.mark.rule("R45")

WANG = permit("P-wang", "0A00000001", "粤B12345")
LIU = permit("P-liu", "0A00000002", "粤B67890")


@pytest.fixture
def site() -> Site:
    return Site("east", "west", "north", permits=(WANG, LIU))


def of(kind, facts):
    return [fact for fact in facts if isinstance(fact, kind)]


def test_who_came_in_at_one_gate_cannot_come_in_at_another(site: Site) -> None:
    site["west"].enters(WANG)
    site.heals()
    [held] = of(CarHeld, site["east"].enters(WANG))
    assert held.reason is Reason.ALREADY_INSIDE


def test_who_came_in_at_one_gate_leaves_at_another(site: Site) -> None:
    site["west"].enters(WANG)
    site.heals()
    [closed] = of(StayClosed, site["east"].leaves(WANG))
    assert (closed.stay_id, closed.how) == (f"west.{site['west'].root}:S0000001", "exit")
    site.heals()
    assert [gate.inside for gate in site.gates.values()] == [set(), set(), set()]
    assert of(AccessGranted, site["north"].enters(WANG)), "and in again at the third"


def test_the_visitor_of_one_gate_leaves_at_another(site: Site) -> None:
    site["west"].visitor_enters("粤A88888")
    site.heals()
    [granted] = of(AccessGranted, site["north"].visitor_leaves("粤A88888"))
    assert granted.stay_id == f"west.{site['west'].root}:S0000001"


def test_a_stretch_that_does_not_follow_is_not_taken(site: Site) -> None:
    east, west = site["east"], site["west"]
    east.hears(west)
    west.enters(WANG)
    late = west.stretch(east.cursor(west))
    east.hears_of(late)
    assert east.hears_of(late) == (), "the same again"
    assert east.plates == [WANG.plate]
    ahead = west.stretch(east.cursor(west).__class__(2, west.seals[1], west.root))
    assert east.hears_of(ahead) == (), "one from elsewhere"


def test_what_concerns_nobody_moves_the_cursor_by_itself_only_now_and_then(site: Site) -> None:
    east, west = site["east"], site["west"]
    for _ in range(150):
        east.hears(west)
        west.car("entry-1", None, None)
    rows = of(SiblingTold, east.ledger) + of(SiblingFollowed, east.ledger)
    assert len(west.ledger) > 500
    assert 2 <= len(rows) <= 1 + len(west.ledger) / 500


# ---------------------------------------------------------------- cut off


def test_a_permit_is_believed_while_a_gate_is_cut_off_and_the_grant_says_so(site: Site) -> None:
    east, west = site["east"], site["west"]
    west.enters(WANG)
    site.heals()
    east.loses(west)
    assert AlertKind.SIBLING_CUT_OFF in east.alerts
    west.loses(east, site["north"])
    site.pass_(60)
    west.leaves(WANG)
    site.pass_(60)
    facts = east.enters(WANG)
    [granted] = of(AccessGranted, facts)
    assert granted.unheard == ("west",)
    assert AlertKind.ENTERED_UNHEARD in east.alerts

    site.heals()
    assert {frozenset(gate.inside) for gate in site.gates.values()} == {frozenset({"east:S0000001"})}
    assert east.alerts == set(), "west tells that it had left"
    assert of(AlertCleared, east.ledger)


def test_who_is_cut_off_is_shown_and_since_when(site: Site) -> None:
    east, west = site["east"], site["west"]
    site.heals()
    east.loses(west)
    since = east.now
    site.pass_(300)
    zone = ZoneInfo("Asia/Shanghai")
    office = OfficeStatus(configured=True, connected=True, last_seq=1, acked_seq=1)
    seen = status_view(east.state, office, east.now, zone)
    assert (seen.siblings, seen.cut_off, seen.faults) == (("north",), (("west", "16:01"),), ())
    gate = Shown(
        topics=Topics(root="gatepost", site="garden", gate="east"), name="东门", ledger="0" * 16, version="1"
    )
    shown = health_shown(gate, east.state, At.of(east.now))
    assert [(one.gate, one.cut_off_since) for one in shown.siblings] == [
        ("west", At.of(since)),
        ("north", None),
    ]


def test_a_visitor_is_not_believed(site: Site) -> None:
    east = site["east"]
    site["west"].visitor_enters("粤A88888")
    site.heals()
    east.loses(site["west"])
    [held] = of(CarHeld, east.visitor_enters("粤A88888"))
    assert held.reason is Reason.ALREADY_INSIDE


def test_two_entries_meet_and_the_later_one_stands_everywhere(site: Site) -> None:
    site["west"].enters(WANG)
    site.pass_(60)
    site["east"].enters(WANG)
    site.pass_(60)
    site.heals()
    assert {frozenset(gate.inside) for gate in site.gates.values()} == {frozenset({"east:S0000001"})}
    assert AlertKind.STAYS_IN_CONFLICT in {*site["west"].alerts, *site["east"].alerts}
    [closed] = of(StayClosed, site["west"].ledger)
    assert (closed.stay_id, closed.how) == ("S0000001", "conflict")
    assert closed.note == f"east.{site['east'].root}:S0000001"


def test_a_clock_that_is_not_believed_loses(site: Site) -> None:
    west, east = site["west"], site["east"]
    east.enters(WANG)
    west.clock_is_trusted = False
    site.pass_(60)
    west.enters(WANG)
    site.heals()
    assert {frozenset(gate.inside) for gate in site.gates.values()} == {frozenset({"east:S0000001"})}


def test_an_end_that_is_heard_before_its_beginning_waits_for_it(site: Site) -> None:
    west, east, north = (site[name] for name in ("west", "east", "north"))
    west.enters(WANG)
    east.catches_up(west)
    east.leaves(WANG)
    north.catches_up(east)
    assert north.inside == set()
    facts = north.hears(west)
    assert of(SiblingTold, facts)[-1].is_over
    assert north.inside == set()
    assert north.state.lot.inside == 0
    assert of(AccessGranted, north.enters(WANG))


def test_a_conflict_that_one_gate_alone_has_met_is_settled_for_all() -> None:
    site = Site("east", "west", "north", "south", permits=(WANG,))
    east, west, north, south = site.gates.values()
    west.enters(WANG)
    site.pass_(60)
    east.enters(WANG)
    south.catches_up(east)
    south.catches_up(west)
    north.catches_up(east)
    north.leaves(WANG)
    west.catches_up(north)
    west.catches_up(east)
    assert west.inside == {"west:S0000001"}, "it never saw the other one open"
    site.heals()
    assert [gate.inside for gate in site.gates.values()] == [set()] * 4


def test_one_stay_that_ended_at_two_gates_is_an_alert_at_both(site: Site) -> None:
    site["west"].visitor_enters("粤A88888")
    site.heals()
    site["east"].visitor_leaves("粤A88888")
    site["north"].visitor_leaves("粤A88888")
    site.heals()
    assert AlertKind.LEFT_TWICE in site["east"].alerts
    assert AlertKind.LEFT_TWICE in site["north"].alerts
    assert AlertKind.LEFT_TWICE not in site["west"].alerts
    assert [gate.state.lot.inside for gate in site.gates.values()] == [0, 0, 0]


def test_a_car_that_was_let_out_unknown_is_out_when_its_entry_is_heard_of(site: Site) -> None:
    east, west = site["east"], site["west"]
    west.enters(WANG)
    east.loses(west)
    site.pass_(60)
    facts = east.leaves(WANG)
    [held] = of(CarHeld, facts)
    assert held.reason is Reason.NOT_INSIDE
    assert "west" in held.advice
    assert of(LeftUnheard, east.leaves(WANG, guard=True))
    site.pass_(60)
    site.heals()
    assert [gate.inside for gate in site.gates.values()] == [set(), set(), set()]


# ---------------------------------------------------------------- cards, the watch list, the lot


def test_a_card_blocked_at_one_gate_opens_none(site: Site) -> None:
    site["west"].asks(BlockCard(card=WANG.card, reason="欠费"))
    site.heals()
    [held] = of(CarHeld, site["east"].enters(WANG))
    assert held.reason is Reason.CARD_BLOCKED


@pytest.mark.parametrize("first", ["west", "north"])
def test_the_last_word_on_a_card_counts_in_whatever_order_it_is_heard(site: Site, first: str) -> None:
    west, north, east = site["west"], site["north"], site["east"]
    west.asks(BlockCard(card=WANG.card, reason="遗失"))
    north.catches_up(west)
    north.asks(UnblockCard(card=WANG.card, reason="找到了"))
    east.catches_up(site[first])
    east.catches_up(west)
    east.catches_up(north)
    assert east.state.cards.stopped.get(WANG.card) is None
    assert of(AccessGranted, east.enters(WANG))


def test_a_card_of_the_desk_works_at_a_gate_that_heard_its_story_backwards(site: Site) -> None:
    west, north, east = site["west"], site["north"], site["east"]
    west.asks(BlockCard(card=WANG.card, reason="报失"))
    west.asks(ReceiveCard(card="0B00000001", reason="新卡"), OFFICE)
    west.asks(IssueCard(card="0B00000001", permit=WANG.id, reason="补卡"), OFFICE)
    north.catches_up(west)
    north.asks(BlockCard(card="0B00000001", reason="欠费"))
    north.asks(UnblockCard(card="0B00000001", reason="已缴"))
    east.catches_up(north)
    east.catches_up(west)
    assert of(AccessGranted, east.car("entry-1", "0B00000001", WANG.plate))


def test_of_two_words_at_once_the_careful_one_counts(site: Site) -> None:
    west, north = site["west"], site["north"]
    west.asks(BlockCard(card=WANG.card, reason="欠费"))
    site.heals()
    west.asks(UnblockCard(card=WANG.card, reason="已缴"))
    north.asks(LoseCard(card=WANG.card, reason="业主报失"))
    site.heals()
    assert {gate.state.cards.stopped.get(WANG.card) for gate in site.gates.values()} == {Reason.CARD_LOST}


def test_a_card_that_is_at_two_gates_at_once_is_two_cards(site: Site) -> None:
    site["west"].enters(WANG)
    site["east"].enters(WANG)
    site.heals()
    assert AlertKind.CARD_AT_TWO_GATES in site["west"].alerts


def test_a_plate_watched_at_one_gate_is_held_at_all(site: Site) -> None:
    east, west = site["east"], site["west"]
    west.asks(ListWatched(sign="plate", value=WANG.plate, why="被盗", what_to_do="报警"))
    site.heals()
    [held] = of(CarHeld, east.enters(WANG))
    assert held.reason is Reason.WATCH_LISTED
    east.asks(UnlistWatched(sign="plate", value=WANG.plate, reason="找回"))
    site.heals()
    assert of(AccessGranted, west.enters(WANG))


def test_a_recount_at_one_gate_counts_at_all(site: Site) -> None:
    site["west"].enters(WANG)
    site["east"].enters(LIU)
    site.heals()
    site["north"].asks(Recount(of="permit", count=5, reason="夜间清点"))
    site.heals()
    site["west"].leaves(LIU)
    site.heals()
    assert [gate.state.lot.inside for gate in site.gates.values()] == [4, 4, 4]


# ---------------------------------------------------------------- the other's ledger


def test_a_new_ledger_is_followed_from_its_beginning_and_said(site: Site) -> None:
    east, west = site["east"], site["west"]
    west.enters(WANG)
    site.heals()
    anew = Gate(site, "west", ("east", "north"), permits=(WANG, LIU))
    anew.enters(LIU)
    east.hears(anew)
    assert AlertKind.SIBLING_DOUBTFUL in east.alerts
    site.gates["west"] = anew
    site.heals()
    assert east.plates == site["north"].plates == [WANG.plate, LIU.plate], "its numbers are other stays now"
    east.leaves(WANG)
    site.heals()
    assert {tuple(gate.plates) for gate in site.gates.values()} == {(LIU.plate,)}


def test_everything_comes_back_from_the_ledger(site: Site) -> None:
    site["west"].enters(WANG)
    site["east"].enters(WANG)
    site["north"].visitor_enters("粤A88888")
    site.heals()
    for gate in site.gates.values():
        assert gate.replayed() == gate.state
