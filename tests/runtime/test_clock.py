"""The clock says what may be believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.runtime import clock as clock_file
from daemon.runtime.clock import ManualClock, SystemClock


def test_two_instants_of_one_boot_are_in_order() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.boot == second.boot
    assert len(first.boot) == 36
    assert first.mono <= second.mono
    assert first.wall.tzinfo is UTC


def test_now_and_boottime_are_one_scale() -> None:
    clock = SystemClock()
    before = clock.boottime_ns()
    mono_ns = clock.now().mono // timedelta(microseconds=1) * 1000
    after = clock.boottime_ns()
    assert before - 1000 <= mono_ns <= after


@pytest.mark.parametrize(
    ("adjtimex_says", "timesyncd_flag", "trusted"),
    [(0, False, True), (5, False, False), (5, True, True), (-1, True, True), (-1, False, False)],
)
def test_the_wall_clock_is_trusted_when_kernel_or_timesyncd_has_synchronised_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, adjtimex_says: int, timesyncd_flag: bool, trusted: bool
) -> None:
    flag = tmp_path / "synchronized"
    if timesyncd_flag:
        flag.touch()
    monkeypatch.setattr(clock_file, "TIMESYNCD_FLAG", flag)
    clock = SystemClock()

    class Libc:
        def adjtimex(self, _: object) -> int:
            return adjtimex_says

    monkeypatch.setattr(clock, "_libc", Libc())
    assert clock.now().trusted is trusted


def test_a_wall_clock_of_before_the_build_is_never_trusted() -> None:
    clock = ManualClock(wall=datetime(1970, 1, 1, tzinfo=UTC), trusted=True)
    assert not clock.now().trusted
    clock.step_wall(datetime(2026, 7, 1, tzinfo=UTC) - clock.wall)
    assert clock.now().trusted


def test_stepping_the_wall_clock_lets_no_time_pass() -> None:
    clock = ManualClock()
    before = clock.now()
    clock.step_wall(timedelta(days=-400))
    assert clock.now().mono == before.mono
    clock.advance(timedelta(seconds=2.5))
    assert clock.now().mono - before.mono == timedelta(seconds=2.5)
    assert clock.now().wall - before.wall == timedelta(days=-400, seconds=2.5)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        ManualClock().advance(timedelta(microseconds=-1))


def test_a_reboot_changes_the_boot_and_starts_the_count_again() -> None:
    clock = ManualClock()
    before = clock.now()
    clock.reboot("boot-2", off_for=timedelta(minutes=3))
    after = clock.now()
    assert after.boot != before.boot
    assert after.mono < before.mono
    assert after.wall - before.wall == timedelta(minutes=3)


def test_a_time_that_somebody_gave_counts_until_the_machine_knows_better(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clock_file, "TIMESYNCD_FLAG", tmp_path / "synchronized")
    clock = SystemClock()

    class Libc:
        says = 5

        def adjtimex(self, _: object) -> int:
            return self.says

    monkeypatch.setattr(clock, "_libc", Libc())
    # given a machine that does not know the time, and the word of a boot that is over
    asked = clock.now()
    assert not asked.trusted
    given = datetime(2031, 5, 1, 8, tzinfo=UTC)
    clock.believe(replace(asked, boot="another"), given)
    assert not clock.now().trusted
    # when somebody says what time it is now
    clock.believe(asked, given)
    told = clock.now()
    assert told.trusted
    assert told.wall - given == told.mono - asked.mono
    # then the machine's own server of time is believed before anybody else
    monkeypatch.setattr(Libc, "says", 0)
    assert clock.now().wall.year < 2031
