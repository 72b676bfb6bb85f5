"""A tariff file as values: what each key means, its unit, its default and what is allowed.

The law of this file: amounts are written in yuan, as on the notice, and are whole fen from here on. What no
single key can say is checked by `daemon.config.tariff_checks`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from daemon.config.model import Name, Section

_MOST_YUAN = 1_000_000
_YUAN: Final = "应为元，最多两位小数，如 2.5 / an amount in yuan, at most two decimals, such as 2.5"


def _fen(value: Any) -> Any:
    """Whole fen of an amount in yuan: at most two decimals, exactly."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PydanticCustomError("yuan", _YUAN)
    fen = Decimal(repr(value)) * 100
    if fen != fen.to_integral_value() or not 0 <= fen <= _MOST_YUAN * 100:
        raise PydanticCustomError("yuan", _YUAN)
    return int(fen)


Yuan = Annotated[int, BeforeValidator(_fen)]
"""Written in yuan, kept in fen."""
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Mode = Literal["only_within", "deducted"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class FreeFile(Section):
    minutes: int = Field(ge=0, le=1440)
    counts: Mode
    """`only_within`: free if not exceeded, else billed from entry. `deducted`: taken off every stay."""


class BlockFile(Section):
    minutes: int = Field(ge=1, le=1440)
    yuan: Yuan


class BandFile(Section):
    """A part of the day; over midnight where `end` is not after `start`."""

    name: str = Field(min_length=1)
    start: Clock
    end: Clock
    entry_yuan: Yuan | None = None
    first: BlockFile | None = None
    then: BlockFile | None = None
    free: FreeFile | None = None
    cap_yuan: Yuan | None = None


class CapsFile(Section):
    stay: Yuan | None = None
    day: Yuan | None = None
    """For a calendar day."""
    hours_24: Yuan | None = None
    """For each 24 hours from entry."""


class ClassFile(Section):
    """A class of vehicles: `first` and `then` for the whole day, or `bands`."""

    label: str = Field(min_length=1)
    free: FreeFile
    """Has to be said, also where it is 0 minutes: it is posted."""
    entry_yuan: Yuan | None = None
    first: BlockFile | None = None
    then: BlockFile | None = None
    bands: list[BandFile] | None = None
    schedules: dict[str, list[BandFile]] = Field(default_factory=dict)
    """Bands of the days that the calendar names."""
    cap_yuan: CapsFile = CapsFile()
    part: Literal["whole", "dropped", "pro_rata"] = "whole"
    edge: Literal["cut", "run_on"] = "cut"
    first_block: Literal["each_stay", "each_time"] = "each_stay"
    restart: Literal["never", "each_24_hours", "each_day"] = "never"
    restart_gives_free_time: bool = False


class LikeFile(Section):
    """A class at a part, or a multiple, of the prices and caps of another."""

    label: str = Field(min_length=1)
    like: str
    percent: int = Field(ge=1, le=10_000)


class DiscountFile(Section):
    label: str = Field(min_length=1)
    percent_off: int = Field(default=0, ge=0, le=100)
    free: FreeFile | None = None
    classes: list[str] = Field(default_factory=list)


class RuleFile(Section):
    name: str = Field(min_length=1)
    use: str
    """`normal`, `free`, or a name under `schedules`."""
    dates: list[str] = Field(default_factory=list)
    """`2026-10-01`, or `2026-10-01..2026-10-07`."""
    weekdays: list[Weekday] = Field(default_factory=list)


class VersionFile(Section):
    """Without its classes and discounts, which are checked one by one."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    effective: str
    """With its offset from UTC."""
    classes: dict[str, Any] = Field(min_length=1)
    discounts: dict[str, Any] = Field(default_factory=dict)
    exempt: dict[Name, str] = Field(default_factory=dict)
    calendar: list[RuleFile] = Field(default_factory=list)
    same_day: Literal["separate", "share_caps", "as_one"] = "separate"
    over_change: Literal["entry", "split"] = "entry"
    lost_pass_yuan: Yuan = 0
    round_down_to: Literal["fen", "jiao", "yuan"] = "fen"
    grace_minutes: int = Field(default=15, ge=0, le=240)


class TariffFile(Section):
    name: str = Field(min_length=1)
    service: str = "机动车停放服务"
    operator: str = ""
    phone: str = Field(min_length=3)
    """For complaints; the law wants it posted."""
    timezone: str = "Asia/Shanghai"
    sources: list[str] = Field(default_factory=list)
    versions: list[Any] = Field(min_length=1)
