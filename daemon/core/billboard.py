"""What the sign at a lane says (R07, R36): to the driver in front of it, or to whoever comes next.

The law of this file: a pure function of what the gate holds in mind, so that a sign that was away says what
is so when it comes back. TABLE is asked from the top, and the first that knows something speaks. What is
nobody's business but the guard's (a watch list) is not written where a driver can read it. Texts are Chinese,
two short lines; voices are phrases that the boards have, divided by commas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from daemon.core.facts import AccessRefused
from daemon.core.lane import DECIDED
from daemon.core.lot import free
from daemon.core.reasons import REASON_WORDS, Reason
from daemon.core.signals import Instant
from daemon.core.state import Phase
from daemon.core.tariff.words import yuan

if TYPE_CHECKING:
    from daemon.core.lot import LotClass
    from daemon.core.state import LaneState, Passage, State

REFUSED_FOR = timedelta(seconds=10)
"""How long a driver who was sent away may read why."""


@dataclass(frozen=True, slots=True)
class Says:
    lines: tuple[str, ...]
    voice: str = ""
    """Said when this text is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One lane, looked at now."""

    state: State
    lane: LaneState
    at: Instant
    refused: AccessRefused | None
    """The last car that was sent away here."""

    @property
    def plate(self) -> str:
        return (self.lane.passage.plate if self.lane.passage is not None else None) or ""


def says(state: State, lane: str, at: Instant, refused: AccessRefused | None = None) -> Says:
    """What the sign of that lane says now."""
    look = Look(state=state, lane=state.lanes[lane], at=at, refused=refused)
    return next(said for speak in TABLE if (said := speak(look)) is not None)


def free_bays(state: State) -> int | None:
    """How many bays are free in all; None where none are counted."""
    counted = _free_of(state)
    return sum(counted.values()) if counted else None


def _free_of(state: State) -> dict[LotClass, int]:
    return {name: free(bays, state.lot.of(name).inside) for name, bays in state.rules.bays.items()}


# ---------------------------------------------------------------- words

HELD_WORDS: dict[Reason, Says] = {
    Reason.CARD_PLATE_MISMATCH: Says(("卡与车不符", "请等待门岗"), "请稍候"),
    Reason.EXPIRED: Says(("通行证已过期", "请等待门岗"), "请稍候"),
    Reason.CARD_MISSING: Says(("请刷卡", "无卡请等待门岗"), "请刷卡"),
    Reason.CHARGE_DOUBTFUL: Says(("停车费待核定", "请等待门岗"), "请稍候"),
}
"""Why a car waits, where the reason's own words are not what a driver should read."""

DISCREET = frozenset(
    {
        Reason.WATCH_LISTED,
        Reason.LEADER_DECIDES,
        Reason.SUPERVISOR_DECIDES,
        Reason.CLOSED_BY_GUARD,
        Reason.GUARD,
    }
)
"""Whoever is wanted is not told so by a sign."""

FIRE = {"entry": Says(("火警", "禁止驶入"), "火警"), "exit": Says(("火警", "请迅速离开"), "火警")}
GREETINGS = {"entry": "欢迎光临", "exit": "一路顺风"}
SENT_AWAY = {"entry": "谢绝驶入", "exit": "未予放行"}
CLASS_NAMES: dict[LotClass, str] = {"permit": "固定车位", "temporary": "临时车位"}


# ---------------------------------------------------------------- who speaks, in this order


def _fire(look: Look) -> Says | None:
    return FIRE[look.lane.direction] if look.lane.is_in_fire else None


def _refused(look: Look) -> Says | None:
    refused, lane = look.refused, look.lane
    if refused is None or lane.phase is not Phase.IDLE or look.at.boot != refused.at.boot:
        return None
    if look.at.mono - refused.at.mono >= REFUSED_FOR:
        return None
    if refused.reason in DISCREET:
        return Says((SENT_AWAY[lane.direction],))
    return Says((SENT_AWAY[lane.direction], REASON_WORDS[refused.reason].zh))


def _let_through(look: Look) -> Says | None:
    lane, car = look.lane, look.lane.passage
    if lane.phase not in DECIDED or car is None or car.is_forced:
        return None
    greeting = GREETINGS[lane.direction]
    notice = _notice(look, car)
    return Says((greeting, notice or look.plate) if notice or look.plate else (greeting,), greeting)


def _notice(look: Look, car: Passage) -> str:
    """What the driver is told besides (R06, R07)."""
    if Reason.BAYS_FULL in car.told:
        return "车位已满按临时车"
    if Reason.EXPIRES_SOON not in car.told or car.permit_id is None:
        return ""
    permit = look.state.permit(car.permit_id, look.at)
    if permit is None or permit.valid_until is None or not look.at.trusted:
        return ""
    zone = look.state.rules.timezone
    last_day = (permit.valid_until - timedelta(microseconds=1)).astimezone(zone).date()
    days = (last_day - look.at.wall.astimezone(zone).date()).days
    return f"通行证{days}天后到期" if days > 0 else "通行证今天到期"


def _pays(look: Look) -> Says | None:
    lane, car = look.lane, look.lane.passage
    if lane.phase is not Phase.HELD or car is None or car.reason is not Reason.CHARGE_UNPAID:
        return None
    account = look.state.money.accounts.get(car.stay_id or "")
    if account is None:
        return None
    due = yuan(account.due_fen)
    return Says((look.plate, f"请缴费{due}元"), f"请缴费,{due.removesuffix('.00')},元")


def _held(look: Look) -> Says | None:
    lane, car = look.lane, look.lane.passage
    if lane.phase is not Phase.HELD or car is None or car.reason is None:
        return None
    if car.reason in DISCREET:
        return Says(("请等待门岗",), "请稍候")
    return HELD_WORDS.get(car.reason) or Says((REASON_WORDS[car.reason].zh, "请等待门岗"), "请稍候")


def _locked(look: Look) -> Says | None:
    return Says(("车道关闭", "请走其他车道")) if look.lane.locked is not None else None


def _held_open(look: Look) -> Says | None:
    return Says(("车道常开", "请减速慢行")) if look.lane.held_open is not None else None


def _arrived(look: Look) -> Says | None:
    lane, car = look.lane, look.lane.passage
    if lane.phase is not Phase.IDENTIFYING or car is None:
        return None
    needs_card = lane.mode != "plate_only" and car.card is None
    first = "请刷卡" if needs_card else "请稍候"
    return Says((first, look.plate) if look.plate else (first,))


def _nobody(look: Look) -> Says:
    if look.lane.direction == "exit":
        return Says(("出口", "请减速慢行"))
    counted = _free_of(look.state)
    bays = tuple(f"{CLASS_NAMES[name]}{f'余{count}' if count else '已满'}" for name, count in counted.items())
    return Says(bays or ("入口", "请减速慢行"))


TABLE: tuple[Callable[[Look], Says | None], ...] = (
    _fire,
    _let_through,
    _pays,
    _held,
    _locked,
    _held_open,
    _arrived,
    _refused,
    _nobody,
)
