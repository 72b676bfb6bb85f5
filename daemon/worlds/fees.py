"""What a stay costs by what is posted, reckoned by another way than the product's: block by block.

The law of this file: it knows `tariffs.Posted` and arithmetic. Moments are of the site's own clocks, lengths
are whole seconds that have really passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from daemon.core.state import CHINA
from daemon.worlds.tariffs import NEW_ENERGY, POLICE, Posted, Price

_DAY_S = 24 * 60 * 60


def fee(posted: Posted, came: datetime, stayed_s: int, claims: Collection[str] = ()) -> int:
    """What the stay costs in fen. `came` is aware."""
    in_force = [number for number, price in enumerate(posted.prices) if price.since <= came]
    number = in_force[-1] if in_force else 0
    price, came_s, total = posted.prices[number], _seconds_of(came), 0
    left_s = came_s + stayed_s
    for following in posted.prices[number + 1 :]:
        change_s = _seconds_of(following.since)
        if following.splits and came_s < change_s < left_s:
            total += _under(price, came_s, change_s, claims)
            price, came_s = following, change_s
    return total + _under(price, came_s, left_s, claims)


def _under(price: Price, came_s: int, left_s: int, claims: Collection[str]) -> int:
    if POLICE in claims or left_s - came_s <= price.free_s:
        return 0
    begins_s = came_s + price.free_s if price.free_is_deducted else came_s
    of_day: dict[int, int] = defaultdict(int)
    length_s, fen = price.first_s, price.first_fen
    while begins_s < left_s:
        of_day[begins_s // _DAY_S] += fen
        begins_s += length_s
        length_s, fen = price.then_s, price.then_fen
    most = price.most_a_day_fen
    total = sum(of_day.values() if most is None else (min(each, most) for each in of_day.values()))
    if price.most_a_stay_fen is not None:
        total = min(total, price.most_a_stay_fen)
    return total // 2 if NEW_ENERGY in claims else total


def claims_of(plate: str) -> set[str]:
    """What a plate proves: eight characters are a new energy vehicle's, 警 is the police."""
    if plate.endswith("警"):
        return {POLICE}
    return {NEW_ENERGY} if len(plate) == 8 else set()


def _seconds_of(moment: datetime) -> int:
    """On the site's own clocks, which have no summer time: a day there is a multiple of 86,400."""
    offset = moment.astimezone(CHINA).utcoffset()
    assert offset is not None
    return int(moment.timestamp() // 1) + int(offset.total_seconds())
