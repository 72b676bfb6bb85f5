"""Which frames show the same car, and when enough of them agree.

The law of this file: pure. One approach of one car is one track; a track speaks once, and again only when its
text becomes another plate. It speaks when `agree` frames read the same plate, or when its time is up, then
with what it has, unreadable included. A frame that is too old when it would settle settles nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from daemon.core.plates import UNREADABLE, Reading, Vote, distance, is_plate, normalise, vote
from daemon.core.signals import Char
from drivers.protocols import PlateReading

SECOND_NS = 1_000_000_000

TOO_OLD_NS = 2 * SECOND_NS
"""A frame older than this no longer says what stands at the boom."""
GONE_AFTER_NS = 2 * SECOND_NS
"""A plate not seen for this long has gone, where no loop says that the car is still there."""
HIDDEN_FOR_NS = 30 * SECOND_NS
"""Where a loop says so, a car whose plate is hidden is still there; but not for ever: loops stick."""
SAME_TEXT = 2.0
"""Two texts at most this far apart (`daemon.core.plates.distance`) may be one plate read twice."""
SAME_PLACE = 0.1
"""Two boxes that share at least this part of their union may be one plate, moving."""
VOTERS = 12
"""How many of a track's latest frames vote: a standing car must not be held to how it looked far off."""
LEGIBLE = 5
"""With fewer characters than this a read says nothing: a badge, a telephone number, a time stamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRules:
    """When a track speaks."""

    settle_after_ns: int
    agree: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A lane's plate in one frame."""

    reading: PlateReading
    taken_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A track speaks."""

    track: str
    again: int
    """0 the first time, then 1, 2… each time the text has become another one."""
    vote: Vote
    sighting: Sighting
    """The latest frame in which this track's plate was seen."""
    frames: int
    """How many frames of this track showed a plate."""


@dataclass(slots=True)
class _Track:
    name: str
    first_ns: int
    sighting: Sighting
    frames: int = 0
    readings: deque[Reading] = field(default_factory=lambda: deque(maxlen=VOTERS))
    vote: Vote = UNREADABLE
    said: list[str] = field(default_factory=list)

    def add(self, sighting: Sighting) -> None:
        self.sighting = sighting
        self.frames += 1
        self.readings.append(_reading(sighting.reading))
        self.vote = vote(self.readings)


class Tracker:
    """The tracks of one lane. `new_name` gives each a name that is unique in the site."""

    def __init__(self, rules: TrackRules, new_name: Callable[[], str]) -> None:
        self._rules = rules
        self._new_name = new_name
        self._tracks: list[_Track] = []
        """The one seen last comes last."""

    @property
    def has_settled(self) -> bool:
        """True while the car in the picture has been named."""
        return bool(self._tracks) and any(is_plate(text) for text in self._tracks[-1].said)

    @property
    def current(self) -> str | None:
        """The name of the track that was seen last."""
        return self._tracks[-1].name if self._tracks else None

    def forget(self) -> None:
        """The car has come, or has gone: what is seen from now on is another one."""
        self._tracks.clear()

    def see(
        self, readings: Sequence[PlateReading], *, taken_ns: int, now_ns: int, held: bool
    ) -> Settled | None:
        """Take in one frame's plates. `held` says that a loop knows a car to be there the whole time."""
        self._drop_gone(taken_ns, held)
        reading = the_lanes_plate(readings)
        if reading is not None:
            self._add(Sighting(reading=reading, taken_ns=taken_ns), held)
        if not self._tracks or now_ns - taken_ns > TOO_OLD_NS:
            return None
        return self._settled(self._tracks[-1], taken_ns)

    def _drop_gone(self, taken_ns: int, held: bool) -> None:
        last = self._tracks[-1] if self._tracks and held else None
        self._tracks = [
            track
            for track in self._tracks
            if taken_ns - track.sighting.taken_ns <= (HIDDEN_FOR_NS if track is last else GONE_AFTER_NS)
        ]

    def _add(self, sighting: Sighting, held: bool) -> None:
        reading = sighting.reading
        track = next((each for each in reversed(self._tracks) if _has_same_text(each, reading)), None)
        track = track or next((each for each in reversed(self._tracks) if _may_be(each, reading, held)), None)
        if track is None:
            track = _Track(name=self._new_name(), first_ns=sighting.taken_ns, sighting=sighting)
        else:
            self._tracks.remove(track)
        track.add(sighting)
        self._tracks.append(track)

    def _settled(self, track: _Track, taken_ns: int) -> Settled | None:
        agreed = track.vote.is_valid and track.vote.agreeing >= self._rules.agree
        # One odd frame between many of another car is no car of its own.
        is_the_lanes_car = all(track.frames >= other.frames for other in self._tracks)
        is_due = taken_ns - track.first_ns >= self._rules.settle_after_ns and is_the_lanes_car
        speaks = (agreed and track.vote.text not in track.said[-1:]) or (is_due and not track.said)
        if not speaks:
            return None
        settled = Settled(
            track=track.name,
            again=len(track.said),
            vote=track.vote if track.vote.is_valid or len(track.vote.text) >= LEGIBLE else UNREADABLE,
            sighting=track.sighting,
            frames=track.frames,
        )
        track.said.append(settled.vote.text)
        return settled


def the_lanes_plate(readings: Sequence[PlateReading]) -> PlateReading | None:
    """The plate that counts: the widest that is legible. The car behind is narrower and never wins.

    What is seen but cannot be read counts only where nothing can: a badge must not hide the plate below it.
    """
    legible = [reading for reading in readings if len(_text(reading)) >= LEGIBLE]
    return next(iter(legible or readings), None)


def _text(reading: PlateReading) -> str:
    return _reading(reading).text


def _reading(reading: PlateReading) -> Reading:
    chars = (
        Char(
            normalise(char.char), char.belief, tuple((normalise(name), share) for name, share in char.others)
        )
        for char in reading.chars
    )
    return Reading(chars=tuple(char for char in chars if len(char.char) == 1), confidence=reading.confidence)


def _has_same_text(track: _Track, reading: PlateReading) -> bool:
    text = _text(reading)
    return bool(text) and distance(text, track.vote.text) <= SAME_TEXT


def _may_be(track: _Track, reading: PlateReading, held: bool) -> bool:
    """True where a read that is not alike may still be that car: read badly, in the same place."""
    if is_plate(_text(reading)) and track.vote.is_valid:
        return False
    return overlap(track.sighting.reading.corners, reading.corners) >= SAME_PLACE or (
        held and not is_plate(_text(reading))
    )


def overlap(one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> float:
    """The part of their union that the upright boxes round two quadrilaterals share, 0 to 1."""
    (left, top, right, bottom), (west, north, east, south) = bounds(one), bounds(other)
    common = max(0.0, min(right, east) - max(left, west)) * max(0.0, min(bottom, south) - max(top, north))
    union = (right - left) * (bottom - top) + (east - west) * (south - north) - common
    return common / union if union > 0 else 0.0


def bounds(corners: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the upright box round those corners."""
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(down), max(across), max(down)
