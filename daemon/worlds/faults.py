"""Does to a world what its plan says.

The law of this file: every trouble that begins also ends, and tells the world when: from then on nothing
excuses anything any more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from daemon.core.signals import DeviceLost, DeviceRestored
from daemon.worlds.devices import Desk
from daemon.worlds.disk import Disk
from daemon.worlds.gate import Gate
from daemon.worlds.laws import Witness
from daemon.worlds.office import Office
from daemon.worlds.outside import Outside
from daemon.worlds.site import Broken, Lane, Sensor
from daemon.worlds.troubles import Occasion, Planned, Trouble

_NETWORK = {
    Trouble.BROKER_DOWN: "is_down",
    Trouble.HALF_OPEN: "is_half_open",
    Trouble.OFFICE_AWAY: "office_is_away",
    Trouble.ACKS_DROPPED: "drops_acks",
    Trouble.DOUBLES: "doubles",
}
_DISK = {
    Trouble.DISK_FULL: "is_full",
    Trouble.DISK_READ_ONLY: "is_read_only",
    Trouble.SYNC_FAILS: "sync_fails",
}
_LOOPS = {
    Trouble.LOOP_STUCK_ON: Broken.STUCK_ON,
    Trouble.LOOP_STUCK_OFF: Broken.STUCK_OFF,
    Trouble.LOOP_UNKNOWN: Broken.UNKNOWN,
    Trouble.LOOP_LOST: Broken.LOST,
}
_LIMITS = {Trouble.LIMIT_STUCK_ON: Broken.STUCK_ON, Trouble.LIMIT_STUCK_OFF: Broken.STUCK_OFF}


class Mischief:
    """`end(how)` ends the process; `hinders()` notes that the gate cannot act just now."""

    def __init__(
        self,
        *,
        plan: tuple[Planned, ...],
        outside: Outside,
        disk: Disk,
        office: Office,
        lanes: list[Lane],
        desks: dict[str, Desk],
        witness: Witness,
        gate: Callable[[], Gate | None],
        dies: Callable[[bool], None],
        note: Callable[[str], None],
        random: Random,
    ) -> None:
        self._outside = outside
        self._disk = disk
        self._office = office
        self._lanes = lanes
        self._desks = desks
        self._witness = witness
        self._gate = gate
        self._dies = dies
        self._note = note
        self._random = random
        self._armed: list[Planned] = []
        self.lost_cameras: set[str] = set()
        self.hindered_until = 0.0
        self.stalled_until = 0.0
        self.ends_at = 0.0
        """When the last trouble that has begun will be over."""
        self.damaged = False
        for each in plan:
            outside.later(each.at_s, lambda each=each: self._due(each))  # type: ignore[misc]  # bound now

    # ------------------------------------------------------------ when

    def _due(self, planned: Planned) -> None:
        if planned.occasion is Occasion.NONE:
            self._begin(planned)
        elif planned.occasion is Occasion.WRITING:
            self._note(str(planned))
            self._dies_writing(planned, within=40 if planned.at_s else 120)
        else:
            self._armed.append(planned)

    def _dies_writing(self, planned: Planned, *, within: int) -> None:
        """At one of the next operations of the disk, whichever that is."""
        self._disk.kill_only = planned.trouble is not Trouble.POWER_CUT
        self._disk.cut_at = self._disk.operations + 1 + int(planned.which * within)

    def occasion(self, occasion: Occasion) -> None:
        """Something has happened that a trouble may be waiting for."""
        for planned in [each for each in self._armed if each.occasion is occasion]:
            self._armed.remove(planned)
            self._outside.later(planned.delay_s, lambda planned=planned: self._begin(planned))  # type: ignore[misc]  # bound now

    def disarms(self) -> None:
        """No trouble begins any more."""
        self._armed.clear()
        self._disk.cut_at = None

    # ------------------------------------------------------------ what

    def _begin(self, planned: Planned) -> None:
        self._note(str(planned))
        trouble, lasts_s = planned.trouble, planned.lasts_s
        lane = self._lanes[planned.lane]
        self.ends_at = max(self.ends_at, self._outside.elapsed_s + lasts_s)
        if trouble in _NETWORK:
            mood = _NETWORK[trouble]
            self._office.changes(**{mood: True})
            self._later(lasts_s, lambda: self._office.changes(**{mood: False}))
        elif trouble in _DISK:
            self._disk_fault(_DISK[trouble], True, lasts_s)
        elif trouble in _LOOPS:
            sensor: Sensor = "safety" if planned.which < 0.6 else "approach"
            self._breaks(lane, sensor, _LOOPS[trouble], lasts_s)
        elif trouble in _LIMITS:
            self._breaks(lane, "up" if planned.which < 0.5 else "down", _LIMITS[trouble], lasts_s)
        else:
            self._other(planned, lane)

    def _other(self, planned: Planned, lane: Lane) -> None:
        lasts_s, gate = planned.lasts_s, self._gate()
        match planned.trouble:
            case Trouble.POWER_CUT | Trouble.KILL if planned.which < 0.5:
                self._dies(planned.trouble is Trouble.POWER_CUT)
            case Trouble.POWER_CUT | Trouble.KILL:
                self._dies_writing(planned, within=24)
            case Trouble.STALL if gate is not None:
                self._stalls(lasts_s)
                gate.stall(min(lasts_s, 8.0))
            case Trouble.CLOCK_STEP:
                step = timedelta(hours=1) * (1, 24, 400 * 24)[int(planned.which * 3)]
                self._steps(step if planned.which * 3 % 1 < 0.5 else -step, lasts_s)
            case Trouble.CLOCK_UNTRUSTED:
                self._outside.trusted = False
                self._later(lasts_s, lambda: setattr(self._outside, "trusted", True))
            case Trouble.JUNK:
                for number in range(8):
                    self._later(number * lasts_s / 8, self._office.says_junk)
            case Trouble.RESEND:
                held = len(self._office.held)
                self._office.asks_from(1 + int(planned.which * held))
            case Trouble.GARBAGE:
                self._garbage(self._desks[lane.name], lasts_s)
            case Trouble.READER_UNPLUGGED:
                desk = self._desks[lane.name]
                desk.unplug(True)
                self._later(lasts_s, lambda: desk.unplug(False))
            case Trouble.CAMERA_LOST:
                self._camera(lane, is_lost=True)
                self._later(lasts_s, lambda: self._camera(lane, is_lost=False))
            case Trouble.LOOP_CHATTERS:
                self._chatters(lane, "safety" if planned.which < 0.6 else "approach", lasts_s)
            case Trouble.BARRIER_LOST:
                self._breaks(lane, "up", Broken.LOST, lasts_s)
            case Trouble.BOOM_HIT:
                self._witness.lies(lane, lasts_s)
                lane.hit()
            case Trouble.MOTOR_DEAD:
                lane.motor_is_dead = True
                self._later(lasts_s, lambda: setattr(lane, "motor_is_dead", False))
            case Trouble.SYNC_SLOW:
                self._disk.faults.sync_takes_s = 0.5 if planned.which < 0.7 else 5.0
                self._stalls(lasts_s)
                self._later(lasts_s, lambda: setattr(self._disk.faults, "sync_takes_s", 0.0))
            case Trouble.PAGE_DAMAGED:
                self.damaged |= self._disk.damage_a_page("gatepost.db")
            case Trouble.COPY if gate is not None:
                gate.copies_itself()
            case _:
                pass

    def _later(self, after_s: float, do: Callable[[], None]) -> None:
        self._outside.later(after_s, do)

    def _hinders(self, seconds: float) -> None:
        """The gate cannot be expected to act in time while this lasts, and while it catches up."""
        self.hindered_until = max(self.hindered_until, self._outside.elapsed_s + seconds + 10.0)

    def _stalls(self, seconds: float) -> None:
        """And it cannot even do what waits for no disk."""
        self._hinders(seconds)
        self.stalled_until = max(self.stalled_until, self._outside.elapsed_s + seconds + 10.0)

    def _disk_fault(self, name: str, value: bool, lasts_s: float) -> None:
        setattr(self._disk.faults, name, value)
        self._hinders(lasts_s)
        self._later(lasts_s, lambda: setattr(self._disk.faults, name, False))

    def _breaks(self, lane: Lane, name: str, broken: Broken, lasts_s: float) -> None:
        self._witness.lies(lane, lasts_s)
        lane.breaks(name, broken)
        self._later(lasts_s, lambda: lane.breaks(name, None))

    def _chatters(self, lane: Lane, sensor: Literal["approach", "safety"], lasts_s: float) -> None:
        self._witness.lies(lane, lasts_s)
        for number in range(int(lasts_s / 0.3)):
            broken = Broken.STUCK_ON if number % 2 else Broken.STUCK_OFF
            self._later(number * 0.3, lambda broken=broken: lane.breaks(sensor, broken))  # type: ignore[misc]  # bound now
        self._later(lasts_s, lambda: lane.breaks(sensor, None))

    def _garbage(self, desk: Desk, lasts_s: float) -> None:
        for number in range(int(lasts_s / 0.5) + 1):
            junk = self._random.randbytes(self._random.randrange(1, 60))
            self._later(number * 0.5, lambda junk=junk: desk.sends(junk))  # type: ignore[misc]  # bound now

    def _camera(self, lane: Lane, *, is_lost: bool) -> None:
        """The vision process tells of a camera by a signal; this is the signal."""
        device, at, gate = f"{lane.name}.camera", self._outside.now(), self._gate()
        if is_lost:
            self.lost_cameras.add(lane.name)
        else:
            self.lost_cameras.discard(lane.name)
        if gate is not None:
            gate.post(
                DeviceLost(at=at, device=device, lane=lane.name, role="camera", why="no frames")
                if is_lost
                else DeviceRestored(at=at, device=device, lane=lane.name, role="camera")
            )

    def _steps(self, by: timedelta, lasts_s: float) -> None:
        """Somebody sets the wall clock, and somebody sets it right again."""
        if self._outside.wall + by > datetime(2020, 1, 1, tzinfo=UTC):
            self._outside.step_wall(by)
            self._later(lasts_s, lambda: self._outside.step_wall(-by))
