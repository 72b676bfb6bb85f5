"""Several visits of one car, several nights of one visit, and the days on which clocks are changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from daemon.core.tariff import Book
from tests.tariff.rig import bill, book

Visit = tuple[str, str]


def visits(tariff: Book, *told: Visit) -> tuple[tuple[datetime, timedelta], ...]:
    """Earlier stays, as the car's record has them."""
    return tuple(
        (datetime.fromisoformat(entered).replace(tzinfo=tariff.zone), timedelta(hours=int(hours)))
        for entered, hours in told
    )


def tariff_of(keys: str, version: str = "", *, more: str = "", zone: str = "Asia/Shanghai") -> Book:
    rates = "".join(f"    {line}\n" for line in keys.splitlines())
    return book(f"classes:\n  small:\n    label: 小型车\n{rates}{version}", more=more, zone=zone)


NONE_FREE = "free: {minutes: 0, counts: only_within}"
HOURLY = f"{NONE_FREE}\nthen: {{minutes: 60, yuan: 1}}"
NIGHTS = f"""\
{NONE_FREE}
bands:
  - {{name: 白天, start: 08:00, end: 20:00, then: {{minutes: 60, yuan: 2}}}}
  - {{name: 夜间, start: 20:00, end: 08:00, then: {{minutes: 60, yuan: 1}}, cap_yuan: 5}}"""


def test_as_one_the_free_minutes_are_deducted_once() -> None:
    keys = "free: {minutes: 90, counts: deducted}\nthen: {minutes: 30, yuan: 1}"
    tariff = tariff_of(keys, "same_day: as_one\n")

    # An hour of the 90 minutes is used up: of the second hour half is left to pay.
    assert bill(tariff, "2026-03-02 08:00", "09:00").total_fen == 0
    earlier = visits(tariff, ("2026-03-02 08:00", "1"))
    assert bill(tariff, "2026-03-02 10:00", "11:00", earlier=earlier).total_fen == 100


def test_24_hours_that_one_visit_began_hold_for_the_next() -> None:
    tariff = tariff_of(f"{HOURLY}\ncap_yuan: {{hours_24: 8}}", "same_day: share_caps\n")
    earlier = visits(tariff, ("2026-03-02 12:00", "7"))

    assert bill(tariff, "2026-03-03 09:00", "11:00", earlier=earlier).total_fen == 100
    # 24 hours after that entry are over at noon: an hour is left of the cap before, and two come after.
    assert bill(tariff, "2026-03-03 10:00", "14:00", earlier=earlier).total_fen == 300
    assert bill(tariff, "2026-03-03 12:00", "14:00", earlier=earlier).total_fen == 200


def test_one_night_has_one_cap_for_all_visits_and_two_nights_have_two() -> None:
    tariff = tariff_of(NIGHTS, "same_day: share_caps\n")
    evening = visits(tariff, ("2026-03-02 20:00", "3"))

    assert bill(tariff, "2026-03-03 01:00", "06:00", earlier=evening).total_fen == 200
    # 5 for each night, twelve hours at 2 between them.
    assert bill(tariff, "2026-03-02 20:00", "2026-03-04 08:00").total_fen == 500 + 2400 + 500


def test_a_night_paid_by_the_time_is_paid_once_though_the_tariff_begins_anew_at_midnight() -> None:
    keys = f"""\
{NONE_FREE}
restart: each_day
bands:
  - {{name: 白天, start: 08:00, end: 20:00, then: {{minutes: 60, yuan: 2}}}}
  - {{name: 夜间, start: 20:00, end: 08:00, entry_yuan: 6}}"""

    assert bill(tariff_of(keys), "2026-03-02 21:00", "2026-03-03 07:00").total_fen == 600


def test_at_a_new_day_the_first_block_is_sold_again_and_free_time_if_the_file_says_so() -> None:
    keys = (
        "free: {minutes: 60, counts: deducted}\nfirst: {minutes: 60, yuan: 5}\nthen: {minutes: 60, yuan: 1}"
    )
    keys += "\nrestart: each_day"

    # 21:00-22:00 is free, then 5 + 1; from midnight 5 + 1, or an hour free and 5.
    stay = ("2026-03-02 21:00", "2026-03-03 02:00")
    assert bill(tariff_of(keys), *stay).total_fen == 1200
    assert bill(tariff_of(f"{keys}\nrestart_gives_free_time: true"), *stay).total_fen == 1100


def test_visits_whose_records_overlap_are_not_counted_twice() -> None:
    tariff = tariff_of(f"{HOURLY}\ncap_yuan: {{day: 5}}", "same_day: share_caps\n")

    # 08:00-10:00 and 09:00-11:00 are three hours of the five.
    twice = visits(tariff, ("2026-03-02 08:00", "2"), ("2026-03-02 09:00", "2"))
    assert bill(tariff, "2026-03-02 12:00", "15:00", earlier=twice).total_fen == 200
    # 08:00-13:00 by its record, but the car came in again at noon.
    late = visits(tariff, ("2026-03-02 08:00", "5"))
    assert bill(tariff, "2026-03-02 12:00", "15:00", earlier=late).total_fen == 100


def test_behind_a_change_that_splits_the_stay_goes_on_without_a_second_entry_fee() -> None:
    keys = f"{HOURLY}\nentry_yuan: 1\ncap_yuan: {{day: 3}}"
    rates = "".join(f"      {line}\n" for line in keys.splitlines())
    more = (
        "- id: v2\n  effective: 2026-03-02T12:00+08:00\n  over_change: split\n  same_day: share_caps\n"
        f"  classes:\n    small:\n      label: 小型车\n{rates}"
    )
    tariff = tariff_of(keys, "same_day: share_caps\n", more=more)

    # 1 for coming in, 1 for 11:00-12:00; the new version bills 1 for its hour.
    assert bill(tariff, "2026-03-02 11:00", "13:00").total_fen == 300
    # What an earlier visit has used of the old version's cap is not used of the new one's.
    earlier = visits(tariff, ("2026-03-02 07:00", "3"))
    assert bill(tariff, "2026-03-02 11:00", "13:00", earlier=earlier).total_fen == 100


def test_a_band_that_a_change_of_clocks_leaves_out_has_no_length_on_that_day() -> None:
    """Berlin, 29 March 2026: after 02:00 comes 03:00, and 02:30 to 03:00 never happens."""
    keys = f"""\
{NONE_FREE}
bands:
  - {{name: dear, start: 02:30, end: 03:00, then: {{minutes: 1, yuan: 9}}}}
  - {{name: day, start: 03:00, end: 22:00, then: {{minutes: 60, yuan: 1}}}}
  - {{name: night, start: 22:00, end: 02:30, then: {{minutes: 60, yuan: 1}}}}"""
    berlin = tariff_of(keys, zone="Europe/Berlin")

    assert bill(berlin, "2026-03-29 01:00", "05:00").total_fen == 300
    # An ordinary night: an hour and a half, thirty dear minutes, two hours.
    assert bill(berlin, "2026-03-30 01:00", "05:00").total_fen == 200 + 30 * 900 + 200
