"""The signs in config.yaml: one a lane, checked like every other device of it."""

from __future__ import annotations

import pytest

from tests.config.conftest import GOOD, Check, Good, changed, line_of

BARRIER = "    barrier: {driver: simulated}\n"


def with_sign(sign: str) -> str:
    return changed(BARRIER, f"{BARRIER}    sign: {sign}\n")


@pytest.mark.parametrize(
    "sign",
    [
        "{driver: simulated}",
        "{driver: led_voice, port: 'tcp://192.168.1.90:8888', lines: 4, colour: green}",
    ],
)
def test_a_lane_may_have_a_sign(good: Good, sign: str) -> None:
    (lane,) = good(with_sign(sign)).lanes
    assert lane.sign is not None
    (lane,) = good(GOOD).lanes
    assert lane.sign is None


def test_a_sign_for_bays_needs_a_site_that_counts_them(good: Good, problems: Check) -> None:
    text = with_sign("{driver: remaining_spaces, port: /dev/ttyAMA0, few: 5}")
    (problem,) = problems(text)
    assert problem.path == "lanes[0].sign"
    assert "lot" in problem.hint
    (lane,) = good(f"{text}lot: {{temporary: 20}}\n").lanes
    assert lane.sign is not None


@pytest.mark.parametrize(
    ("sign", "key", "words"),
    [
        ("{driver: led, port: /dev/ttyAMA0}", "driver", "led_voice"),
        ("{driver: led_voice, port: /dev/ttyUSB1}", "port", "by-path"),
        ("{driver: led_voice, port: 'tcp://sign.local:1'}", "port", "name server"),
        ("{driver: led_voice, port: /dev/ttyAMA0, lines: 5}", "lines", "4"),
        ("{driver: led_voice, port: /dev/ttyAMA0, color: red}", "color", "colour"),
    ],
)
def test_what_is_wrong_with_it_is_said_with_its_place(
    problems: Check, sign: str, key: str, words: str
) -> None:
    text = with_sign(sign)
    (problem,) = problems(text)
    assert problem.path == f"lanes[0].sign.{key}"
    assert problem.line == line_of("sign:", text)
    assert words in f"{problem.allowed} {problem.hint}"
