"""Facts for the tests of the store: any value of every kind, and long histories as a gate could have them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from random import Random
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from daemon.core.facts import (
    AccessGranted,
    AccessRefused,
    AlertCleared,
    AlertRaised,
    BoomRaiseOrdered,
    CardPresented,
    CarHeld,
    Fact,
    PassageClosed,
    PassageOpened,
    PermitGranted,
    PermitWithdrawn,
    PictureKept,
    PlateSeen,
    StayClosed,
    StayOpened,
)
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.signals import Actor, Char, Instant, Permit

OFFICE = Actor(name="物业", role="office")
GUARD = Actor(name="王师傅", role="guard")

PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: st.text(max_size=30),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    NoneType: st.none(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    timedelta: st.timedeltas(timedelta(0), timedelta(days=40_000)),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type, by nothing but its type hints."""
    if hint in PLAIN:
        return PLAIN[hint]
    if dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(
            hint, **{field.name: values_of(hints[field.name]) for field in dataclasses.fields(hint)}
        )
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    parts = get_args(hint)
    match get_origin(hint):
        case origin if origin is Literal:
            return st.sampled_from(parts)
        case origin if origin in (Union, UnionType):
            return st.one_of(*map(values_of, parts))
        case origin if origin is tuple and parts[-1] is Ellipsis:
            return st.lists(values_of(parts[0]), max_size=3).map(tuple)
        case origin if origin is tuple:
            return st.tuples(*map(values_of, parts))
        case _:
            raise TypeError(f"no strategy for {hint}")


def instant(number: int) -> Instant:
    """One second after another."""
    wall = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=number)
    return Instant("boot-1", timedelta(seconds=number), wall, True)


def permit(number: int, **changes: Any) -> Permit:
    one = Permit(
        id=f"P{number}",
        card=f"{number:08X}",
        plate=f"粤B{number:05d}",
        holder=f"住户{number}",
        household="1-101",
    )
    return dataclasses.replace(one, **changes)


def stay(number: int, **changes: Any) -> StayOpened:
    one = StayOpened(
        at=instant(number),
        lane="entry-1",
        passage=f"X{number}",
        stay_id=f"S{number}",
        stay_kind="permit",
        plate=f"粤B{number:05d}",
        permit_id=f"P{number}",
    )
    return dataclasses.replace(one, **changes)


class History:
    """A gate's life by a seed: cars of a few households come and go, permits change, alerts come up."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._time = 0
        self._passages = 0
        self._stays = 0
        self._permits: dict[str, Permit] = {}
        self._inside: dict[str, str] = {}
        self._alerts: list[str] = []

    def facts(self, length: int) -> list[Fact]:
        """At least so many facts, whole decisions one after another."""
        return [fact for decision in self.decisions(length) for fact in decision]

    def decisions(self, length: int) -> Iterator[list[Fact]]:
        while length > 0:
            choose = self._random.choices((self._car, self._permit_changed, self._alert), weights=(8, 2, 1))[
                0
            ]
            for decision in choose():
                length -= len(decision)
                yield decision

    def _now(self) -> Instant:
        self._time += 1
        return instant(self._time)

    def _permit_changed(self) -> list[list[Fact]]:
        number = self._random.randrange(12)
        one = permit(number, holder=f"住户{self._random.randrange(1000)}")
        if one.id in self._permits and one.id not in self._inside and self._random.random() < 0.3:
            del self._permits[one.id]
            return [[PermitWithdrawn(at=self._now(), permit_id=one.id, by=OFFICE)]]
        self._permits[one.id] = one
        return [[PermitGranted(at=self._now(), permit=one, by=OFFICE)]]

    def _alert(self) -> list[list[Fact]]:
        if self._alerts and self._random.random() < 0.5:
            return [[AlertCleared(at=self._now(), alert_id=self._alerts.pop())]]
        kind = self._random.choice(list(AlertKind))
        key = f"{kind}:{self._time}"
        self._alerts.append(key)
        severity = self._random.choice(list(Severity))
        return [
            [
                AlertRaised(
                    at=self._now(), alert_id=key, alert=kind, severity=severity, subject="x", detail="看一下"
                )
            ]
        ]

    def _car(self) -> list[list[Fact]]:
        if not self._permits:
            return self._permit_changed()
        one = self._random.choice(sorted(self._permits.values(), key=lambda known: known.id))
        leaves = one.id in self._inside
        self._passages += 1
        lane = "exit-1" if leaves else "entry-1"
        where: dict[str, Any] = {"lane": lane, "passage": f"X{self._passages}"}
        opened = PassageOpened(at=self._now(), direction="exit" if leaves else "entry", cause="loop", **where)
        chars = tuple(
            Char(char, round(self._random.random(), 3), (("8", 0.1), ("B", 0.05))) for char in one.plate
        )
        seen = PlateSeen(
            at=self._now(),
            plate=one.plate,
            valid=True,
            confidence=0.97,
            chars=chars,
            colour="blue",
            track=f"t{self._passages}",
            permit_id=one.id,
            picture=f"2026/03/01/{lane}-{self._passages}-frame.jpg",
            crop=None,
            **where,
        )
        shown = CardPresented(at=self._now(), card=one.card, bits=34, permit_id=one.id, **where)
        decisions: list[list[Fact]] = [[opened], [seen]]
        luck = self._random.random()
        if luck < 0.1:
            decisions.append([shown, CarHeld(at=self._now(), reason=Reason.CARD_PLATE_MISMATCH, **where)])
            decisions.append(
                [
                    AccessRefused(at=self._now(), reason=Reason.GUARD, by=GUARD, note="请" * 9, **where),
                    PassageClosed(at=self._now(), outcome="refused", **where),
                ]
            )
            return decisions
        decisions.append(
            [
                shown,
                AccessGranted(
                    at=self._now(),
                    reason=Reason.PERMIT_CARD_AND_PLATE,
                    permit_id=one.id,
                    card=one.card,
                    plate=one.plate,
                    # Now and then a fact that needs more than one page of the file.
                    note="说明" * (1500 if luck < 0.15 else 2),
                    **where,
                ),
                BoomRaiseOrdered(at=self._now(), reason=Reason.PERMIT_CARD_AND_PLATE, **where),
                PictureKept(at=self._now(), picture="2026/03/01/x.jpg", **where),
            ]
        )
        if leaves:
            moved: Fact = StayClosed(at=self._now(), stay_id=self._inside.pop(one.id), how="exit", **where)
        else:
            self._stays += 1
            self._inside[one.id] = f"S{self._stays}"
            moved = StayOpened(
                at=self._now(),
                stay_id=f"S{self._stays}",
                stay_kind="permit",
                plate=one.plate,
                permit_id=one.id,
                card=one.card,
                **where,
            )
        decisions.append([moved, PassageClosed(at=self._now(), outcome="passed", **where)])
        return decisions


def history(length: int, seed: int = 1) -> list[Fact]:
    return History(seed).facts(length)[:length]
