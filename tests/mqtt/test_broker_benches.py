"""The benches of the wire measure what they say, and no time is judged here."""

from __future__ import annotations

from tests.bench import backlog, broker_silent


def test_a_gate_with_a_silent_broker_is_compared_with_one_without() -> None:
    figures = broker_silent.measure(swipes=3)
    assert figures["swipes"] == 3
    assert figures["bytes_unanswered"] > 0
    assert figures["ratio"] > 0


def test_a_backlog_is_drained_while_cards_are_swiped() -> None:
    figures = backlog.measure(share=90)
    assert figures["facts"] == 1000
    assert figures["drained_s"] > 0
    assert figures["during_drain_median_ms"] > 0
