"""What takes a person of rank, told from the rows of a ledger: locked lanes, watched cars, holds, fires.

The law of this file: as in `daemon.worlds.audit`. Whoever may not do it is refused; what was done was done by
somebody who may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from daemon.worlds.reader import Row
from daemon.worlds.truth import Truth

_LEADERS = frozenset({"leader", "supervisor"})
_SUPERVISORS = frozenset({"supervisor"})
_SLACK_S = 70.0
"""A hold ends by a timer: behind a stall, a minute without power, a disk that refuses for 63 s at most."""


@dataclass(slots=True)
class _Hold:
    lasts_s: float
    boot: str
    latest_s: float
    """By when it has to be over, in seconds of the world."""


@dataclass(slots=True)
class RankAudit:
    """One walk over all rows."""

    truth: Truth
    directions: Mapping[str, str]
    _locked: set[str] = field(default_factory=set)
    _held: dict[str, _Hold] = field(default_factory=dict)
    _watched: set[tuple[str, str]] = field(default_factory=set)
    """Signs of the watch list: `plate` or `card`, and its value."""
    _classed: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """What each passage has shown that was on the list then."""
    _shown: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    _plates: dict[str, str] = field(default_factory=dict)
    _granted: set[str] = field(default_factory=set)
    _input: str = "unknown"
    _is_burning: bool = False

    def walk(self, rows: list[Row]) -> Iterator[str]:
        for row in rows:
            yield from self._over_by_now(row)
            check = _CHECKS.get(row.kind)
            if check is not None:
                yield from (f"row {row.seq} {row.kind}: {what}" for what in check(self, row))

    # ------------------------------------------------------------ lanes

    def _by_leader(self, row: Row) -> Iterator[str]:
        if row.body["by"]["role"] not in _LEADERS:
            yield f"by a {row.body['by']['role']}"

    def _lane_locked(self, row: Row) -> Iterator[str]:
        self._locked.add(str(row.lane))
        yield from self._by_leader(row)

    def _lane_unlocked(self, row: Row) -> Iterator[str]:
        self._locked.discard(str(row.lane))
        yield from self._by_leader(row)

    def _hold_open_started(self, row: Row) -> Iterator[str]:
        lasts_s = row.seconds("lasts")
        if lasts_s <= 0:
            yield f"for {lasts_s} s"
        self._held[str(row.lane)] = _Hold(lasts_s, row.boot, self.truth.at_s(row) + lasts_s + _SLACK_S)
        yield from self._by_leader(row)

    def _hold_open_ended(self, row: Row) -> Iterator[str]:
        if self._held.pop(str(row.lane), None) is None:
            yield "nothing is held open"
        if row.body["by"] is not None:
            yield from self._by_leader(row)

    def _over_by_now(self, row: Row) -> Iterator[str]:
        for lane, hold in list(self._held.items()):
            if row.boot != hold.boot:
                # Over a reboot it may last its whole length anew, where nobody knows the time.
                hold.boot, hold.latest_s = row.boot, self.truth.at_s(row) + hold.lasts_s + _SLACK_S
            if self.truth.at_s(row) > hold.latest_s:
                yield f"row {row.seq}: {lane} is still held open, and was to be for {hold.lasts_s:.0f} s"
                del self._held[lane]

    # ------------------------------------------------------------ fire

    def _gate_started(self, row: Row) -> Iterator[str]:
        self._input = "unknown"
        for hold in self._held.values():
            hold.latest_s = max(hold.latest_s, self.truth.at_s(row) + _SLACK_S)
        yield from ()

    def _fire_input_changed(self, row: Row) -> Iterator[str]:
        self._input = row.body["input"]
        yield from ()

    def _fire_alarmed(self, row: Row) -> Iterator[str]:
        del row
        if self._input != "alarm":
            yield f"and the input is {self._input}"
        self._is_burning = True

    def _fire_was_reset(self, row: Row) -> Iterator[str]:
        if not self._is_burning:
            yield "there was no fire"
        if self._input != "quiet":
            yield f"and the input is {self._input}"
        self._is_burning = False
        yield from self._by_leader(row)

    def _boom_lower_ordered(self, row: Row) -> Iterator[str]:
        if self._is_burning:
            yield "in a fire"
        if row.lane in self._held:
            yield "the lane is held open"

    # ------------------------------------------------------------ cars

    def _watch_listed(self, row: Row) -> Iterator[str]:
        watch = row.body["watch"]
        sign = watch["sign"], watch["value"]
        self._watched.add(sign)
        for passage, shown in self._shown.items():
            if sign in shown and passage not in self._granted:
                self._seen.setdefault(passage, set()).add(sign)
        yield from ()

    def _watch_unlisted(self, row: Row) -> Iterator[str]:
        self._watched.discard((row.body["sign"], row.body["value"]))
        yield from ()

    def _car_classified(self, row: Row) -> Iterator[str]:
        self._classed[row.body["car"]["plate"]] = row.body["car"]["car_class"]
        yield from ()

    def _car_unclassified(self, row: Row) -> Iterator[str]:
        self._classed.pop(row.body["plate"], None)
        yield from ()

    def _card_presented(self, row: Row) -> Iterator[str]:
        self._shows(row, ("card", row.body["card"]))
        yield from ()

    def _plate_seen(self, row: Row) -> Iterator[str]:
        self._plates[str(row.passage)] = row.body["plate"]
        self._shows(row, ("plate", row.body["plate"]))
        yield from ()

    def _shows(self, row: Row, sign: tuple[str, str]) -> None:
        passage = str(row.passage)
        self._shown.setdefault(passage, set()).add(sign)
        if sign in self._watched and passage not in self._granted:
            self._seen.setdefault(passage, set()).add(sign)

    def _passage_closed(self, row: Row) -> Iterator[str]:
        self._shown.pop(str(row.passage), None)
        yield from ()

    def _access_granted(self, row: Row) -> Iterator[str]:
        passage, reason = str(row.passage), row.body["reason"]
        self._granted.add(passage)
        if reason == "fire":
            if not self._is_burning:
                yield "for a fire, and there is none"
            return
        if reason == "lane_held_open" and row.lane not in self._held:
            yield "the lane is not held open"
        if row.lane in self._locked:
            yield from self._needs(row, _LEADERS, "the lane is locked")
        if passage in self._seen:
            yield from self._needs(row, _LEADERS, f"{sorted(self._seen[passage])} is watched")
        is_dangerous = self._classed.get(self._plates.get(passage, "")) == "dangerous"
        if is_dangerous and self.directions[str(row.lane)] == "entry" and reason != "lane_held_open":
            yield from self._needs(row, _SUPERVISORS, "it carries dangerous goods")

    def _needs(self, row: Row, ranks: frozenset[str], why: str) -> Iterator[str]:
        by: dict[str, Any] | None = row.body["by"]
        if by is None or by["role"] not in ranks:
            yield f"{why}, and {by['name'] if by is not None else 'nobody'} has let it through"


_Check = Callable[[RankAudit, Row], Iterator[str]]
_CHECKS: dict[str, _Check] = {
    name: getattr(RankAudit, f"_{name}")
    for name in (
        "lane_locked", "lane_unlocked", "hold_open_started", "hold_open_ended", "gate_started",
        "fire_input_changed", "fire_alarmed", "fire_was_reset", "boom_lower_ordered", "watch_listed",
        "watch_unlisted", "car_classified", "car_unclassified", "card_presented", "plate_seen",
        "passage_closed", "access_granted",
    )
}  # fmt: skip
