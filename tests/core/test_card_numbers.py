"""One card, many numbers: the table of presentations, and what is not guessed."""

from __future__ import annotations

import pytest

from daemon.core.card_numbers import (
    CardNumber,
    NotThatPresentation,
    Presentation,
    SeveralCards,
    canonical,
    found,
)

CARDS = ("1122334455", "01026F6C3A", "0801161DD6")
PRINTED = {
    Presentation.HEX: ("1122334455", "01026F6C3A", "0801161DD6"),
    Presentation.D10: ("0573785173", "0040856634", "0018226646"),
    Presentation.D8: ("03359829", "07302202", "01449430"),
    Presentation.WIEGAND: ("051,17493", "111,27706", "022,07638"),
    Presentation.D5D5: ("08755,17493", "00623,27706", "00278,07638"),
    Presentation.D14: ("00073588229205", "00004335823930", "00034377965014"),
}
KEPT = {
    Presentation.HEX: 40,
    Presentation.D10: 32,
    Presentation.D8: 24,
    Presentation.WIEGAND: 24,
    Presentation.D5D5: 32,
    Presentation.D14: 40,
}
ROWS = [
    (presentation, text, card)
    for presentation, texts in PRINTED.items()
    for text, card in zip(texts, CARDS, strict=True)
]


@pytest.mark.parametrize(("presentation", "text", "card"), ROWS)
def test_what_is_printed_is_the_end_of_what_the_reader_sends(
    presentation: Presentation, text: str, card: str
) -> None:
    bits = KEPT[presentation]
    assert canonical(text, presentation) == CardNumber(card[-bits // 4 :], bits)


def test_eight_digits_are_two_different_cards_by_what_was_declared() -> None:
    as_one = canonical("01449430", Presentation.D8)
    as_two = canonical("02207638", Presentation.WIEGAND)
    assert as_one == as_two == CardNumber("161DD6", 24), "the same card, printed in two ways"
    assert canonical("02207638", Presentation.D8) != as_two, "the same digits, declared in two ways"


@pytest.mark.parametrize(
    ("text", "presentation"),
    [
        ("112233445", Presentation.HEX),
        ("11223344GG", Presentation.HEX),
        ("4294967296", Presentation.D10),
        ("16777216", Presentation.D8),
        ("256,00001", Presentation.WIEGAND),
        ("25600001", Presentation.WIEGAND),
        ("001,65536", Presentation.WIEGAND),
        ("65536,00000", Presentation.D5D5),
        ("", Presentation.D14),
        ("１１１,27706", Presentation.WIEGAND),
    ],
)
def test_what_is_no_number_of_the_presentation_is_refused_with_an_example(
    text: str, presentation: Presentation
) -> None:
    with pytest.raises(NotThatPresentation, match=r"written like \d"):
        canonical(text, presentation)


def test_a_short_number_means_a_card_only_where_one_fits() -> None:
    short = canonical("051,17493", Presentation.WIEGAND)
    assert found(short, CARDS) == "1122334455"
    assert found(short, ["0102030405"]) is None
    assert found(short, ["334455", "1122334455"]) == "334455", "the card itself, before any longer one"
    with pytest.raises(SeveralCards, match="0022334455, 1122334455"):
        found(short, ["1122334455", "0022334455"])
