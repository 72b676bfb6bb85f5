"""The bench measures the gate, and no time is judged here."""

from __future__ import annotations

from tests.bench import age
from tests.bench.swipe_to_relay import measure


def test_the_bench_swipes_cards_and_counts_in_commits() -> None:
    figures = measure(swipes=3, permits=20)
    assert figures["swipes"] == 3
    assert 0 < figures["median_ms"] <= figures["p99_ms"]
    assert figures["in_commits"] > 0
    assert figures["target_ms"] > figures["commit_median_ms"]


def test_the_bench_lets_a_site_grow_old_and_starts_it_by_its_snapshot() -> None:
    figures = age.measure(rows=11_000, swipes=3, permits=40, stays=10)
    assert figures["rows"] == 11_000
    assert figures["swipe_old_over_empty"] > 0
    assert figures["start_old_s"] > 0
    assert figures["full_start_s"] >= 0
