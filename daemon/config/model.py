"""config.yaml as values: what each key means, its unit, its default and what is allowed.

The law of this file: no I/O, no device. A section `{driver: …}` is checked against the `Options` of that
driver by `daemon.config.load`, which also finds the line of every problem.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
"""Lower-case letters, digits and dashes: names go into topics, file names and addresses."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeviceConfig(BaseModel):
    """`{driver: NAME, …}`: the rest of the keys are that driver's own."""

    model_config = ConfigDict(extra="allow", frozen=True)

    driver: str

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class LoopsConfig(Section):
    safety: DeviceConfig
    """The loop (or photocell) under the boom. A lane without one cannot be closed by gatepost."""
    approach: DeviceConfig | None = None


class LaneConfig(Section):
    id: Name
    name: str
    direction: Literal["entry", "exit"]
    mode: Literal["card_and_plate", "plate_only", "card_only"]
    match_window_s: float = Field(10.0, gt=0, le=120)
    """How long card and plate may be apart, either order."""
    visitor_wait_s: float = Field(4.0, ge=0, le=60)
    """How long an unknown plate waits for a card before it counts as a temporary car."""
    temporary: Literal["allow", "guard", "refuse"] = "allow"
    """A car without a permit: gets a temporary pass, waits for the guard, or is refused."""
    pass_timeout_s: float = Field(30.0, gt=0, le=600)
    """How long a car that was let through may take to drive over the safety loop."""
    close_delay_s: float = Field(1.0, ge=0, le=60)
    """From the car having cleared the safety loop to the order to lower."""
    boom_travel_s: float = Field(6.0, gt=0, le=60)
    """By when a limit switch must have answered an order; after that it is a fault."""
    reader: DeviceConfig | None = None
    camera: DeviceConfig | None = None
    barrier: DeviceConfig
    loops: LoopsConfig
    region: tuple[float, float, float, float] | None = None
    """The part of the picture where plates are looked for: left, top, right, bottom as fractions of 1."""


class PermitConfig(Section):
    id: str
    card: str
    plate: str
    holder: str = ""
    household: str = ""
    lanes: list[Name] = []
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class OfficeConfig(Section):
    """The property office's MQTT broker."""

    host: str = "127.0.0.1"
    port: int = Field(1883, ge=1, le=65535)
    root: str = Field("gatepost", pattern=r"^[^#+\s]+$")
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    """Set: TLS, and the broker's certificate must be signed by it."""


class PanelConfig(Section):
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)


class VisionConfig(Section):
    recogniser: DeviceConfig = DeviceConfig(driver="onnx")
    frames_per_second: float = Field(5.0, gt=0, le=30)
    settle_after_s: float = Field(1.5, gt=0, le=10)
    """A track is settled at the latest this long after its first readable frame."""
    agree: int = Field(2, ge=1, le=10)
    """How many equal valid reads settle it earlier."""
    memory_limit_mb: int = Field(350, ge=150)
    """The vision process is replaced when it has grown past this."""


class StorageConfig(Section):
    folder: Path = Path("var")
    """Ledger, pictures and copies. Relative to config.yaml."""
    pictures_days: int = Field(30, ge=1)
    pictures_max_mb: int = Field(2000, ge=10)


class SiteConfig(Section):
    id: Name
    name: str
    timezone: ZoneInfo = ZoneInfo("Asia/Shanghai")


class GateConfig(Section):
    id: Name
    name: str


class SimulationConfig(Section):
    """Cars that drive through lanes with simulated devices, as `scripts/run` shows them."""

    seed: int = 1
    cars_per_minute: float = Field(6.0, gt=0, le=60)
    """For each entry lane."""
    visitors: float = Field(0.25, ge=0, le=1)
    """The part of the cars that has no permit."""
    stay_s: float = Field(20.0, ge=1)
    """How long a car stays inside, on average."""


class Config(Section):
    site: SiteConfig
    gate: GateConfig
    lanes: list[LaneConfig] = Field(min_length=1, max_length=16)
    permits: list[PermitConfig] | Path = []
    """A short list here, or the path of a CSV file with the same column names."""
    office: OfficeConfig | None = None
    panel: PanelConfig | None = PanelConfig()
    vision: VisionConfig = VisionConfig()
    storage: StorageConfig = StorageConfig()
    simulation: SimulationConfig | None = None
    folder: Path = Path()
    """Where config.yaml lies; set by the loader, not by the user."""
