"""Plates that a Frigate NVR reads, as signals of the lanes that its cameras look at.

    lanes:
      - id: entry-1
        frigate: {camera: gate-in, min_score: 0.8, max_age_s: 5}

Frigate says each read of a tracked car on `<topic>/tracked_object_update` (its documentation, MQTT, "License
Plate Recognition Update", since 0.16) and whether it runs on `<topic>/available`. The plates come over the
broker of the office: without it none come, so a lane that must open on its own keeps a camera of its own.

The law of this file: `judge` is pure, and no message raises. A plate counts only while it is fresh: Frigate
was seen to hand on a name eight seconds after the car was seen, and the car at the boom is another one by
then. How old a read is, the wall clocks of both machines say; a gate whose own is not to be believed takes a
read for as old as it is on arrival.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from daemon.core.plates import is_plate, normalise
from daemon.core.signals import DeviceLost, DeviceRestored, Instant, PlateRead
from daemon.mqtt.line import Opened
from daemon.mqtt.messages import OFFLINE, ONLINE

if TYPE_CHECKING:
    from daemon.runtime.clock import Clock

log = logging.getLogger(__name__)

DEVICE = "frigate"
LONGEST = 65_536
"""Bytes. An update takes about 200; more is not worth parsing."""
AHEAD = timedelta(seconds=2)
"""By how much the clock of the other machine may be before ours."""
MOST_CHARS = 16
"""No plate is longer, whatever the engine has read."""


class Ignored(StrEnum):
    RETAINED = "retained"
    MALFORMED = "malformed"
    OTHER_NEWS = "other_news"
    """No plate: a face, a description, or a camera that no lane has."""
    UNSURE = "unsure"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a lane takes from Frigate."""

    lane: str
    min_score: float
    max_age: timedelta


@dataclass(frozen=True, slots=True)
class Sighting:
    """One read of one car; `id` names the car for as long as Frigate follows it."""

    watched: Watched
    id: str
    plate: str
    score: float
    at: Instant


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    type: Literal["lpr"]
    id: Annotated[str, Field(min_length=1, max_length=64)]
    camera: str
    plate: Annotated[str, Field(max_length=MOST_CHARS)]
    score: Annotated[float, Field(ge=0, le=1)]
    timestamp: Annotated[float, Field(gt=0, lt=1e11, allow_inf_nan=False)]
    """Seconds since 1970, when the frame was taken; beyond the year 5000 no machine's clock is."""


class _Any(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str


_READS: TypeAdapter[_Read | _Any] = TypeAdapter(Annotated[_Read | _Any, Field(union_mode="left_to_right")])


def judge(
    cameras: Mapping[str, Watched], payload: bytes, now: Instant, *, retained: bool
) -> Sighting | Ignored:
    """What an update means to the lanes of these cameras."""
    if retained:
        return Ignored.RETAINED
    if len(payload) > LONGEST:
        return Ignored.MALFORMED
    try:
        read = _READS.validate_json(payload)
    except ValidationError:
        return Ignored.MALFORMED
    if not isinstance(read, _Read):
        return Ignored.MALFORMED if read.type == "lpr" else Ignored.OTHER_NEWS
    watched = cameras.get(read.camera)
    if watched is None:
        return Ignored.OTHER_NEWS
    if read.score < watched.min_score:
        return Ignored.UNSURE
    age = timedelta(0)
    if now.trusted:
        age = timedelta(seconds=now.wall.timestamp() - read.timestamp)
    if not -AHEAD <= age <= watched.max_age:
        return Ignored.STALE
    age = max(age, timedelta(0))
    taken = replace(now, mono=now.mono - age, wall=now.wall - age)
    return Sighting(watched, read.id, normalise(read.plate), read.score, taken)


class FrigatePlates:
    """Posts a signal for each car that Frigate reads at our lanes, and again only when its plate changes."""

    def __init__(
        self,
        topic: str,
        cameras: Mapping[str, Watched],
        *,
        way: Callable[..., Opened],
        clock: Clock,
        post: Callable[[PlateRead | DeviceLost | DeviceRestored], None],
    ) -> None:
        self._available = f"{topic}/available"
        self._updates = f"{topic}/tracked_object_update"
        self._cameras = cameras
        self._clock = clock
        self._post = post
        self._last: dict[str, tuple[str, str]] = {}
        """Lane to the car and plate that were posted last."""
        self._is_lost = False
        self._ignored: Counter[Ignored] = Counter()
        way(self._available, self._updates)(self)

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        if topic == self._available:
            self._availability(payload)
            return
        match judge(self._cameras, payload, self._clock.now(), retained=retained):
            case Sighting() as sighting:
                self._read(sighting)
            case Ignored() as why:
                self._ignore(why)

    def link_changed(self) -> None:
        """That the broker is gone is said of the broker."""

    def _read(self, sighting: Sighting) -> None:
        lane, seen = sighting.watched.lane, (sighting.id, sighting.plate)
        if self._last.get(lane) == seen:
            return
        self._last[lane] = seen
        self._post(
            PlateRead(
                at=sighting.at,
                lane=lane,
                track=f"frigate-{sighting.id}",
                plate=sighting.plate,
                valid=is_plate(sighting.plate),
                confidence=sighting.score,
                chars=(),
                colour="",
                frames=1,
                picture=None,
                crop=None,
            )
        )

    def _availability(self, payload: bytes) -> None:
        now = self._clock.now()
        if payload == OFFLINE and not self._is_lost:
            self._is_lost = True
            why = "Frigate says that it is offline"
            self._post(DeviceLost(at=now, device=DEVICE, lane=None, role="plate source", why=why))
        elif payload == ONLINE and self._is_lost:
            self._is_lost = False
            self._post(DeviceRestored(at=now, device=DEVICE, lane=None, role="plate source"))

    def _ignore(self, why: Ignored) -> None:
        self._ignored[why] += 1
        times = self._ignored[why]
        if why is not Ignored.OTHER_NEWS and times == 10 ** (len(str(times)) - 1):
            log.warning("a plate from Frigate was not taken: %s (%d so far)", why, times)
