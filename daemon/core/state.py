"""What the gate holds in mind: one immutable value, rebuilt from the ledger at every start.

The law of this file: values only. `daemon.core.evolve` makes the next one, everything else reads.
Deadlines are kept as CLOCK_BOOTTIME of the running boot (`timedelta`): a `gate_started` fact renews or drops
them, since after a reboot that clock begins again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta, tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from daemon.core.accounts import Money
from daemon.core.alarms import AlarmRules, Alarms
from daemon.core.alerts import AlertRules, Cares
from daemon.core.bays import Bays
from daemon.core.boots import NO_BOOTS, Boots
from daemon.core.cards import Cards, working_card
from daemon.core.commands import Commands
from daemon.core.contractors import Contractors
from daemon.core.facts import AlertRaised
from daemon.core.findings import Findings
from daemon.core.fire import Fire
from daemon.core.goods import Slips
from daemon.core.hold_open import HeldOpen, Locked
from daemon.core.identity import Identities
from daemon.core.lending import CardUse
from daemon.core.logbook import Logbook
from daemon.core.lot import Lot, LotClass
from daemon.core.posted import TariffGiven, in_force
from daemon.core.presence import NO_PLATE as NO_PLATE
from daemon.core.printing import Prints
from daemon.core.reasons import Reason
from daemon.core.register import Register
from daemon.core.rota import ShiftRules
from daemon.core.rounds import PatrolCard, Rounds
from daemon.core.schedule import Duty
from daemon.core.shifts import Shifts
from daemon.core.siblings import Siblings, Turn, sibling_device
from daemon.core.signals import Actor, Boom, Char, Instant, LoopState, Permit
from daemon.core.special import CarClass, ExemptClass, Special, Watch
from daemon.core.substitution import Substitutions
from daemon.core.table import Table
from daemon.core.tariff.book import Book
from daemon.core.till import Till
from daemon.core.visits import Visits


class Phase(StrEnum):
    """Where the car at the front of a lane is in its passage. The moves are in `daemon.core.lane.MOVES`."""

    IDLE = "idle"
    IDENTIFYING = "identifying"
    HELD = "held"
    GRANTED = "granted"
    PASSING = "passing"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRules:
    """What config.yaml says of a lane. Not a fact: a new value counts from the next start."""

    id: str
    name: str
    direction: Literal["entry", "exit"]
    mode: Literal["card_and_plate", "plate_only", "card_only"]
    temporary: Literal["allow", "guard", "refuse"] = "allow"
    match_window: timedelta = timedelta(seconds=10)
    visitor_wait: timedelta = timedelta(seconds=4)
    pass_timeout: timedelta = timedelta(seconds=30)
    close_delay: timedelta = timedelta(seconds=1)
    boom_travel: timedelta = timedelta(seconds=6)
    has_approach_loop: bool = True
    has_limit_switches: bool = True
    closes_by_itself: bool = False
    """The barrier's own controller lowers the boom, without an order of ours."""
    stand_limit: timedelta = timedelta(seconds=60)
    open_limit: timedelta = timedelta(seconds=180)
    queue_limit: timedelta = timedelta(seconds=120)
    """What is too long (R24): a car under the boom, a boom open for nobody, an approach loop without gap."""


CHINA = ZoneInfo("Asia/Shanghai")


def _no_reader(_text: str) -> Book | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """What config.yaml says of the site, for the nouns of the desk. Not a fact either."""

    timezone: tzinfo = CHINA
    expired: Literal["guard", "refuse", "temporary"] = "guard"
    """What becomes of a car whose permit has expired."""
    expires_soon: timedelta = timedelta(days=7)
    """How long before its end a permit is announced to end."""
    shifts: ShiftRules = field(default_factory=ShiftRules)
    alerts: AlertRules = field(default_factory=AlertRules)
    alarms: tuple[AlarmRules, ...] = ()
    tariff: Book | None = None
    """What a stay without a permit costs; None: nothing."""
    read_tariff: Callable[[str], Book | None] = _no_reader
    """The tariff in a text of the office; None where it is wrong. Pure."""
    receipts: str = ""
    """The name of this gate's series of receipts."""
    has_printer: bool = False
    """Receipts are printed; without a printer they are pages of the panel alone."""
    gate: str = ""
    """What siblings call this gate."""
    siblings: tuple[str, ...] = ()
    """The other gates of the site, whose word counts here (R45); none: this gate is the whole site."""
    duties: tuple[Duty, ...] = ()
    patrol_cards: tuple[PatrolCard, ...] = ()
    has_fire_input: bool = False
    bays: Mapping[LotClass, int] = field(default_factory=lambda: MappingProxyType({}))
    """How many there are for each class of cars; a class without a number is not counted down."""


USUAL_SITE = SiteRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One car at one lane, from arrival to having cleared the boom, and what is known of it so far."""

    id: str
    opened: Instant
    card: str | None = None
    card_permit: str | None = None
    card_at: timedelta | None = None
    plate: str | None = None
    """None: no plate was seen. "": one was seen, and could not be read."""
    plate_valid: bool = False
    plate_permit: str | None = None
    plate_at: timedelta | None = None
    chars: tuple[Char, ...] = ()
    track: str | None = None
    picture: str | None = None
    crop: str | None = None
    reason: Reason | None = None
    """Why it is held, or why it was let through."""
    permit_id: str | None = None
    """Whose grant it is; None for a temporary car or a guard's choice."""
    stay_id: str | None = None
    resync: bool = False
    by: Actor | None = None
    """The guard who let it through; None where a rule did."""
    note: str = ""
    told: tuple[Reason, ...] = ()
    """What its driver is told besides, now that it is let through."""
    watch: Watch | None = None
    """It has shown a plate or card of the watch list; nothing that it shows later takes that back."""
    declared: CarClass | None = None
    """What the guard says that it is."""
    company: str = ""
    exempt: ExemptClass | None = None
    is_forced: bool = False
    """Nobody let it through, and it drove."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    rules: LaneRules
    boom: Boom = Boom.UNKNOWN
    approach: LoopState = LoopState.UNKNOWN
    approach_since: timedelta = timedelta(0)
    safety: LoopState = LoopState.UNKNOWN
    safety_since: timedelta = timedelta(0)
    phase: Phase = Phase.IDLE
    passage: Passage | None = None
    behind: Passage | None = None
    """The next car, which has shown something while the one in front is still being let through."""
    granted_at: timedelta | None = None
    ordered: Literal["raise", "lower", "stop"] | None = None
    """The last order of this run, until a limit switch confirms it or an alert says that none did."""
    ordered_at: timedelta | None = None
    close_from: timedelta | None = None
    """Set: the boom shall come down, not before this and only while the safety loop is known to be free."""
    done_track: str | None = None
    """The camera track of the last car that was decided: its later reads say nothing new."""
    passed_plate: str | None = None
    passed_at: timedelta | None = None
    """The last car that drove through in this run."""
    opened_for: str | None = None
    """The last passage that ended since the boom was last down: whoever follows it ungranted, tailgates."""
    boom_since: timedelta = timedelta(0)
    held_open: HeldOpen | None = None
    locked: Locked | None = None
    is_in_fire: bool = False

    @property
    def id(self) -> str:
        return self.rules.id

    @property
    def name(self) -> str:
        return self.rules.name

    @property
    def direction(self) -> Literal["entry", "exit"]:
        return self.rules.direction

    @property
    def mode(self) -> Literal["card_and_plate", "plate_only", "card_only"]:
        return self.rules.mode

    @property
    def why_stays_open(self) -> Reason | None:
        """Why the boom is to stay up whatever comes; None where it comes down behind each car."""
        if self.is_in_fire:
            return Reason.FIRE
        return Reason.LANE_HELD_OPEN if self.held_open is not None else None

    @property
    def car_is_absent(self) -> bool:
        """True where the approach loop says for certain that nobody stands there."""
        return self.rules.has_approach_loop and self.approach is LoopState.FREE


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A car inside: from its entry passage to its exit passage."""

    id: str
    """One that came in at another gate has that gate before its number: `west.3f0c1a:S0000012`."""
    kind: Literal["permit", "temporary", "exempt"]
    plate: str
    permit_id: str | None
    card: str | None
    lane: str
    passage: str
    entered: Instant
    picture: str | None

    @property
    def has_no_plate(self) -> bool:
        return self.plate.startswith(NO_PLATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    lanes: Mapping[str, LaneState]
    rules: SiteRules = USUAL_SITE
    permits: Table[Permit] = field(default_factory=Table)
    permit_of_card: Table[str] = field(default_factory=Table)
    permit_of_plate: Table[str] = field(default_factory=Table)
    stays: Table[Stay] = field(default_factory=Table)
    """Open stays by their id."""
    stay_of_permit: Table[str] = field(default_factory=Table)
    stay_of_plate: Table[str] = field(default_factory=Table)
    failed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Device name to why it does not work."""
    alerts: Mapping[str, AlertRaised] = field(default_factory=lambda: MappingProxyType({}))
    """Open alerts by their id."""
    fire: Fire = field(default_factory=Fire)
    lot: Lot = field(default_factory=Lot)
    slips: Slips = field(default_factory=Slips)
    money: Money = field(default_factory=Money)
    prints: Prints = ()
    till: Till = field(default_factory=Till)
    special: Special = field(default_factory=Special)
    register: Register = field(default_factory=Register)
    bays: Bays = field(default_factory=Bays)
    card_uses: Table[CardUse] = field(default_factory=Table)
    """With which car each card went through last."""
    shifts: Shifts = field(default_factory=Shifts)
    rounds: Rounds = field(default_factory=Rounds)
    logbook: Logbook = field(default_factory=Logbook)
    alarms: Alarms = field(default_factory=lambda: MappingProxyType({}))
    cares: Cares = field(default_factory=lambda: MappingProxyType({}))
    """What is done about each open alert, by its id."""
    clock: Instant | None = None
    """Where the time of day is reckoned from: the last start, or the last time that the wall clock jumped."""
    boots: Boots = NO_BOOTS
    cards: Cards = field(default_factory=Cards)
    identities: Identities = field(default_factory=Identities)
    findings: Findings = field(default_factory=Findings)
    substitutions: Substitutions = field(default_factory=Substitutions)
    visits: Visits = field(default_factory=Visits)
    contractors: Contractors = field(default_factory=Contractors)
    commands: Commands = field(default_factory=Commands)
    siblings: Siblings = field(default_factory=Siblings)
    posted: TariffGiven | None = None
    """The tariff that the office has given last."""
    passages_opened: int = 0
    stays_opened: int = 0

    @property
    def known_as(self) -> str:
        """What siblings put before the names of this gate."""
        return f"{self.rules.gate}.{self.siblings.root}"

    @property
    def unheard(self) -> tuple[str, ...]:
        """The siblings that are cut off: whom they let in or out meanwhile is not known."""
        return tuple(gate for gate in self.rules.siblings if sibling_device(gate) in self.failed)

    @property
    def tariff(self) -> Book | None:
        """What a stay without a permit costs; None: nothing."""
        return in_force(self.posted, self.rules)

    def permit_by_card(self, card: str, at: Instant) -> Permit | None:
        """The permit that this card opens for: its own, or the one that stands in for it (R04)."""
        if card in self.cards.stopped:
            return None
        key = self.permit_of_card.get(card) or self.cards.permit_of.get(card)
        permit = self.permits.get(key) if key is not None else None
        if permit is None or working_card(self.cards, permit.id, permit.card) != card:
            return None
        return self.permit(permit.id, at)

    def permit_by_plate(self, plate: str, at: Instant) -> Permit | None:
        """The permit that this plate stands for now: its own, or the one it is a substitute for (R03)."""
        key = self.permit_of_plate.get(plate)
        if key is None:
            instead = self.substitutions.with_plate(plate, at)
            return None if instead is None else self.permit(instead.permit_id, at)
        return self.permits[key] if self.substitutions.for_permit(key, at) is None else None

    def permit(self, permit_id: str, at: Instant) -> Permit | None:
        """That permit as it is driven now: with the substitute's plate, where there is one (R03)."""
        permit = self.permits.get(permit_id)
        if permit is None:
            return self.contractors.permit(permit_id)
        instead = self.substitutions.for_permit(permit_id, at)
        return permit if instead is None else replace(permit, plate=instead.plate)

    def stay_by_permit(self, permit_id: str) -> Stay | None:
        key = self.stay_of_permit.get(permit_id)
        return None if key is None else self.stays[key]

    def stay_by_card(self, card: str | None) -> Stay | None:
        """The open stay that a temporary card went out with."""
        key = self.cards.stay_of.get(card) if card is not None else None
        return None if key is None else self.stays.get(key)

    def stay_by_plate(self, plate: str) -> Stay | None:
        key = self.stay_of_plate.get(plate)
        return None if key is None else self.stays[key]


def empty_state(lanes: tuple[LaneRules, ...], site: SiteRules = USUAL_SITE) -> State:
    """The state of a gate with an empty ledger."""
    return State(
        lanes=MappingProxyType({rules.id: LaneState(rules=rules) for rules in lanes}),
        rules=site,
    )


def next_turn(state: State, key: str) -> int:
    """The turn of the next change of a card (`card:…`) or line (`watch:…`); 0 for a gate without siblings."""
    return state.siblings.turns.get(key, Turn()).number + 1 if state.rules.siblings else 0
