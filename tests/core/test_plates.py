"""What is a plate, what is taken for what, and how frames vote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.plates import (
    CONFUSED,
    CONFUSED_COST,
    DIGITS,
    LETTERS,
    PROVINCES,
    UNREADABLE,
    PlateKind,
    Reading,
    are_confusable,
    distance,
    is_plate,
    normalise,
    one_confusable_apart,
    plate_kind,
    vote,
)
from daemon.core.signals import Char

SERIAL = LETTERS + DIGITS

ordinary = st.builds(
    lambda province, city, serial: province + city + "".join(serial),
    st.sampled_from(PROVINCES),
    st.sampled_from(LETTERS),
    st.lists(st.sampled_from(SERIAL), min_size=5, max_size=5),
)
small_electric = st.builds(
    lambda province, city, kind, second, number: f"{province}{city}{kind}{second}{number:04d}",
    st.sampled_from(PROVINCES),
    st.sampled_from(LETTERS),
    st.sampled_from("DFABCEGHJK"),
    st.sampled_from(SERIAL),
    st.integers(0, 9999),
)
texts = st.text(alphabet=PROVINCES + SERIAL + "挂学警IO", max_size=9)


@pytest.mark.parametrize(
    ("plate", "kind"),
    [
        ("粤B12345", PlateKind.ORDINARY),
        ("皖A158Y2", PlateKind.ORDINARY),
        ("京O12345", PlateKind.ORDINARY),
        ("皖AD11166", PlateKind.NEW_ENERGY_SMALL),
        ("沪AF12345", PlateKind.NEW_ENERGY_SMALL),
        ("粤BDA1234", PlateKind.NEW_ENERGY_SMALL),
        ("粤B12345D", PlateKind.NEW_ENERGY_LARGE),
        ("苏A1234挂", PlateKind.TRAILER),
        ("京A1234学", PlateKind.LEARNER),
        ("浙O1234警", PlateKind.POLICE),
        ("粤Z1A23港", PlateKind.HONG_KONG),
        ("粤ZF012澳", PlateKind.MACAO),
        ("沪A0012领", PlateKind.CONSULATE),
        ("使224578", PlateKind.EMBASSY),
        ("224578使", PlateKind.EMBASSY),
        ("KA12345", PlateKind.MILITARY),
        ("WJ粤8888X", PlateKind.ARMED_POLICE),
        ("WJ01234", PlateKind.ARMED_POLICE),
    ],
)
def test_every_kind_of_plate_is_known_by_its_shape(plate: str, kind: PlateKind) -> None:
    assert plate_kind(plate) is kind


@pytest.mark.parametrize(
    "text",
    [
        "", "粤", "粤B1234", "粤B123456", "粤B1234I", "粤B1O345", "粤I12345", "B12345", "粤粤12345",
        "粤BI12345", "皖ADO1234", "皖AD1116G", "京A1234港", "粤Z123港", "C00D", "2026062108",
        "粤B12345 ", "粤b12345",
    ],
)  # fmt: skip
def test_what_is_no_plate_is_none(text: str) -> None:
    assert plate_kind(text) is None
    assert not is_plate(text)


@pytest.mark.parametrize(
    "written",
    [
        "粤B12345",
        "粤b12345",
        "粤B·12345",
        "粤B 12345",
        " 粤B-12345 ",
        "粤B.12345",
        "粤Ｂ１２３４５",
        "粤B•12 345",
    ],
)
def test_one_plate_written_many_ways_is_one_plate(written: str) -> None:
    assert normalise(written) == "粤B12345"


@given(st.text(max_size=12))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.one_of(ordinary, small_electric))
def test_a_lawful_plate_is_a_plate_and_is_written_normally(plate: str) -> None:
    assert is_plate(plate)
    assert normalise(plate.lower()) == plate


# ---------------------------------------------------------------- alike


@given(texts, texts, texts)
def test_distance_behaves_like_one(a: str, b: str, c: str) -> None:
    assert distance(a, b) == pytest.approx(distance(b, a))
    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, b) <= max(len(a), len(b))


@pytest.mark.parametrize(
    ("read", "plate", "expected"),
    [
        ("皖A12345", "皖A12345", 0),
        ("闽A12345", "皖A12345", CONFUSED_COST),
        ("皖A8D345", "皖AS0345", 2 * CONFUSED_COST),
        ("皖A1234", "皖A12345", 1),
        ("粤A12345", "皖A12345", 1),
        ("", "皖A12345", 7),
    ],
)
def test_a_confusable_character_counts_little(read: str, plate: str, expected: float) -> None:
    assert distance(read, plate) == pytest.approx(expected)


@given(ordinary, st.integers(0, 6), st.sampled_from(sorted(PROVINCES + SERIAL)))
def test_only_a_measured_confusion_completes_a_read(plate: str, place: int, char: str) -> None:
    read = plate[:place] + char + plate[place + 1 :]
    assert one_confusable_apart(read, plate) == (frozenset((char, plate[place])) in CONFUSED)


@pytest.mark.parametrize(
    ("read", "plate"),
    [
        ("皖AD1116", "皖AD11166"),
        ("粤B12345", "粤B12345D"),
        ("京A1234", "京A1234学"),
        ("京A1234", "京A1234警"),
    ],
)
def test_a_lost_last_character_is_a_measured_confusion(read: str, plate: str) -> None:
    assert one_confusable_apart(read, plate)


@pytest.mark.parametrize(
    ("read", "plate"),
    [
        ("皖A12345", "皖A12345"),
        ("闽AD2345", "皖A02345"),
        ("皖A1234", "皖A12345"),
        ("皖AD1148", "皖AD11488"[:-2] + "X8"),
        ("A12345", "皖A12345"),
        ("", "皖A12345"),
        ("京A1234", "京A1234挂"),
    ],
)
def test_nothing_else_completes_a_read(read: str, plate: str) -> None:
    assert not one_confusable_apart(read, plate)


@given(st.sampled_from(PROVINCES + SERIAL))
def test_no_character_is_confused_with_itself(char: str) -> None:
    assert not are_confusable(char, char)


# ---------------------------------------------------------------- votes


def reading(text: str, belief: float = 0.9, *, others: dict[int, tuple[str, float]] | None = None) -> Reading:
    runners_up = others or {}
    chars = tuple(
        Char(char, belief, (runners_up[place],) if place in runners_up else ())
        for place, char in enumerate(text)
    )
    return Reading(chars=chars, confidence=belief)


def test_no_reading_is_unreadable() -> None:
    assert vote([]) == UNREADABLE
    assert vote([reading("")]) == UNREADABLE


def test_the_majority_outvotes_one_odd_frame() -> None:
    said = vote([reading("皖A12345"), reading("闽A12345"), reading("皖A12345")])
    assert (said.text, said.is_valid, said.agreeing) == ("皖A12345", True, 2)
    assert said.chars[0].others == (("闽", 0.3),)


def test_one_sure_frame_outweighs_two_doubtful_ones() -> None:
    assert (
        vote([reading("皖AD2345", 0.3), reading("皖AD2345", 0.3), reading("皖A02345", 0.95)]).text
        == "皖A02345"
    )


def test_runners_up_count() -> None:
    """Two frames that nearly read a 0 tip the balance for the frame that did."""
    nearly = {2: ("0", 0.45)}
    said = vote(
        [
            reading("皖AD2345", 0.5, others=nearly),
            reading("皖AD2345", 0.5, others=nearly),
            reading("皖A02345", 0.6),
        ]
    )
    assert said.text == "皖A02345"


def test_a_plate_goes_before_what_is_none_however_sure() -> None:
    said = vote([reading("皖AD1116G", 0.99), reading("皖AD1116G", 0.99), reading("皖AD11166", 0.4)])
    assert (said.text, said.is_valid) == ("皖AD11166", True)


def test_what_is_no_plate_is_said_to_be_none() -> None:
    said = vote([reading("皖A1116I"), reading("皖A1116I")])
    assert (said.text, said.is_valid, said.agreeing) == ("皖A1116I", False, 2)


some_readings = st.lists(
    st.builds(reading, st.one_of(ordinary, small_electric, texts), st.floats(0, 1)), max_size=6
)


@given(some_readings)
def test_a_vote_makes_nothing_up(readings: list[Reading]) -> None:
    said = vote(readings)
    assert said.text in {"", *(each.text for each in readings)}
    assert said.is_valid == is_plate(said.text)
    assert said.is_valid == any(is_plate(each.text) for each in readings)
    assert "".join(char.char for char in said.chars) == said.text
    assert said.agreeing == sum(bool(said.text) and each.text == said.text for each in readings)
    assert all(0 <= char.belief <= 1 for char in said.chars)


@given(some_readings, st.randoms())
def test_the_order_of_frames_does_not_matter(readings: list[Reading], random: object) -> None:
    shuffled = list(readings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert vote(shuffled).text == vote(readings).text
