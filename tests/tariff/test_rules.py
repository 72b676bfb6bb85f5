"""Every knob of a tariff by an example small enough to be worked out in the head."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daemon.core.signals import Instant
from daemon.core.tariff import Book, Flag, Kind, Parked, parked_between, quote, quote_text
from tests.tariff.rig import bill, book, fen, parked

CHINA = ZoneInfo("Asia/Shanghai")
HOURLY = """
    classes:
      small: {label: 小型车, free: {minutes: 0, counts: only_within}, then: {minutes: 60, yuan: 1}}
    """
"""One yuan an hour, and nothing else."""


def a_class(keys: str, *, free: str = "{minutes: 0, counts: only_within}") -> str:
    """A version of one class with these keys."""
    return f"classes:\n  small:\n    label: 小型车\n    free: {free}\n" + "".join(
        f"    {line.strip()}\n" for line in keys.strip().splitlines()
    )


# ---------------------------------------------------------------- free time, blocks and their parts


@pytest.mark.parametrize(
    ("mode", "at_30", "at_31", "at_90"), [("only_within", 0, 1, 2), ("deducted", 0, 1, 1)]
)
def test_free_minutes_are_lost_or_deducted_once_the_car_stays_longer(
    mode: str, at_30: int, at_31: int, at_90: int
) -> None:
    tariff = book(a_class("then: {minutes: 60, yuan: 1}", free=f"{{minutes: 30, counts: {mode}}}"))

    assert [fen(tariff, stayed) for stayed in (30, 31, 90)] == [at_30 * 100, at_31 * 100, at_90 * 100]


def test_a_second_over_the_free_time_is_over_it_and_a_part_of_a_second_is_not() -> None:
    tariff = book(a_class("then: {minutes: 60, yuan: 1}", free="{minutes: 30, counts: only_within}"))
    at = datetime(2026, 3, 2, 8, 0, 0, 900_000, tzinfo=CHINA)

    def due(**more: int) -> int:
        return quote(tariff, Parked(entered=at, elapsed=timedelta(minutes=30, **more))).total_fen

    assert due(milliseconds=999) == 0
    assert due(seconds=1) == 100


@pytest.mark.parametrize(("part", "due"), [("whole", 700), ("dropped", 500), ("pro_rata", 550)])
def test_a_begun_block_counts_whole_not_at_all_or_by_its_part(part: str, due: int) -> None:
    """135 minutes: the first hour for 3, then one whole hour at 2 and a quarter of one: 7, 5 or 5.50."""
    keys = f"first: {{minutes: 60, yuan: 3}}\nthen: {{minutes: 60, yuan: 2}}\npart: {part}"

    assert fen(book(a_class(keys)), 135) == due


def test_a_fee_for_each_entry_is_taken_once_and_not_within_the_free_time() -> None:
    tariff = book(a_class("entry_yuan: 5", free="{minutes: 10, counts: only_within}"))

    assert [fen(tariff, stayed) for stayed in (0, 10, 11, 3000)] == [0, 0, 500, 500]


# ---------------------------------------------------------------- bands

BANDS = """
    bands:
      - {name: 白天, start: 08:00, end: 20:00, first: {minutes: 60, yuan: 4}, then: {minutes: 60, yuan: 2}}
      - {name: 夜间, start: 20:00, end: 08:00, then: {minutes: 120, yuan: 1}, cap_yuan: 5}
    """


def banded(more: str = "") -> Book:
    rates = "\n".join(f"        {line.strip()}" for line in BANDS.strip().splitlines()[1:])
    keys = "\n".join(f"    {line.strip()}" for line in more.splitlines() if line.strip())
    return book(
        "classes:\n  small:\n    label: 小型车\n    free: {minutes: 0, counts: only_within}\n"
        f"    bands:\n{rates}\n{keys}"
    )


def test_a_block_ends_with_its_band_or_runs_on_into_the_next() -> None:
    """19:30 to 20:45. Cut: 4 for the day, 1 for the night from 20:00. Run on: the hour lasts until 20:30."""
    assert bill(banded(), "2026-03-02 19:30", "20:45").total_fen == 500
    run_on = bill(banded("edge: run_on"), "2026-03-02 19:30", "20:45")
    assert [(line.kind, f"{line.begins:%H:%M}") for line in run_on.lines] == [
        (Kind.FIRST, "19:30"),
        (Kind.THEN, "20:30"),
    ]
    assert bill(banded("edge: run_on"), "2026-03-02 19:30", "20:30").total_fen == 400


def test_the_first_block_is_sold_once_a_stay_or_each_time_the_band_begins() -> None:
    """18:00 to 10:00: 4 + 2, a night of five, and two hours of the second day: 2 + 2, or 4 + 2."""
    stay = ("2026-03-02 18:00", "2026-03-03 10:00")
    assert bill(banded(), *stay).total_fen == (6 + 5 + 4) * 100
    assert bill(banded("first_block: each_time"), *stay).total_fen == (6 + 5 + 6) * 100


def test_a_band_over_midnight_is_one_night_with_one_cap() -> None:
    """20:00 to 08:00 are six blocks, capped at 5; midnight makes no second night of it."""
    night = bill(banded(), "2026-12-31 20:00", "2027-01-01 08:00")

    assert night.total_fen == 500
    assert [line.fen for line in night.lines] == [600, -100]


# ---------------------------------------------------------------- caps


def test_a_day_and_24_hours_are_not_the_same_cap() -> None:
    """Noon to noon: a cap of 8 a calendar day allows 8 up to midnight and 8 after, one of 24 hours 8."""
    stay = ("2026-03-02 12:00", "2026-03-03 12:00")
    hourly = "then: {minutes: 60, yuan: 1}"
    assert bill(book(a_class(f"{hourly}\ncap_yuan: {{day: 8}}")), *stay).total_fen == 1600
    assert bill(book(a_class(f"{hourly}\ncap_yuan: {{hours_24: 8}}")), *stay).total_fen == 800
    assert bill(book(a_class(f"{hourly}\ncap_yuan: {{stay: 7}}")), *stay).total_fen == 700


def test_a_block_belongs_to_the_day_in_which_it_begins() -> None:
    tariff = book(a_class("then: {minutes: 120, yuan: 2}\ncap_yuan: {day: 2}"))

    # 23:00-01:00 is Monday's; 01:00-03:00 and 03:00-05:00 are Tuesday's, who is full after one.
    assert bill(tariff, "2026-03-02 23:00", "2026-03-03 05:00").total_fen == 400


# ---------------------------------------------------------------- several stays on one day


def with_same_day(way: str) -> Book:
    keys = "first: {minutes: 60, yuan: 3}\nthen: {minutes: 60, yuan: 1}\ncap_yuan: {day: 5}"
    return book(a_class(keys, free="{minutes: 30, counts: only_within}") + f"same_day: {way}\n")


def of_a_day(tariff: Book, *times: tuple[str, str]) -> list[int]:
    """The bills of a car that comes and goes, each made when it leaves."""
    before: list[tuple[datetime, timedelta]] = []
    bills = []
    for entered, left in times:
        stay = parked(tariff, f"2026-03-02 {entered}", f"2026-03-02 {left}", earlier=tuple(before))
        bills.append(quote(tariff, stay).total_fen)
        before.append((stay.entered, stay.elapsed))
    return bills


def test_earlier_stays_count_for_nothing_for_the_cap_or_for_everything() -> None:
    times = (("08:00", "08:20"), ("09:00", "11:00"), ("12:00", "13:00"), ("14:00", "15:00"))
    # By themselves: free, 3 + 1, 3, 3.
    assert of_a_day(with_same_day("separate"), *times) == [0, 400, 300, 300]
    # The day costs 5, however often.
    assert of_a_day(with_same_day("share_caps"), *times) == [0, 400, 100, 0]
    # As one: 20 min free; then 140 min, 3 + 2 = 5, which is the cap.
    assert of_a_day(with_same_day("as_one"), *times) == [0, 500, 0, 0]


def test_time_that_was_free_by_itself_is_told_when_it_is_counted_after_all() -> None:
    tariff = book(
        a_class("then: {minutes: 30, yuan: 1}", free="{minutes: 30, counts: only_within}")
        + "same_day: as_one\n"
    )
    first = parked(tariff, "2026-03-02 08:00", "08:30")

    second = bill(tariff, "2026-03-02 09:00", "09:10", earlier=((first.entered, first.elapsed),))

    assert quote(tariff, first).total_fen == 0
    assert [(line.kind, line.fen) for line in second.lines] == [(Kind.THEN, 100), (Kind.EARLIER, 100)]


def test_as_one_a_block_that_was_paid_is_used_up_first() -> None:
    """Three stays of ten minutes use half of one hour."""
    tariff = book(HOURLY.replace("\n    ", "\n") + "same_day: as_one\n")

    assert of_a_day(tariff, ("08:00", "08:10"), ("09:00", "09:10"), ("10:00", "10:10")) == [100, 0, 0]


# ---------------------------------------------------------------- claims, calendar, versions

CLAIMS = """
    classes:
      small: {label: 小型车, free: {minutes: 15, counts: only_within}, then: {minutes: 60, yuan: 2.5}}
      large: {label: 大型车, like: small, percent: 200}
    discounts:
      new_energy: {label: 新能源汽车, percent_off: 50}
      disabled: {label: 残疾人专用车, free: {minutes: 120, counts: deducted}, classes: [small]}
    exempt: {police: 警车}
    lost_pass_yuan: 20
    round_down_to: jiao
    """


def test_claims_take_off_money_or_time_and_the_exempt_pay_nothing() -> None:
    tariff = book(CLAIMS)
    assert fen(tariff, 60) == 250
    # Half of 2.50 is 1.25: five fen are not asked for.
    assert fen(tariff, 60, claims=frozenset({"new_energy"})) == 120
    assert fen(tariff, 180, claims=frozenset({"disabled"})) == 250
    assert fen(tariff, 180, claims=frozenset({"disabled", "new_energy"})) == 120
    assert fen(tariff, 180, vehicle="large", claims=frozenset({"disabled"})) == 1500
    assert fen(tariff, 6000, claims=frozenset({"police"})) == 0


def test_a_lost_pass_costs_extra_even_within_the_free_time() -> None:
    assert fen(book(CLAIMS), 10, lost_pass=True) == 2000


def test_what_the_tariff_does_not_know_is_flagged_and_billed_all_the_same() -> None:
    found = bill(book(CLAIMS), "2026-03-02 08:00", "09:00", vehicle="ship", claims=frozenset({"friend"}))

    assert found.total_fen == 250
    assert found.flagged == (Flag.UNKNOWN_CLASS, Flag.UNKNOWN_CLAIM)
    assert "未计" in quote_text(found)


def test_holidays_are_free_and_weekends_have_bands_of_their_own() -> None:
    tariff = book("""
        calendar:
          - {name: 春节, dates: ["2026-02-16..2026-02-18"], use: free}
          - {name: 调休上班, dates: ["2026-02-14"], use: normal}
          - {name: 周末, weekdays: [sat, sun], use: weekend}
        classes:
          small:
            label: 小型车
            free: {minutes: 0, counts: only_within}
            then: {minutes: 60, yuan: 1}
            schedules:
              weekend: [{name: 周末, start: 00:00, end: 24:00, then: {minutes: 60, yuan: 3}}]
        """)

    assert bill(tariff, "2026-02-13 10:00", "11:00").total_fen == 100  # a Friday
    assert bill(tariff, "2026-02-14 10:00", "11:00").total_fen == 100  # a Saturday worked
    assert bill(tariff, "2026-02-15 10:00", "11:00").total_fen == 300  # a Sunday
    # Sunday 23:00 to Thursday 01:00: an hour of Sunday, three free days, an hour of Thursday
    assert bill(tariff, "2026-02-15 23:00", "2026-02-19 01:00").total_fen == 400


@pytest.mark.parametrize(("over", "due", "versions"), [("entry", 200, "v1"), ("split", 400, "v1 + v2")])
def test_a_stay_over_a_change_keeps_its_tariff_unless_the_file_says_split(
    over: str, due: int, versions: str
) -> None:
    tariff = book(
        HOURLY,
        more=f"""
        - id: v2
          effective: 2026-07-01T00:00+08:00
          over_change: {over}
          classes:
            small:
              label: 小型车
              free: {{minutes: 0, counts: only_within}}
              then: {{minutes: 60, yuan: 3}}
        """,
    )

    found = bill(tariff, "2026-06-30 23:00", "2026-07-01 01:00")

    assert (found.total_fen, found.version) == (due, versions)
    assert bill(tariff, "2026-07-01 00:00", "01:00").total_fen == 300


def test_a_stay_from_before_every_version_is_billed_by_the_first_and_flagged() -> None:
    found = bill(book(HOURLY), "2019-12-31 10:00", "11:00")

    assert (found.total_fen, found.flagged) == (100, (Flag.BEFORE_FIRST_VERSION,))


# ---------------------------------------------------------------- time that is not trusted (R43)

FACTORY = datetime(1970, 1, 1, tzinfo=CHINA)
NOON = datetime(2026, 3, 2, 12, tzinfo=CHINA)


def instant(boot: str, hours: float, wall: datetime, *, trusted: bool) -> Instant:
    return Instant(boot, timedelta(hours=hours), wall, trusted)


def test_a_clock_that_was_set_during_the_stay_costs_nobody_anything() -> None:
    """In at 1970 by the clock, out at noon, two hours later: billed from ten to twelve."""
    entered = instant("b1", 1, FACTORY, trusted=False)
    left = instant("b1", 3, NOON, trusted=True)

    found = quote(banded(), parked_between(entered, left))

    assert (found.total_fen, found.flagged) == (600, ())
    assert found.entered == NOON - timedelta(hours=2)


def test_a_clock_put_back_by_a_day_does_not_shorten_the_stay() -> None:
    entered = instant("b1", 1, NOON, trusted=True)
    left = instant("b1", 3, NOON - timedelta(days=1), trusted=True)

    assert quote(book(HOURLY), parked_between(entered, left)).total_fen == 200


def test_where_the_hour_does_not_matter_no_clock_is_needed() -> None:
    entered, left = instant("b1", 1, FACTORY, trusted=False), instant("b1", 3.5, FACTORY, trusted=False)

    found = quote(book(HOURLY), parked_between(entered, left))

    assert (found.total_fen, found.flagged, found.entered) == (300, (), None)


def test_where_the_hour_matters_the_least_is_asked_for_and_flagged() -> None:
    """Three hours may have been by night: two blocks of 1 yuan."""
    entered, left = instant("b1", 1, FACTORY, trusted=False), instant("b1", 4, FACTORY, trusted=False)

    found = quote(banded(), parked_between(entered, left))

    assert (found.total_fen, found.flagged) == (200, (Flag.WALL_UNKNOWN,))


def test_over_a_reboot_without_a_clock_the_time_since_it_is_the_least() -> None:
    entered, left = instant("b1", 9, NOON, trusted=True), instant("b2", 1.5, FACTORY, trusted=False)

    found = quote(book(HOURLY), parked_between(entered, left))

    assert (found.total_fen, found.flagged) == (200, (Flag.ELAPSED_AT_LEAST,))


def test_no_stay_is_negative() -> None:
    entered = instant("b1", 9, NOON, trusted=True)
    left = instant("b2", 1, NOON - timedelta(hours=1), trusted=True)

    found = quote(book(HOURLY), parked_between(entered, left))

    assert (found.total_fen, found.elapsed, found.flagged) == (0, timedelta(), (Flag.RAN_BACKWARDS,))


# ---------------------------------------------------------------- days on which clocks are changed

NIGHTS = """
    classes:
      small:
        label: car
        free: {minutes: 0, counts: only_within}
        bands:
          - {name: day, start: 06:00, end: 22:00, then: {minutes: 60, yuan: 2}}
          - {name: night, start: 22:00, end: 06:00, then: {minutes: 60, yuan: 1}}
    """


@pytest.mark.parametrize(
    ("entered", "left", "hours"),
    [
        ("2026-03-27 22:00", "2026-03-28 06:00", 8),
        ("2026-03-28 22:00", "2026-03-29 06:00", 7),  # 02:00 becomes 03:00
        ("2026-10-24 22:00", "2026-10-25 06:00", 9),  # 03:00 becomes 02:00
        ("2024-02-28 22:00", "2024-02-29 06:00", 8),
        ("2024-02-29 22:00", "2024-03-01 06:00", 8),
    ],
)
def test_a_night_is_as_long_as_it_really_was(entered: str, left: str, hours: int) -> None:
    berlin = book(NIGHTS, zone="Europe/Berlin")

    found = bill(berlin, entered, left)

    assert found.total_fen == hours * 100
    assert {line.label for line in found.lines} == {"night"}
