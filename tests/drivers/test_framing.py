"""Bytes become cards: whole, torn, broken, drowned in noise, and never out of nothing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import BadFrame, Card
from drivers.readers.framing import FORMATS, SHOWN_BYTES, FormatName, Framer

SEEED_FRAME = bytes.fromhex("02 36 32 45 33 30 38 36 43 45 44 30 38 03")
"""The worked example of Seeed's 125 kHz reader data sheet."""

SAMPLES: dict[FormatName, tuple[bytes, Card]] = {
    "rdm6300": (SEEED_FRAME, Card("62E3086CED", 40)),
    "id12la": (b"\x0262E3086CED08\r\n\x03", Card("62E3086CED", 40)),
    "wiegand26_hex": (b"64EAB3\r", Card("64EAB3", 24)),
}
STX_FORMATS: list[FormatName] = ["rdm6300", "id12la"]


def cards(found: list[Card | BadFrame]) -> list[Card]:
    return [each for each in found if isinstance(each, Card)]


def whole_frames_in(stream: bytes, name: FormatName) -> set[Card]:
    """Every card that any window of the stream spells, by a slower and dumber way than the framer's."""
    length = FORMATS[name].length
    windows = (stream[at : at + length] for at in range(len(stream) - length + 1))
    return {found for found in map(FORMATS[name].decode, windows) if isinstance(found, Card)}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_whole_frame_is_a_card_and_its_encoding(name: FormatName) -> None:
    frame, card = SAMPLES[name]
    assert Framer(name).feed(frame) == [card]
    assert FORMATS[name].encode(card.number) == frame


@pytest.mark.parametrize("name", SAMPLES)
def test_a_frame_split_anywhere_is_the_same_card(name: FormatName) -> None:
    frame, card = SAMPLES[name]
    for cut in range(1, len(frame)):
        framer = Framer(name)
        assert framer.feed(frame[:cut]) == []
        assert framer.holds_part_of_a_frame
        assert framer.feed(frame[cut:]) == [card]
        assert not framer.holds_part_of_a_frame


@pytest.mark.parametrize("name", SAMPLES)
def test_byte_by_byte_three_cards_are_three_cards(name: FormatName) -> None:
    frame, card = SAMPLES[name]
    framer = Framer(name)
    assert [each for byte in frame * 3 for each in framer.feed(bytes([byte]))] == [card] * 3


@pytest.mark.parametrize("name", STX_FORMATS)
def test_any_single_wrong_byte_is_a_bad_frame_and_the_next_frame_is_found(name: FormatName) -> None:
    frame, card = SAMPLES[name]
    for at in range(len(frame)):
        for flip in (0x01, 0x10, 0x80):
            damaged = bytearray(frame)
            damaged[at] ^= flip
            found = Framer(name).feed(bytes(damaged) + frame)
            assert cards(found) == [card], (at, flip)
            assert len(found) == 2


def test_a_wrong_digit_is_told_from_a_wrong_shape() -> None:
    frame = SEEED_FRAME
    assert Framer("rdm6300").feed(frame.replace(b"62E3", b"62E4")) == [
        BadFrame("checksum", frame.replace(b"62E3", b"62E4"))
    ]
    assert Framer("rdm6300").feed(frame[:-1] + b"\x04") == [BadFrame("format", frame[:-1] + b"\x04")]
    assert Framer("rdm6300").feed(b"hello") == [BadFrame("noise", b"hello")]


@pytest.mark.parametrize("name", STX_FORMATS)
def test_a_torn_frame_does_not_swallow_the_whole_one_behind_it(name: FormatName) -> None:
    frame, card = SAMPLES[name]
    for kept in range(1, len(frame)):
        assert cards(Framer(name).feed(frame[:kept] + frame)) == [card], kept


@pytest.mark.parametrize("name", SAMPLES)
def test_silence_breaks_a_half_frame_off_and_the_next_one_is_clean(name: FormatName) -> None:
    frame, card = SAMPLES[name]
    framer = Framer(name)
    framer.feed(frame[:5])
    assert framer.gap() == [BadFrame("timeout", frame[:5])]
    assert framer.gap() == []
    assert framer.feed(frame) == [card]


def test_a_line_without_a_start_byte_is_clean_again_after_its_end_byte() -> None:
    framer = Framer("wiegand26_hex")
    found = framer.feed(b"junk junk junk 64EA") + framer.feed(b"B3\r64EAB3\r")
    assert cards(found) == [Card("64EAB3", 24)]


def test_the_same_frame_in_the_wrong_format_is_no_card() -> None:
    for name in SAMPLES:
        for other, (frame, _card) in SAMPLES.items():
            if other != name:
                framer = Framer(name)
                assert cards(framer.feed(frame * 3) + framer.gap()) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_a_hundred_thousand_bytes_of_junk_are_neither_kept_nor_a_card(name: FormatName) -> None:
    frame, card = SAMPLES[name]
    dice = random.Random(6300)
    framer = Framer(name)
    for _ in range(100):
        junk = bytes(dice.choices(b"\x02\x03\x00\xff\x7fGZ ", k=1000))
        for each in framer.feed(junk):
            assert isinstance(each, BadFrame)
            assert len(each.data) <= SHOWN_BYTES
        assert len(framer._held) < FORMATS[name].length
    framer.gap()
    assert framer.feed(frame) == [card]


NASTY = st.binary(max_size=40) | st.text("\x02\x03\r\n0123456789ABCDEFG", max_size=40).map(
    lambda text: text.encode("ascii")
)
NUMBERS = st.integers(0, 2**40 - 1).map("{:010X}".format)


@pytest.mark.parametrize("name", STX_FORMATS)
@given(pieces=st.lists(st.tuples(NASTY, NUMBERS), max_size=6), tail=NASTY, data=st.data())
def test_no_junk_hides_a_frame_and_none_invents_one(
    name: FormatName, pieces: list[tuple[bytes, str]], tail: bytes, data: st.DataObject
) -> None:
    # given good frames with any junk between them, cut into reads anywhere
    stream = b"".join(junk + FORMATS[name].encode(number) for junk, number in pieces) + tail
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reads = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    # when they are fed
    framer = Framer(name)
    found = cards([each for read in reads for each in framer.feed(read)])
    # then every good one is there, in order, and everything found was really on the wire
    wanted = iter(found)
    assert all(any(card.number == number for card in wanted) for _, number in pieces)
    assert set(found) <= whole_frames_in(stream, name)


@given(st.lists(st.tuples(NASTY, st.integers(0, 2**24 - 1).map("{:06X}".format)), max_size=6))
def test_after_a_line_end_every_line_of_six_digits_is_found(pieces: list[tuple[bytes, str]]) -> None:
    stream = b"".join(junk + b"\r" + number.encode() + b"\r" for junk, number in pieces)
    wanted = iter(cards(Framer("wiegand26_hex").feed(stream)))
    assert all(any(card.number == number for card in wanted) for _, number in pieces)
    lines = {line.decode().upper() for line in stream.split(b"\r") if line.isalnum() and len(line) == 6}
    assert {card.number for card in cards(Framer("wiegand26_hex").feed(stream))} <= lines


def test_a_number_of_the_wrong_length_cannot_be_encoded() -> None:
    with pytest.raises(ValueError, match="10 hexadecimal digits"):
        FORMATS["rdm6300"].encode("123")
