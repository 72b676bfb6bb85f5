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

_WORDS = {"reader": "读卡器", "camera": "摄像机"}


def check_lanes(lanes: list[Any], source: Source) -> Iterator[Problem]:
    """Problems between the keys of a lane, and between lanes; `lanes` as written, right or wrong."""
    lines: dict[str, int | None] = {}
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
                if lane.get(device) is None:
                    hint = both(f"{mode} 车道须有{_WORDS[device]}", f"a {mode} lane needs a {device}")
                    yield where.problem((device,), hint=hint)
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
