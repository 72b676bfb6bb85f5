"""No plate and no card in what is told to those who need not know which car it was."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.masking import masked_card, masked_plate, masked_text
from daemon.core.plates import GRAMMAR

ANY_PLATE = st.one_of(
    [st.from_regex(re.compile(pattern.pattern, re.ASCII), fullmatch=True) for _, pattern in GRAMMAR]
)
ANY_CARD = st.integers(0, 2**40 - 1).flatmap(
    lambda number: st.sampled_from([f"{number:010X}", f"{number % 2**32:08X}", f"{number % 2**24:06X}"])
)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("东门入口: 粤B12345 30.00 元 yuan", "东门入口: 粤B•••45 30.00 元 yuan"),
        ("东门入口: 粤B·12345，业主", "东门入口: 粤B•••45，业主"),
        ("card 62E3086CED, plate 粤BD12345", "card ••••6CED, plate 粤B••••45"),
        (
            "入口: no loop saw entry-1-0000012 drive through",
            "入口: no loop saw entry-1-0000012 drive through",
        ),
        ("车在 2026-06-01 08:00 之后", "车在 2026-06-01 08:00 之后"),
        ("粤b12345", "粤b•••45"),
        ("WJ粤1234X / KA12345 / 123456使", "WJ••••4X / KA•••45 / 12•••6使"),
        ("misread 粤B1234 / 12345", "misread 粤B••34 / ••••2345"),
        ("卡62E3086CED已挂失，车牌粤B12345不符", "卡••••6CED已挂失，车牌粤B•••45不符"),
        ("13800138000 陈志远", "••••8000 陈志远"),
        ("rtsp: timed out after 10 s", "rtsp: timed out after 10 s"),
    ],
)
def test_a_text_keeps_its_sense_and_loses_its_numbers(written: str, told: str) -> None:
    assert masked_text(written) == told


@given(plate=ANY_PLATE, card=ANY_CARD, between=st.sampled_from([" ", "/", "，", ": ", "; ", "车"]))
def test_no_plate_and_no_card_is_left_in_any_text(plate: str, card: str, between: str) -> None:
    text = masked_text(f"东门入口{between}{plate}{between}card {card}{between}held")
    assert plate not in text
    if any(char.isdigit() for char in card):  # six letters are a word
        assert card not in text
    assert "东门入口" in text
    assert text.endswith("held")


def test_too_short_to_be_told_is_hidden_whole() -> None:
    assert (masked_card("2C3D"), masked_plate("B123"), masked_plate("")) == ("••••", "••••", "")
