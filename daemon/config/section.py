"""What every section of config.yaml shares."""

from __future__ import annotations

from typing import Annotated, Any

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
