"""What no single key of a lane can say: names that stand twice, and devices that its mode needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from daemon.config.problems import Problem, Source, both, shown

NEEDS: dict[str, tuple[str, ...]] = {
    "card_and_plate": ("reader", "camera"),
    "plate_only": ("camera",),
    "card_only": ("reader",),
}
"""The devices without which a lane in this mode would never open."""

INSTEAD = {"camera": "frigate"}
"""What serves a lane as well."""

_WORDS = {"reader": "读卡器", "camera": "摄像机"}


def check_lanes(
    lanes: list[Any], source: Source, *, has_office: bool, counts_bays: bool
) -> Iterator[Problem]:
    """Problems between the keys of a lane, and between lanes; `lanes` as written, right or wrong."""
    lines: dict[str, int | None] = {}
    cameras: dict[str, Any] = {}
    for at, lane in enumerate(lanes):
        if not isinstance(lane, dict):
            continue
        where = source.under("lanes", at)
        if isinstance(name := lane.get("id"), str):
            if name in lines:
                hint = both(f"与第 {lines[name]} 行重复", f"the same as on line {lines[name]}")
                yield where.problem(("id",), value=name, hint=hint)
            lines.setdefault(name, where.lines.line((*where.base, "id")))
        if isinstance(mode := lane.get("mode"), str) and source.is_whole:
            for device in NEEDS.get(mode, ()):
                if lane.get(device) is None and lane.get(INSTEAD.get(device, "")) is None:
                    hint = both(f"{mode} 车道须有{_WORDS[device]}", f"a {mode} lane needs a {device}")
                    yield where.problem((device,), hint=hint)
        match lane.get("frigate"):
            case {"camera": str(camera)}:
                if not has_office:
                    hint = both(
                        "Frigate 经 office 的 MQTT 服务器送来车牌",
                        "Frigate's plates come over office's broker",
                    )
                    yield where.problem(("frigate",), hint=hint)
                if camera in cameras:
                    hint = both(f"与车道 {cameras[camera]} 相同", f"the same as of lane {cameras[camera]}")
                    yield where.problem(("frigate", "camera"), value=camera, hint=hint)
                cameras.setdefault(camera, lane.get("id"))
        match lane.get("sign"):
            case {"driver": "remaining_spaces"} if not counts_bays:
                hint = both(
                    "余位屏要有数可显示：请写 lot",
                    "a sign for remaining spaces needs a number to show: write lot",
                )
                yield where.problem(("sign",), hint=hint)
        match lane.get("region"):
            case [
                int() | float() as left,
                int() | float() as top,
                int() | float() as right,
                int() | float() as bottom,
            ]:
                if not (left < right and top < bottom):
                    yield where.problem(
                        ("region",),
                        allowed=both("左 < 右, 上 < 下", "left < right, top < bottom"),
                        hint=shown(f"{left}, {top}, {right}, {bottom}"),
                    )
