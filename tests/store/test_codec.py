"""A fact and its text are the same thing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from daemon.core.facts import FACT_TYPES, Fact, FactLost, GateStarted
from daemon.store.codec import canonical, fact_from_json, fact_to_json, instant, plain
from tests.store.histories import instant as at
from tests.store.histories import values_of

ANY_FACT = st.one_of(*map(values_of, FACT_TYPES))


@pytest.mark.parametrize("kind", FACT_TYPES, ids=lambda kind: kind.__name__)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_kind_of_fact_comes_back_as_it_was(kind: type[Fact], data: st.DataObject) -> None:
    fact = data.draw(values_of(kind))
    text = fact_to_json(fact)
    again = fact_from_json(text)
    assert again == fact
    assert type(again) is kind
    assert fact_to_json(again) == text


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_FACT)
def test_the_text_is_canonical(fact: Fact) -> None:
    text = fact_to_json(fact)
    values = plain(text)
    assert "\n" not in text
    assert list(values) == sorted(values)
    # whoever gets the plain values over the wire, keys in any order, seals the same text
    shuffled = json.loads(json.dumps(dict(reversed(values.items()))))
    assert canonical(shuffled) == text
    assert instant(values) == fact.at


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_FACT, ANY_FACT)
def test_different_facts_have_different_texts(one: Fact, other: Fact) -> None:
    assert (fact_to_json(one) == fact_to_json(other)) == (one == other)


def test_chinese_is_left_as_it_is() -> None:
    assert "门岗" in fact_to_json(GateStarted(at=at(0), version="门岗"))


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_half_a_character_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="surrogates"):
        fact_to_json(FactLost(at=at(0), why=text)).encode()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(number: float) -> None:
    seen: Any = next(kind for kind in FACT_TYPES if kind.__name__ == "PlateSeen")
    fact = seen(
        at=at(0), plate="", valid=False, confidence=0.5, chars=(), colour="", track="", permit_id=None,
        picture=None, crop=None,
    )  # fmt: skip
    with pytest.raises(ValueError, match="JSON"):
        fact_to_json(replace(fact, confidence=number))


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", '{"kind":"fact_unheard_of"}', '{"kind":"fact_lost"}']
)
def test_text_that_is_no_fact_makes_none(text: str) -> None:
    with pytest.raises(ValidationError):
        fact_from_json(text)
