"""config.yaml as values: what each key means, its unit, its default and what is allowed.

The law of this file: no I/O, no device. A section `{driver: …}` is checked against the `Options` of that
driver by `daemon.config.load`, which also finds the line of every problem.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, InstanceOf
from pydantic_core import PydanticCustomError

from daemon.config.keys import KeyRing
from daemon.config.post import (
    AlarmConfig,
    AlertsConfig,
    DutyConfig,
    PatrolCardConfig,
    ShiftsConfig,
    StaffConfig,
)
from daemon.config.section import DeviceConfig as DeviceConfig
from daemon.config.section import Name as Name
from daemon.config.section import Section as Section
from daemon.core.lot import LotClass
from daemon.core.tariff import Book
from daemon.core.validity import HOURS

Fraction = Annotated[float, Field(ge=0, le=1)]


class LoopsConfig(Section):
    safety: DeviceConfig
    """The loop (or photocell) under the boom. A lane without one cannot be closed by gatepost."""
    approach: DeviceConfig | None = None


class FrigateConfig(Section):
    """A Frigate NVR that reads the plates of a lane; it talks over the office's broker."""

    camera: Annotated[str, Field(min_length=1)]
    """What Frigate calls the camera that looks at this lane."""
    min_score: Fraction = 0.8
    """Reads that it is less sure of are not taken."""
    max_age_s: float = Field(default=5.0, gt=0, le=60)
    """A read that arrives later than this after its frame says nothing of the car that is there now."""


class LaneConfig(Section):
    id: Name
    name: str
    direction: Literal["entry", "exit"]
    mode: Literal["card_and_plate", "plate_only", "card_only"]
    match_window_s: float = Field(default=10.0, gt=0, le=120)
    """How long card and plate may be apart, either order."""
    visitor_wait_s: float = Field(default=4.0, ge=0, le=60)
    """How long an unknown plate waits for a card before it counts as a temporary car."""
    temporary: Literal["allow", "guard", "refuse"] = "allow"
    """A car without a permit: gets a temporary pass, waits for the guard, or is refused."""
    pass_timeout_s: float = Field(default=30.0, gt=0, le=600)
    """How long a car that was let through may take to drive over the safety loop."""
    close_delay_s: float = Field(default=1.0, ge=0, le=60)
    """From the car having cleared the safety loop to the order to lower."""
    boom_travel_s: float = Field(default=6.0, gt=0, le=60)
    """By when a limit switch must have answered an order; after that it is a fault."""
    stand_limit_s: float = Field(default=60.0, gt=0, le=3600)
    """A car under the boom for longer is an alert."""
    open_limit_s: float = Field(default=180.0, gt=0, le=3600)
    """A boom that has been open for longer, and for nobody, is an alert."""
    queue_limit_s: float = Field(default=120.0, gt=0, le=3600)
    """An approach loop that has not been free for longer is an alert."""
    reader: DeviceConfig | None = None
    camera: DeviceConfig | None = None
    frigate: FrigateConfig | None = None
    """Plates that are read elsewhere, besides or instead of a camera; without one no pictures are kept."""
    barrier: DeviceConfig
    loops: LoopsConfig
    button: DeviceConfig | None = None
    """The guard's push button: raises the boom, whatever else is down."""
    sign: DeviceConfig | None = None
    """What drivers read and hear there."""
    region: tuple[Fraction, Fraction, Fraction, Fraction] | None = None
    """The part of the picture where plates are looked for: left, top, right, bottom as fractions of 1."""


class PermitConfig(Section):
    """One card and one car (R01). The loader writes plates and cards one way, and makes moments aware."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    card: str
    """10, 8 or 6 hexadecimal digits: the 40, 32 or 24 bits that the reader gives."""
    plate: str
    holder: str = ""
    household: str = ""
    lanes: list[Name] = Field(default=[])
    """Lanes it opens; empty means all."""
    valid_from: datetime | None = None
    """A date alone is the start of that day, in the site's time zone."""
    valid_until: datetime | None = None
    """The first moment at which it is over. A date alone in the file means: that day still counts."""
    hours: Annotated[str, Field(pattern=rf"^({HOURS})?$")] = ""
    """When it may come in, each day, in the site's time zone: `07:00-20:00`; empty means the whole day."""


def _as_written(value: Any) -> Any:
    """`5` is a number to YAML, and a name here."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class OfficeConfig(Section):
    """The property office's MQTT broker."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    root: str = Field(default="gatepost", pattern=r"^[^#+\s]+$")
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    """Set: TLS, and the broker's certificate must be signed by it."""
    cert_file: Path | None = None
    key_file: Path | None = None
    """The gate's own certificate and its key, where the broker wants one."""
    protocol: Annotated[Literal["5", "3.1.1"], BeforeValidator(_as_written)] = "5"
    """What the broker speaks; 3.1.1 cannot say why it refuses, nor that it does."""
    delivery: Literal["office", "broker"] = "office"
    """Whose acknowledgement makes a fact delivered."""
    frigate_topic: str = Field(default="frigate", pattern=r"^[^#+\s]+$")
    """`topic_prefix` in Frigate's own configuration."""
    home_assistant: Annotated[str, Field(pattern=r"^[^#+\s]+$")] | None = None
    """Home Assistant's discovery prefix, usually `homeassistant`; none: the gate does not show up there."""
    keys: Path | None = None
    """The folder with the public keys of those who may command this gate; none: nobody may."""
    seal: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{43}$")
    """The office's X25519 key: document numbers are sealed to it (R20)."""


class PanelConfig(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)


class VisionConfig(Section):
    recogniser: DeviceConfig = DeviceConfig(driver="onnx")
    frames_per_second: float = Field(default=5.0, gt=0, le=30)
    settle_after_s: float = Field(default=1.5, gt=0, le=10)
    """A track is settled at the latest this long after its first readable frame."""
    agree: int = Field(default=2, ge=1, le=10)
    """How many equal valid reads settle it earlier."""
    memory_limit_mb: int = Field(default=350, ge=150)
    """The vision process is replaced when it has grown past this."""


class StorageConfig(Section):
    folder: Path = Path("var")
    """Ledger, pictures and copies. Relative to config.yaml."""
    pictures_days: int = Field(default=30, ge=1)
    pictures_max_mb: int = Field(default=2000, ge=10)


def _known_zone(value: Any) -> Any:
    """Names that `ZoneInfo` has not may make it raise more than one kind of error: they are stopped here."""
    if isinstance(value, str) and value not in available_timezones():
        raise PydanticCustomError("zoneinfo_str", "unknown time zone")
    return value


class SiteConfig(Section):
    id: Name
    name: str
    timezone: Annotated[ZoneInfo, BeforeValidator(_known_zone)] = ZoneInfo("Asia/Shanghai")
    expired_permits: Literal["guard", "refuse", "temporary"] = "guard"
    """A car whose permit has expired: waits for the guard, is refused, or comes in as a temporary one."""
    permit_notice_days: int = Field(default=7, ge=0, le=90)
    """How many days before its end a permit is announced to end."""
    tariff: Path | None = None
    """The file with what a stay without a permit costs, relative to config.yaml; none: nothing."""


class GateConfig(Section):
    id: Name
    name: str
    siblings: list[Name] = Field(default=[], max_length=15)
    """The ids of the other gates of the site, whose presence, cards and watch list count here (R45)."""


class LotConfig(Section):
    """How many bays there are for whom (R36); a class that is left out is not counted down."""

    permit: int | None = Field(default=None, ge=0)
    """Cars with a permit."""
    temporary: int | None = Field(default=None, ge=0)
    """All others."""

    def counted(self) -> dict[LotClass, int]:
        """The classes whose bays the site counts."""
        bays: dict[LotClass, int | None] = {"permit": self.permit, "temporary": self.temporary}
        return {of: count for of, count in bays.items() if count is not None}


class SimulationConfig(Section):
    """Cars that drive through lanes with simulated devices, as `scripts/run` shows them."""

    seed: int = 1
    cars_per_minute: float = Field(default=6.0, gt=0, le=60)
    """For each entry lane."""
    visitors: float = Field(default=0.25, ge=0, le=1)
    """The part of the cars that has no permit."""
    stay_s: float = Field(default=20.0, ge=1)
    """How long a car stays inside, on average."""


class Config(Section):
    site: SiteConfig
    gate: GateConfig
    lanes: list[LaneConfig] = Field(min_length=1, max_length=16)
    permits: list[PermitConfig] = Field(default=[])
    """In the file a list, or the path of a CSV file with the same column names, which the loader reads."""
    staff: list[StaffConfig] = Field(default=[])
    shifts: ShiftsConfig | None = None
    alerts: AlertsConfig = AlertsConfig()
    alarms: list[AlarmConfig] = Field(default=[])
    duties: list[DutyConfig] = Field(default=[])
    patrol_cards: list[PatrolCardConfig] = Field(default=[])
    office: OfficeConfig | None = None
    panel: PanelConfig | None = PanelConfig()
    vision: VisionConfig = VisionConfig()
    storage: StorageConfig = StorageConfig()
    fire: DeviceConfig | None = None
    """The contact of the fire panel: closed, every barrier rises and stays up (R32)."""
    printer: DeviceConfig | None = None
    """Prints the receipts; without one they are pages of the panel (R17)."""
    lot: LotConfig = LotConfig()
    simulation: SimulationConfig | None = None
    tariff: InstanceOf[Book] | None = Field(default=None, exclude=True)
    """What is in `site.tariff`; set by the loader, not by the user."""
    keys: InstanceOf[KeyRing] = Field(default_factory=KeyRing, exclude=True)
    """What is in `office.keys`; set by the loader, not by the user."""
    folder: Path = Field(default=Path(), exclude=True)
    """Where config.yaml lies; set by the loader, not by the user."""
