"""What must hold of the post, told from the rows of a ledger: somebody is always on duty, rounds are counted.

The law of this file: as in `daemon.worlds.audit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from daemon.worlds.premises import PATROL_CARD, STAFF
from daemon.worlds.reader import Row

_NO_CARS = frozenset({PATROL_CARD, *STAFF.values()})


@dataclass(slots=True)
class PostAudit:
    """One walk over all rows."""

    _on_duty: str | None = None
    _shift: int = 0
    _arrived: set[str] = field(default_factory=set)
    _signed: Row | None = None
    """A handover that the next row has to make true."""
    _alerts: set[str] = field(default_factory=set)
    _rounds: dict[tuple[str, str], int] = field(default_factory=dict)
    """Check-ins by duty and the end of the slot."""
    _missed: set[tuple[str, str]] = field(default_factory=set)

    def walk(self, rows: list[Row]) -> Iterator[str]:
        for row in rows:
            if self._signed is not None and row.kind != "shift_started":
                yield f"row {self._signed.seq}: one has gone off duty, and nobody has come on"
                self._signed = None
            check = _CHECKS.get(row.kind)
            if check is not None:
                yield from (f"row {row.seq} {row.kind}: {what}" for what in check(self, row))
        if self._signed is not None:
            yield f"row {self._signed.seq}: one has gone off duty, and nobody has come on"

    # ------------------------------------------------------------ who is on duty

    def _guard_arrived(self, row: Row) -> Iterator[str]:
        name = row.body["guard"]["name"]
        if name == self._on_duty or name in self._arrived:
            yield f"{name} is there already"
        self._arrived.add(name)

    def _handover_signed(self, row: Row) -> Iterator[str]:
        self._signed = row
        if row.body["leaving"]["name"] != self._on_duty:
            yield f"{row.body['leaving']['name']} gives, and {self._on_duty} is on duty"
        listed = {item["ref"] for item in row.body["items"] if item["what"] == "alert"}
        if listed != self._alerts:
            yield f"alerts {sorted(listed ^ self._alerts)} are open, or on the list, and not both"

    def _shift_started(self, row: Row) -> Iterator[str]:
        name, signed = row.body["guard"]["name"], self._signed
        self._signed = None
        if row.body["number"] != self._shift + 1:
            yield f"number {row.body['number']} follows {self._shift}"
        if self._on_duty is not None and signed is None:
            yield f"{self._on_duty} has not handed over"
        if signed is not None and signed.body["taking"]["name"] != name:
            yield f"{signed.body['taking']['name']} has signed, and {name} is on duty"
        if name not in self._arrived and not row.body["stands_in"]:
            yield f"{name} has not come"
        self._on_duty, self._shift = name, row.body["number"]
        self._arrived.clear()

    def _guard_left(self, row: Row) -> Iterator[str]:
        name = row.body["guard"]["name"]
        if name == self._on_duty:
            yield f"{name} is on duty"
        self._arrived.discard(name)

    def _alert_raised(self, row: Row) -> Iterator[str]:
        self._alerts.add(row.body["alert_id"])
        yield from ()

    def _alert_cleared(self, row: Row) -> Iterator[str]:
        self._alerts.discard(row.body["alert_id"])
        yield from ()

    # ------------------------------------------------------------ rounds

    def _card_presented(self, row: Row) -> Iterator[str]:
        if row.body["card"] in _NO_CARS:
            yield "that is no car's card"

    def _duty_done(self, row: Row) -> Iterator[str]:
        body = row.body
        if body["slot_until"] is None:
            return
        key = body["duty"], body["slot_until"]
        if key in self._missed:
            yield "the slot has been missed"
        self._rounds[key] = self._rounds.get(key, 0) + 1
        if body["count"] != self._rounds[key]:
            yield f"{body['count']} check-ins, and it is number {self._rounds[key]}"

    def _duty_missed(self, row: Row) -> Iterator[str]:
        body = row.body
        key = body["duty"], body["slot_until"]
        if body["count"] >= body["wanted"] or self._rounds.get(key, 0) >= body["wanted"]:
            yield "it was done"
        if key in self._missed:
            yield "it has been missed before"
        self._missed.add(key)


_Check = Callable[[PostAudit, Row], Iterator[str]]
_CHECKS: dict[str, _Check] = {
    name: getattr(PostAudit, f"_{name}")
    for name in (
        "guard_arrived", "handover_signed", "shift_started", "guard_left", "alert_raised", "alert_cleared",
        "card_presented", "duty_done", "duty_missed",
    )
}  # fmt: skip
