"""Pictures go when they are due, the oldest first, and no sooner (R29)."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.evidence.retention import Picture, expired, sweep

TODAY = date(2026, 3, 31)

PICTURES = st.lists(
    st.builds(
        Picture,
        day=st.integers(-60, 3).map(lambda days: TODAY + timedelta(days=days)),
        path=st.integers(0, 40).map(lambda number: Path(f"p{number}.jpg")),
        size=st.integers(0, 100),
    ),
    unique_by=lambda picture: (picture.day, picture.path),
    max_size=40,
)


@given(pictures=PICTURES, days=st.integers(0, 60), quota=st.integers(0, 3000))
def test_what_goes_is_what_has_to_go(pictures: list[Picture], days: int, quota: int) -> None:
    gone = expired(pictures, today=TODAY, days=days, quota_bytes=quota)
    kept = [picture for picture in pictures if picture not in gone]
    # each is named once, oldest first, and nothing older than one that goes is kept
    assert gone == sorted(set(gone))
    assert all(one < other for one in gone for other in kept)
    # nothing stays past its days, and never more than the quota
    assert all(picture.day >= TODAY - timedelta(days=days) for picture in kept)
    assert sum(picture.size for picture in kept) <= quota
    # and the youngest that goes had to: it is past its days, or with it the rest would not fit
    if gone and gone[-1].day >= TODAY - timedelta(days=days):
        assert sum(picture.size for picture in [*kept, gone[-1]]) > quota


@given(pictures=PICTURES, quota=st.integers(0, 3000))
def test_without_a_trusted_clock_only_the_quota_counts(pictures: list[Picture], quota: int) -> None:
    gone = expired(pictures, today=None, days=0, quota_bytes=quota)
    assert gone == expired(pictures, today=TODAY, days=10_000, quota_bytes=quota)
    if sum(picture.size for picture in pictures) <= quota:
        assert gone == []


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """Ten days of two pictures of 1,000 bytes each."""
    for days in range(10):
        folder = tmp_path / (TODAY - timedelta(days=days)).strftime("%Y/%m/%d")
        folder.mkdir(parents=True)
        for name in ("entry-1-a-frame.jpg", "exit-1-b-crop.jpg"):
            (folder / name).write_bytes(bytes(1000))
    return tmp_path


def days_left(evidence: Path) -> list[int]:
    """How many days old the pictures are that are still there."""
    folders = {path.parent.relative_to(evidence) for path in evidence.glob("*/*/*/*.jpg")}
    return sorted((TODAY - date(*map(int, folder.parts))).days for folder in folders)


@pytest.mark.rule("R29")
def test_pictures_past_their_days_are_deleted(evidence: Path) -> None:
    assert sweep(evidence, today=TODAY, days=3, quota_bytes=1_000_000) == 12
    assert days_left(evidence) == [0, 1, 2, 3]
    assert sweep(evidence, today=TODAY, days=3, quota_bytes=1_000_000) == 0


def test_the_oldest_go_until_the_rest_fits(evidence: Path) -> None:
    assert sweep(evidence, today=TODAY, days=30, quota_bytes=5_500) == 15
    assert days_left(evidence) == [0, 1, 2]


def test_a_clock_that_nobody_vouches_for_deletes_nothing(evidence: Path) -> None:
    assert sweep(evidence, today=None, days=0, quota_bytes=1_000_000) == 0


def test_what_is_not_a_picture_of_a_day_is_let_be(evidence: Path) -> None:
    strangers = [evidence / "notes.txt", evidence / "2026/13/45/x.jpg", evidence / "2026/03/readme.jpg"]
    for stranger in strangers:
        stranger.parent.mkdir(parents=True, exist_ok=True)
        stranger.write_bytes(bytes(10))
    folder = evidence / "2020/01/01/a-folder-in-the-way"
    folder.mkdir(parents=True)
    sweep(evidence, today=TODAY, days=0, quota_bytes=0)
    assert all(stranger.exists() for stranger in strangers)
    assert folder.exists()
    assert not list(evidence.glob("2026/03/[0-9][0-9]/*"))


def test_no_folder_yet_is_no_trouble(tmp_path: Path) -> None:
    assert sweep(tmp_path / "evidence", today=TODAY, days=1, quota_bytes=1) == 0
