"""Two ways to reckon a stay, one answer."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from daemon.core.tariff import quote
from daemon.core.tariff.stay import Parked
from daemon.worlds.fees import claims_of, fee
from daemon.worlds.tariffs import BEGINNINGS, NEW_ENERGY, POLICE, book, posted

CLAIMS = (frozenset[str](), frozenset({NEW_ENERGY}), frozenset({POLICE}))


def test_the_independent_reckoning_agrees_with_the_tariff_s_own_to_the_fen() -> None:
    for number in range(2_000):
        random = Random(number)
        begins = random.choice(BEGINNINGS)
        hangs = posted(random, begins, 300)
        came = begins + timedelta(seconds=random.uniform(0, 300))
        stayed_s, claims = random.randrange(600), random.choice(CLAIMS)
        parked = Parked(entered=came, elapsed=timedelta(seconds=stayed_s), claims=claims)
        assert quote(book(hangs), parked).total_fen == fee(hangs, came, stayed_s, claims), hangs


def test_a_plate_says_what_it_proves() -> None:
    assert claims_of("粤AD12345") == {NEW_ENERGY}
    assert claims_of("粤A1234警") == {POLICE}
    assert claims_of("粤A12345") == set()
