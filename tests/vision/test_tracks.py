"""One car, one track: when it speaks, what it says, and what counts as another car."""

from __future__ import annotations

from itertools import count

from daemon.vision.tracks import SECOND_NS, Settled, Tracker, TrackRules, overlap, the_lanes_plate
from drivers.protocols import CharRead, PlateReading

FRAME_NS = SECOND_NS // 5
NEAR = ((500.0, 400.0), (700.0, 400.0), (700.0, 460.0), (500.0, 460.0))
FAR = ((100.0, 100.0), (190.0, 100.0), (190.0, 128.0), (100.0, 128.0))


def plate(
    text: str, confidence: float = 0.95, corners: tuple[tuple[float, float], ...] = NEAR
) -> PlateReading:
    chars = tuple(CharRead(char, confidence) for char in text)
    return PlateReading(text, chars, confidence, corners, "blue", "test")


class Lane:
    """A tracker fed five frames a second."""

    def __init__(self, *, agree: int = 2, held: bool = True) -> None:
        names = count(1)
        self.tracker = Tracker(
            TrackRules(settle_after_ns=3 * SECOND_NS // 2, agree=agree), lambda: f"track-{next(names)}"
        )
        self.now_ns = 100 * SECOND_NS
        self.held = held

    def frames(self, *readings: PlateReading | None, late_ns: int = 0) -> list[tuple[str, str]]:
        """What the tracks say, as (track, text), while these frames come in; None shows no plate."""
        said = [self.frame(reading, late_ns) for reading in readings]
        return [(settled.track, settled.vote.text) for settled in said if settled is not None]

    def frame(self, reading: PlateReading | None, late_ns: int = 0) -> Settled | None:
        self.now_ns += FRAME_NS
        return self.tracker.see(
            [] if reading is None else [reading],
            taken_ns=self.now_ns,
            now_ns=self.now_ns + late_ns,
            held=self.held,
        )


def test_two_equal_valid_reads_settle_a_track_and_it_says_so_once() -> None:
    assert Lane().frames(*[plate("粤B12345")] * 20) == [("track-1", "粤B12345")]


def test_one_valid_read_waits_for_its_time() -> None:
    lane = Lane()
    assert lane.frames(plate("粤B12345"), *[None] * 7) == []
    assert lane.frames(None) == [("track-1", "粤B12345")]


def test_a_plate_that_cannot_be_read_is_said_to_be_unreadable_after_its_time() -> None:
    lane = Lane()
    assert lane.frames(*[plate("", 0.1)] * 8) == []
    settled = lane.frame(plate("", 0.1))
    assert settled is not None
    assert (settled.vote.text, settled.vote.is_valid, settled.frames) == ("", False, 9)


def test_a_badge_is_no_text() -> None:
    assert Lane().frames(*[plate("C00D")] * 10) == [("track-1", "")]


def test_a_whole_read_that_is_no_plate_is_given_but_not_valid() -> None:
    """The guard gets something to compare with; the gate opens nothing for it."""
    lane = Lane()
    said = [settled for settled in (lane.frame(plate("皖A1116I")) for _ in range(10)) if settled is not None]
    assert [(each.vote.text, each.vote.is_valid) for each in said] == [("皖A1116I", False)]


def test_no_plate_at_all_says_nothing() -> None:
    assert Lane().frames(*[None] * 50) == []


def test_an_unreadable_plate_that_becomes_readable_speaks_again() -> None:
    lane = Lane()
    assert lane.frames(*[plate("")] * 9) == [("track-1", "")]
    assert lane.frames(*[plate("粤B12345")] * 3) == [("track-1", "粤B12345")]


def test_a_settled_plate_is_mended_when_later_frames_outvote_it() -> None:
    lane = Lane()
    assert lane.frames(*[plate("皖AD2345", 0.5)] * 2) == [("track-1", "皖AD2345")]
    assert lane.frames(*[plate("皖A02345", 0.99)] * 6) == [("track-1", "皖A02345")]
    assert lane.frames(*[plate("皖A02345", 0.99)] * 20) == []


def test_one_odd_frame_is_neither_a_car_of_its_own_nor_a_change() -> None:
    lane = Lane()
    sure, odd = plate("粤B12345"), plate("川Z99X88")
    assert lane.frames(sure, sure, odd, *[sure] * 10) == [("track-1", "粤B12345")]


def test_a_car_that_creeps_forward_is_one_track() -> None:
    lane = Lane()
    steps = [plate("粤B12345", corners=tuple((x + 90 * n, y + 40 * n) for x, y in FAR)) for n in range(12)]
    assert lane.frames(*steps) == [("track-1", "粤B12345")]


def test_when_the_loop_clears_the_next_car_is_another_one_though_it_has_the_same_plate() -> None:
    lane = Lane()
    assert lane.frames(*[plate("粤B12345")] * 3) == [("track-1", "粤B12345")]
    lane.tracker.forget()
    assert lane.frames(*[plate("粤B12345")] * 3) == [("track-2", "粤B12345")]


def test_a_tailgater_that_never_lets_the_loop_clear_is_another_track() -> None:
    lane = Lane()
    assert lane.frames(*[plate("粤B12345")] * 5) == [("track-1", "粤B12345")]
    assert lane.frames(*[plate("川Z99X88")] * 5) == [("track-2", "川Z99X88")]


def test_without_a_loop_a_plate_gone_for_two_seconds_has_gone() -> None:
    lane = Lane(held=False)
    assert lane.frames(*[plate("粤B12345")] * 3, *[None] * 11) == [("track-1", "粤B12345")]
    assert lane.frames(*[plate("粤B12345")] * 3) == [("track-2", "粤B12345")]


def test_with_a_loop_a_plate_hidden_for_a_while_is_still_that_car() -> None:
    lane = Lane()
    hidden = [None] * 100
    assert lane.frames(*[plate("粤B12345")] * 3, *hidden, *[plate("粤B12345")] * 3) == [
        ("track-1", "粤B12345")
    ]


def test_a_loop_that_sticks_does_not_hide_the_same_car_coming_again() -> None:
    lane = Lane()
    assert lane.frames(*[plate("粤B12345")] * 3, *[None] * 200) == [("track-1", "粤B12345")]
    assert lane.frames(*[plate("粤B12345")] * 3) == [("track-2", "粤B12345")]


def test_a_frame_that_is_too_old_when_it_would_settle_settles_nothing() -> None:
    lane = Lane()
    assert lane.frames(*[plate("粤B12345")] * 5, late_ns=3 * SECOND_NS) == []
    assert lane.frames(plate("粤B12345")) == [("track-1", "粤B12345")]


def test_more_agreement_can_be_asked_for() -> None:
    lane = Lane(agree=4)
    assert lane.frames(*[plate("粤B12345")] * 3) == []
    assert lane.frames(plate("粤B12345")) == [("track-1", "粤B12345")]


def test_the_car_in_front_counts_even_where_only_the_one_behind_can_be_read() -> None:
    """Unreadable at the boom and a resident behind it must not open for the resident."""
    front, behind = plate("皖A1116I"), plate("粤B12345", corners=FAR)
    assert the_lanes_plate([front, behind]) is front


def test_a_badge_does_not_hide_the_plate_below_it() -> None:
    badge, real = plate("C00D"), plate("粤B12345", corners=FAR)
    assert the_lanes_plate([badge, real]) is real
    assert the_lanes_plate([badge]) is badge
    assert the_lanes_plate([]) is None


def test_overlap_is_the_shared_part_of_the_union() -> None:
    assert overlap(NEAR, NEAR) == 1.0
    assert overlap(NEAR, FAR) == 0.0
    half = tuple((x + 100, y) for x, y in NEAR)
    assert overlap(NEAR, half) == 1 / 3
