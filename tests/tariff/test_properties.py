"""What holds for every tariff and every stay, tried on many of both.

Zones: China, without changes of clocks; Berlin, with them; Kathmandu, a quarter of an hour off the hour.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.tariff import Book, Kind, Parked, Version, quote
from daemon.core.tariff.book import (
    FREE_DAY,
    MINUTES_A_DAY,
    NORMAL,
    Band,
    Block,
    CalendarRule,
    Caps,
    Discount,
    Edge,
    FirstBlock,
    Free,
    FreeMode,
    OverChange,
    Part,
    Rates,
    Restart,
    SameDay,
)
from daemon.core.tariff.days import midnights, spans, stamp

ZONES = tuple(map(ZoneInfo, ("Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu")))
START = datetime(2020, 1, 1, tzinfo=UTC)
SPECIAL = (
    datetime(2024, 2, 28, 12, tzinfo=UTC),  # the day before 29 February
    datetime(2025, 12, 31, 12, tzinfo=UTC),  # the end of a year
    datetime(2026, 3, 28, 18, tzinfo=UTC),  # Berlin puts its clocks forward in the night
    datetime(2026, 10, 24, 18, tzinfo=UTC),  # and back
)
trying = settings(max_examples=150, deadline=None)

few_minutes = st.sampled_from([0, 1, 10, 15, 30, 60, 120])
fen = st.integers(min_value=0, max_value=2000)
blocks = st.builds(
    lambda minutes, price: Block(timedelta(minutes=minutes), price),
    st.sampled_from([7, 15, 30, 60, 120]),
    fen,
)
frees = st.builds(
    lambda minutes, mode: Free(timedelta(minutes=minutes), mode), few_minutes, st.sampled_from(FreeMode)
)
caps = st.none() | st.integers(min_value=0, max_value=6000)


@st.composite
def days(draw: st.DrawFn) -> tuple[Band, ...]:
    """The bands of a day, one to four of them, the last over midnight unless it happens to begin there."""
    starts = sorted(draw(st.sets(st.integers(0, MINUTES_A_DAY - 1), min_size=1, max_size=4)))
    ends = [*starts[1:], starts[0]]
    return tuple(
        Band(
            name=f"band {at}",
            start=start,
            end=end,
            entry_fen=draw(st.sampled_from([0, 0, 300])),
            first=draw(st.none() | blocks),
            then=draw(st.none() | blocks),
            free=draw(st.just(Free()) | frees),
            cap_fen=draw(caps),
        )
        for at, (start, end) in enumerate(zip(starts, ends, strict=True))
    )


@st.composite
def versions(draw: st.DrawFn, *, effective: datetime = START, name: str = "v1") -> Version:
    rates = Rates(
        label="car",
        schedules={NORMAL: draw(days()), "weekend": draw(days())},
        free=draw(frees),
        entry_fen=draw(st.sampled_from([0, 0, 200])),
        caps=Caps(stay=draw(caps), day=draw(caps), rolling=draw(caps)),
        part=draw(st.sampled_from(Part)),
        edge=draw(st.sampled_from(Edge)),
        first_block=draw(st.sampled_from(FirstBlock)),
        restart=draw(st.sampled_from(Restart)),
        restart_gives_free_time=draw(st.booleans()),
    )
    holiday = CalendarRule(name="new year", schedule=FREE_DAY, dates=frozenset({datetime(2026, 1, 1).date()}))  # noqa: DTZ001 - a date
    weekend = CalendarRule(name="weekend", schedule="weekend", weekdays=frozenset({5, 6}))
    return Version(
        id=name,
        effective=effective,
        classes={"car": rates},
        discounts={"half": Discount(label="half", percent_off=50)},
        calendar=draw(st.sampled_from([(), (holiday,), (holiday, weekend)])),
        same_day=draw(st.sampled_from(SameDay)),
        over_change=draw(st.sampled_from(OverChange)),
        round_down_to_fen=draw(st.sampled_from([1, 10, 100])),
    )


@st.composite
def books(draw: st.DrawFn) -> Book:
    return Book(
        name="any",
        zone=draw(st.sampled_from(ZONES)),
        versions=(draw(versions()),),
        service="parking",
        phone="12345",
    )


moments = st.builds(
    lambda near, hours: near + hours,
    st.sampled_from(SPECIAL)
    | st.datetimes(datetime(2021, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - given one
    st.timedeltas(timedelta(), timedelta(hours=24)),
)
lengths = st.timedeltas(timedelta(), timedelta(hours=6)) | st.timedeltas(timedelta(), timedelta(days=4))


@st.composite
def stays(draw: st.DrawFn) -> Parked:
    """Any stay, with up to two before it."""
    entered = draw(moments)
    earlier = [
        (entered - timedelta(minutes=draw(st.integers(1, 600))), timedelta(minutes=draw(st.integers(0, 600))))
        for _ in range(draw(st.integers(0, 2)))
    ]
    claims = frozenset({"half"}) if draw(st.booleans()) else frozenset()
    return Parked(entered=entered, elapsed=draw(lengths), earlier=tuple(earlier), claims=claims)


def after(parked: Parked, elapsed: timedelta) -> Parked:
    return Parked(entered=parked.entered, elapsed=elapsed, earlier=parked.earlier, claims=parked.claims)


@trying
@given(books(), stays())
def test_lines_sum_to_the_total_which_is_never_negative_and_always_the_same(book: Book, stay: Parked) -> None:
    found = quote(book, stay)

    assert sum(line.fen for line in found.lines) == found.total_fen >= 0
    assert quote(book, stay) == found


@trying
@given(books(), stays())
def test_no_time_costs_nothing(book: Book, stay: Parked) -> None:
    assert quote(book, after(stay, timedelta())).total_fen == 0


@trying
@given(books(), stays(), lengths)
def test_who_leaves_later_pays_as_much_or_more(book: Book, stay: Parked, other: timedelta) -> None:
    shorter, longer = sorted((stay.elapsed, other))

    assert quote(book, after(stay, shorter)).total_fen <= quote(book, after(stay, longer)).total_fen


@trying
@given(books(), stays())
def test_no_cap_is_exceeded(book: Book, stay: Parked) -> None:
    alone = Parked(entered=stay.entered, elapsed=stay.elapsed)
    total = quote(book, alone).total_fen
    limits = book.versions[0].classes["car"].caps
    start = stamp(stay.entered)
    end = start + int(stay.elapsed.total_seconds())
    touched_days = len(midnights(start, end, book.zone))

    assert limits.stay is None or total <= limits.stay
    assert limits.rolling is None or total <= limits.rolling * -(-(end - start) // 86_400)
    assert limits.day is None or total <= limits.day * touched_days


@trying
@given(books(), st.lists(st.tuples(st.integers(1, 300), st.integers(0, 300)), min_size=1, max_size=5))
def test_a_day_of_stays_costs_no_more_than_its_cap(book: Book, visits: list[tuple[int, int]]) -> None:
    """Where stays share the caps: whatever a car does on one day, its bills together keep to the cap."""
    version = book.versions[0]
    cap = version.classes["car"].caps.day
    at = datetime(2027, 5, 3, tzinfo=book.zone)
    midnight = at + timedelta(days=1)
    total = 0
    before: list[tuple[datetime, timedelta]] = []
    for away, inside in visits:
        at += timedelta(minutes=away)
        stayed = max(min(timedelta(minutes=inside), midnight - at), timedelta())
        total += quote(book, Parked(entered=at, elapsed=stayed, earlier=tuple(before))).total_fen
        before.append((at, stayed))
        at += stayed

    if cap is not None and version.same_day is not SameDay.SEPARATE and at < midnight:
        assert total <= cap


minute_bands = st.builds(
    lambda cuts, price: tuple(
        Band(name=str(start), start=start, end=end % 1440, then=Block(timedelta(minutes=1), price + at))
        for at, (start, end) in enumerate(pairwise([*sorted({*cuts, 0}), 1440]))
    ),
    st.lists(st.integers(0, 1439), max_size=3),
    st.integers(1, 50),
)


@trying
@given(st.sampled_from(ZONES), minute_bands, moments, lengths, lengths)
def test_minute_by_minute_a_stay_costs_what_its_parts_cost(
    zone: ZoneInfo, bands: tuple[Band, ...], entered: datetime, one: timedelta, other: timedelta
) -> None:
    """Bands of one-minute blocks, split at whole minutes: where nothing else is asked for, time adds up."""
    entered = entered.replace(second=0, microsecond=0)
    one, other = (timedelta(minutes=length // timedelta(minutes=1)) for length in (one, other))
    version = Version(id="v", effective=START, classes={"car": Rates(label="car", schedules={NORMAL: bands})})
    book = Book(name="any", zone=zone, versions=(version,), service="parking", phone="12345")

    def due(begins: datetime, elapsed: timedelta) -> int:
        return quote(book, Parked(entered=begins, elapsed=elapsed)).total_fen

    assert due(entered, one + other) == due(entered, one) + due(entered + one, other)


@trying
@given(versions(), st.data(), lengths, lengths)
def test_split_at_a_change_each_version_bills_its_part(
    old: Version, data: st.DataObject, before: timedelta, behind: timedelta
) -> None:
    change = SPECIAL[0]
    new = data.draw(versions(effective=change, name="v2"))
    book = Book(name="any", zone=ZONES[1], versions=(old, new), service="parking", phone="12345")
    before, behind = (timedelta(seconds=length // timedelta(seconds=1)) for length in (before, behind))
    whole = quote(book, Parked(entered=change - before, elapsed=before + behind))

    if new.over_change is OverChange.ENTRY and before:
        alone = Book(name="any", zone=ZONES[1], versions=(old,), service="parking", phone="12345")
        assert (
            whole.total_fen
            == quote(alone, Parked(entered=change - before, elapsed=before + behind)).total_fen
        )
    elif not new.classes["car"].entry_fen or not before:
        parts = (Parked(entered=change - before, elapsed=before), Parked(entered=change, elapsed=behind))
        assert whole.total_fen == sum(quote(book, part).total_fen for part in parts)


@trying
@given(books(), moments, lengths)
def test_bands_cover_the_time_without_gap_or_overlap(
    book: Book, entered: datetime, length: timedelta
) -> None:
    version = book.versions[0]
    start = stamp(entered)
    end = start + int(length.total_seconds())

    found = list(spans(version, version.classes["car"], book.zone, start, end))

    edges = [start, *(span.end for span in found)]
    assert [span.start for span in found] == edges[:-1]
    assert edges[-1] == end
    assert all(span.round <= span.start < span.end for span in found)


@settings(max_examples=25, deadline=None)
@given(books(), st.timedeltas(timedelta(), timedelta(hours=30)), st.integers(0, 95))
def test_without_a_clock_nobody_is_asked_for_more(book: Book, elapsed: timedelta, quarter: int) -> None:
    """At whichever quarter of an hour of an ordinary day it really began."""
    first_day = START.astimezone(book.zone).replace(hour=0, minute=0) + timedelta(minutes=15 * quarter)
    undated = quote(book, Parked(entered=START, elapsed=elapsed, is_dated=False))

    assert undated.total_fen <= quote(book, Parked(entered=first_day, elapsed=elapsed)).total_fen
    assert all(line.begins is None for line in undated.lines)


def test_a_month_is_billed_day_by_day() -> None:
    """30 days of bands and caps: every line of a day is there, and the caps are told in one."""
    bands = (
        Band(name="day", start=480, end=1200, then=Block(timedelta(minutes=15), 100)),
        Band(name="night", start=1200, end=480, then=Block(timedelta(minutes=60), 50)),
    )
    rates = Rates(label="car", schedules={NORMAL: bands}, caps=Caps(day=2000))
    version = Version(id="v", effective=START, classes={"car": rates})
    book = Book(name="any", zone=ZONES[0], versions=(version,), service="parking", phone="12345")

    found = quote(book, Parked(entered=datetime(2026, 4, 1, tzinfo=ZONES[0]), elapsed=timedelta(days=30)))

    assert found.total_fen == 30 * 2000
    assert [line.kind for line in found.lines][-1] is Kind.CAP_DAY
    assert len(found.lines) == 30 * 3 + 1
