"""What must hold of a ledger, told from its rows alone: who was let through, who is inside, what was ordered.

The law of this file: necessary conditions only, in words of their own. It asks neither `daemon.core` nor the
tables; where it and the gate disagree, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from daemon.worlds.reader import Row

_WINDOW_S = 10.0
_LOOK_ALIKE = frozenset(map(frozenset, ("D0", "G6", "Z2", "S8", "C0")))
_REASON_OF_MODE = {
    "card_and_plate": "permit_card_and_plate",
    "card_only": "permit_card",
    "plate_only": "permit_plate",
}

_OVER = {
    "charge_unpaid": "money",
    "charge_doubtful": "money",
    "dangerous_goods": "list",
    "large_needs_approval": "list",
    "lane_locked": "lock",
}
"""What a car may be held over that is not for the guard alone to end."""
_NEWS = {
    "charge_quoted": "money",
    "stay_rated": "money",
    "payment_taken": "money",
    "credit_used": "money",
    "charge_waived": "money",
    "car_unclassified": "list",
    "lane_unlocked": "lock",
}


@dataclass(slots=True)
class _Seen:
    """What one passage has shown."""

    card: str | None = None
    card_at: float = 0.0
    plate: str | None = None
    plate_at: float = 0.0
    is_held: bool = False
    offered: set[str] = field(default_factory=set)
    """The stays that the guard was shown as what it may be."""
    is_granted: bool = False
    was_under_boom: bool = False
    is_forced: bool = False


@dataclass(slots=True)
class Audit:
    """One walk over all rows. `modes` and `directions` are what config.yaml says of each lane, `expired` what
    becomes of a permit that has run out."""

    modes: Mapping[str, str]
    directions: Mapping[str, str]
    expired: str
    permits: dict[str, dict[str, Any]] = field(default_factory=dict)
    stays: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Open ones."""
    _passages: dict[str, _Seen] = field(default_factory=dict)
    _stay_ids: set[str] = field(default_factory=set)
    _let_through: dict[str, str] = field(default_factory=dict)
    """Which passage each lane is letting through."""
    _boom: dict[str, str] = field(default_factory=dict)
    _unseen: set[str] = field(default_factory=set)
    """Passages that opened a stay before any loop saw a car under the boom."""
    _alerts: set[str] = field(default_factory=set)
    _open_for_all: set[str] = field(default_factory=set)
    """Lanes that are held open, and "fire" in a fire: who drives in there is let through as he drives in."""
    _stopped: set[str] = field(default_factory=set)
    """Cards that are lost, blocked or returned."""
    _issued: dict[str, str] = field(default_factory=dict)
    """Cards of the desk, to their permit."""
    _substitutions: dict[str, dict[str, Any]] = field(default_factory=dict)
    _confirmed: set[str] = field(default_factory=set)
    _held_over: dict[str, list[_Seen]] = field(default_factory=dict)
    """Who is held over money, a list, a lock; "" for what only the car itself can bring news of."""
    _owed: tuple[Row, tuple[str, ...]] | None = None

    def walk(self, rows: list[Row]) -> Iterator[str]:
        """What is wrong, in words, in the order of the rows."""
        for row in rows:
            if self._owed is not None and row.body["at"] != self._owed[0].body["at"]:
                yield from self._settle_debt()
            check = _CHECKS.get(row.kind)
            if check is not None:
                yield from (f"row {row.seq} {row.kind}: {what}" for what in check(self, row))
        if self._owed is not None:
            yield from self._settle_debt()

    def _settle_debt(self) -> Iterator[str]:
        assert self._owed is not None
        row, alerts = self._owed
        self._owed = None
        if self._alerts.isdisjoint(alerts):
            yield f"row {row.seq}: a car drove under the boom, nobody was let through, and no alert says so"

    def _seen(self, row: Row) -> _Seen:
        return self._passages.setdefault(str(row.passage), _Seen())

    # ------------------------------------------------------------ facts without a judgement

    def _permit_granted(self, row: Row) -> Iterator[str]:
        permit = row.body["permit"]
        for other in self.permits.values():
            if other["id"] != permit["id"] and permit["card"] == other["card"]:
                yield f"card {permit['card']} already is of {other['id']}"
        self.permits[permit["id"]] = permit

    def _permit_withdrawn(self, row: Row) -> Iterator[str]:
        self.permits.pop(row.body["permit_id"], None)
        yield from ()

    def _passage_opened(self, row: Row) -> Iterator[str]:
        if row.passage in self._passages:
            yield f"passage {row.passage} has been opened before"
        self._passages[str(row.passage)] = _Seen()

    def _card_presented(self, row: Row) -> Iterator[str]:
        seen = self._seen(row)
        seen.card, seen.card_at, seen.is_held = row.body["card"], row.mono_s, False
        yield from ()

    def _plate_seen(self, row: Row) -> Iterator[str]:
        seen = self._seen(row)
        seen.plate, seen.plate_at, seen.is_held = row.body["plate"], row.mono_s, False
        yield from ()

    def _car_held(self, row: Row) -> Iterator[str]:
        seen = self._seen(row)
        seen.is_held = True
        seen.offered.update(one["stay_id"] for one in row.body["candidates"])
        self._held_over.setdefault(_OVER.get(row.body["reason"], ""), []).append(seen)
        yield from ()

    def _news(self, row: Row) -> Iterator[str]:
        """Something new about what cars are held over: whoever was, may go."""
        for seen in self._held_over.pop(_NEWS[row.kind], ()):
            seen.is_held = False
        yield from ()

    def _car_under_boom(self, row: Row) -> Iterator[str]:
        seen = self._seen(row)
        seen.was_under_boom = True
        if not seen.is_granted:
            yield "it was never let through"

    def _car_forced_in(self, row: Row) -> Iterator[str]:
        seen, lane = self._seen(row), str(row.lane)
        seen.was_under_boom = seen.is_forced = True
        self._let_through[lane] = str(row.passage)
        if seen.is_granted:
            yield "it was let through"
        if self._alerts.isdisjoint((f"passed_without_grant:{lane}", f"tailgating:{lane}")):
            yield "nobody let it through, and no alert says so"

    def _passage_closed(self, row: Row) -> Iterator[str]:
        if self._let_through.get(str(row.lane)) == row.passage:
            del self._let_through[str(row.lane)]
        if row.passage in self._unseen and row.body["outcome"] != "unconfirmed":
            yield "it counts as inside, and no loop saw it under the boom"
        self._unseen.discard(str(row.passage))

    def _boom_moved(self, row: Row) -> Iterator[str]:
        self._boom[str(row.lane)] = row.body["boom"]
        yield from ()

    def _gate_started(self, row: Row) -> Iterator[str]:
        del row
        self._boom.clear()
        yield from ()

    def _alert_raised(self, row: Row) -> Iterator[str]:
        self._alerts.add(row.body["alert_id"])
        yield from ()

    def _alert_cleared(self, row: Row) -> Iterator[str]:
        self._alerts.discard(row.body["alert_id"])
        yield from ()

    def _opened_for_all(self, row: Row) -> Iterator[str]:
        self._open_for_all.add(row.lane or "fire")
        yield from ()

    def _over_for_all(self, row: Row) -> Iterator[str]:
        self._open_for_all.discard(row.lane or "fire")
        yield from ()

    def _loop_reported(self, row: Row) -> Iterator[str]:
        lane = str(row.lane)
        is_under = row.body["loop"] == "safety" and row.body["state"] == "occupied"
        is_for_nobody = lane not in self._let_through and not self._open_for_all & {lane, "fire"}
        if is_under and is_for_nobody and self._boom.get(lane) in ("up", "moving"):
            self._owed = row, (f"passed_without_grant:{lane}", f"tailgating:{lane}")
        yield from ()

    # ------------------------------------------------------------ cards, and other cars

    def _card_stopped(self, row: Row) -> Iterator[str]:
        self._stopped.add(row.body["card"])
        yield from ()

    def _card_freed(self, row: Row) -> Iterator[str]:
        self._stopped.discard(row.body["card"])
        yield from ()

    def _card_issued(self, row: Row) -> Iterator[str]:
        self._stopped.discard(row.body["card"])
        self._issued[row.body["card"]] = row.body["permit_id"]
        yield from ()

    def _substitution_registered(self, row: Row) -> Iterator[str]:
        one = row.body["substitution"]
        self._substitutions[one["number"]] = one
        yield from ()

    def _substitution_confirmed(self, row: Row) -> Iterator[str]:
        number = row.body["number"]
        self._confirmed.add(number)
        for seen in self._passages.values():
            if seen.plate == self._substitutions[number]["plate"]:
                seen.is_held = False  # the car that it was registered for
        if row.body["by"]["role"] not in ("leader", "supervisor"):
            yield f"by a {row.body['by']['role']}"
        if row.body["by"]["name"] == self._substitutions[number]["by"]["name"]:
            yield "by whoever has registered it"

    def _substitution_ended(self, row: Row) -> Iterator[str]:
        self._substitutions.pop(row.body["number"], None)
        self._confirmed.discard(row.body["number"])
        yield from ()

    # ------------------------------------------------------------ who is inside

    def _stay_opened(self, row: Row) -> Iterator[str]:
        body = row.body
        if body["stay_id"] in self._stay_ids:
            yield f"stay {body['stay_id']} has been opened before"
        self._stay_ids.add(body["stay_id"])
        for stay in self.stays.values():
            if stay["plate"] == body["plate"]:
                yield f"{body['plate']} is inside already, as {stay['stay_id']}"
            if body["permit_id"] is not None and stay["permit_id"] == body["permit_id"]:
                yield f"permit {body['permit_id']} is inside already, as {stay['stay_id']}"
        if not self._seen(row).is_granted and not self._seen(row).is_forced:
            yield f"passage {row.passage} was never let through"
        if not self._seen(row).was_under_boom:
            self._unseen.add(str(row.passage))
        self.stays[body["stay_id"]] = body

    def _stay_closed(self, row: Row) -> Iterator[str]:
        if self.stays.pop(row.body["stay_id"], None) is None:
            yield f"stay {row.body['stay_id']} is not open"

    # ------------------------------------------------------------ who was let through

    def _access_granted(self, row: Row) -> Iterator[str]:
        seen, lane = self._seen(row), str(row.lane)
        if seen.is_granted:
            yield "it has been let through before"
        was_held = seen.is_held
        seen.is_granted, seen.is_held = True, False
        self._let_through[lane] = str(row.passage)
        reason = row.body["reason"]
        if row.body["by"] is not None or reason == "fire":
            return
        if was_held:
            yield "the guard was to decide, and nothing new was shown"
        if reason == "temporary_pass":
            yield from self._temporary_pass(row, seen)
        elif reason == "temporary_exit":
            if not any(self._may_be(seen, stay) for stay in self.stays.values()):
                yield f"no open stay is of {seen.plate or seen.card}"
        elif reason == "exempt_vehicle":
            stay = self.stays.get(row.body["stay_id"] or "")
            if not (seen.plate or "").endswith("警") and (stay is None or stay["stay_kind"] != "exempt"):
                yield f"{seen.plate} is no vehicle of the police"
        elif reason != _REASON_OF_MODE[self.modes[lane]]:
            yield f"reason {reason} in a lane of mode {self.modes[lane]}"
        else:
            yield from self._by_permit(row, seen)

    def _may_be(self, seen: _Seen, stay: dict[str, Any]) -> bool:
        """By its plate, by the card of its permit that has run out, or as the guard has picked it."""
        is_its_card = any(
            one["card"] == seen.card and (one["id"] == stay["permit_id"] or one["plate"] == stay["plate"])
            for one in self.permits.values()
        )
        return stay["plate"] == seen.plate or is_its_card or stay["stay_id"] in seen.offered

    def _temporary_pass(self, row: Row, seen: _Seen) -> Iterator[str]:
        if self.directions[str(row.lane)] != "entry":
            yield "a temporary pass at an exit"
        if not seen.plate:
            yield "a temporary pass without a plate"
        if any(
            permit["plate"] == seen.plate and not self._is_worth_a_visit(permit, row)
            for permit in self.permits.values()
        ):
            yield f"{seen.plate} has a permit and needs its card"
        if any(stay["plate"] == seen.plate for stay in self.stays.values()):
            yield f"{seen.plate} is inside already"
        if any(
            one["plate"] == seen.plate and self._holds(number, row)
            for number, one in self._substitutions.items()
        ):
            yield f"{seen.plate} stands in for a permit's car and needs its card"

    def _opens(self, seen: _Seen, permit: dict[str, Any]) -> Iterator[str]:
        """The permit's own card, or the desk's while that is lost or blocked; never a stopped one."""
        card = seen.card or ""
        stands_in = self._issued.get(card) == permit["id"] and permit["card"] in self._stopped
        if card != permit["card"] and not stands_in:
            yield f"card {card} is not {permit['id']}'s"
        if card in self._stopped:
            yield f"card {card} is stopped"

    def _is_its_car(self, row: Row, seen: _Seen, permit: dict[str, Any], *, loosely: bool) -> bool:
        """What stands for the permit now; who is leaving may be what it came in with."""
        plate = permit["plate"]
        for number, one in self._substitutions.items():
            if one["permit_id"] == permit["id"] and self._holds(number, row):
                plate = one["plate"]
        is_inside_so = self.directions[str(row.lane)] == "exit" and any(
            stay["permit_id"] == permit["id"] and stay["plate"] == seen.plate for stay in self.stays.values()
        )
        return is_inside_so or _is_plate_of(seen.plate, plate, loosely=loosely)

    def _holds(self, number: str, row: Row) -> bool:
        """True where that change of car is confirmed, and its time is not over."""
        until = datetime.fromisoformat(self._substitutions[number]["valid_until"])
        return number in self._confirmed and not (row.is_trusted and row.wall >= until)

    def _is_worth_a_visit(self, permit: dict[str, Any], row: Row) -> bool:
        return self.expired == "temporary" and row.is_trusted and not _is_valid(permit, row.wall)

    def _by_permit(self, row: Row, seen: _Seen) -> Iterator[str]:
        mode, lane = self.modes[str(row.lane)], str(row.lane)
        permit = self.permits.get(row.body["permit_id"] or "")
        if permit is None:
            yield f"there is no permit {row.body['permit_id']}"
            return
        if mode != "plate_only":
            yield from self._opens(seen, permit)
        if mode != "card_only" and not self._is_its_car(row, seen, permit, loosely=mode != "plate_only"):
            yield f"plate {seen.plate} is not {permit['id']}'s"
        if mode == "card_and_plate" and abs(seen.card_at - seen.plate_at) > _WINDOW_S:
            yield f"card and plate are {abs(seen.card_at - seen.plate_at):.1f} s apart"
        if permit["lanes"] and lane not in permit["lanes"]:
            yield f"{permit['id']} may not use {lane}"
        if row.is_trusted and not _is_valid(permit, row.wall):
            yield f"{permit['id']} is not valid at {row.wall}"
        is_inside = any(stay["permit_id"] == permit["id"] for stay in self.stays.values())
        if is_inside is (self.directions[lane] == "entry"):
            yield f"{permit['id']} {'is inside already' if is_inside else 'is not inside'}"


_Check = Callable[[Audit, Row], Iterator[str]]
_CHECKS: dict[str, _Check] = {
    name: getattr(Audit, f"_{name}")
    for name in (
        "permit_granted", "permit_withdrawn", "passage_opened", "card_presented", "plate_seen", "car_held",
        "car_under_boom", "car_forced_in", "passage_closed", "boom_moved", "gate_started", "alert_raised",
        "alert_cleared",
        "loop_reported", "stay_opened", "stay_closed", "access_granted", "card_stopped", "card_freed",
        "card_issued", "substitution_registered", "substitution_confirmed", "substitution_ended",
    )
}  # fmt: skip
_CHECKS |= dict.fromkeys(_NEWS, Audit._news)
_CHECKS |= dict.fromkeys(("hold_open_started", "fire_alarmed"), Audit._opened_for_all)
_CHECKS |= dict.fromkeys(("hold_open_ended", "fire_was_reset"), Audit._over_for_all)


def _is_plate_of(read: str | None, plate: str, *, loosely: bool) -> bool:
    if read == plate:
        return True
    if not read or not loosely:
        return False
    if len(read) != len(plate):
        return plate.startswith(read) and len(plate) - len(read) == 1
    differing = [frozenset(pair) for pair in zip(read, plate, strict=True) if pair[0] != pair[1]]
    return len(differing) == 1 and (differing[0] in _LOOK_ALIKE or "皖" in differing[0])


def _is_valid(permit: dict[str, Any], now: datetime) -> bool:
    first, last = permit["valid_from"], permit["valid_until"]
    return (first is None or datetime.fromisoformat(first) <= now) and (
        last is None or now < datetime.fromisoformat(last)
    )
