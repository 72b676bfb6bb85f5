"""What befalls the gate from outside, as lines of a `.gate` file: power, broker, devices, hands on the boom.

The law of this file: a sentence here is done to the bench, at the lane named last; nobody asks for it.

停电                                        power cut
读卡器故障 / 读卡器恢复                      reader fails / reader works again
杆被人抬起                                  boom lifted by hand
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from daemon.core.signals import Boom, BoomReported, Loop, LoopState

if TYPE_CHECKING:
    from daemon.scenario.bench import Bench

_ROLES = {"读卡器": "reader", "摄像机": "camera", "reader": "reader", "camera": "camera"}
_ROLE = r"(?P<device>" + "|".join(_ROLES) + r")"

SENTENCES: tuple[tuple[str, str], ...] = (
    ("power_cut", r"停电|power cut"),
    ("broker_lost", r"断网|broker lost"),
    ("broker_back", r"网络恢复|broker back"),
    ("device_fails", rf"{_ROLE}( ?故障| fails)"),
    ("device_works", rf"{_ROLE}( ?恢复| works again)"),
    ("loop_fails", r"地感故障|loop fails"),
    ("loop_works", r"地感恢复|loop works again"),
    ("boom_lifted", r"杆被人抬起|boom lifted by hand"),
    ("boom_sticks", r"杆卡住|boom sticks"),
    ("boom_mended", r"杆修好|boom mended"),
)

Words = Mapping[str, str]


def _loop_fails(_words: Words, bench: Bench, lane: str) -> None:
    bench.loop_fails(Loop.SAFETY, lane)
    bench.loses(f"{lane}.loop.safety", lane, "loop")


def _loop_works(_words: Words, bench: Bench, lane: str) -> None:
    bench.finds(f"{lane}.loop.safety", lane, "loop")
    bench.loop(LoopState.FREE, Loop.SAFETY, lane)


def _device_fails(words: Words, bench: Bench, lane: str) -> None:
    role = _ROLES[words["device"]]
    bench.loses(f"{lane}.{role}", lane, role)


def _device_works(words: Words, bench: Bench, lane: str) -> None:
    role = _ROLES[words["device"]]
    bench.finds(f"{lane}.{role}", lane, role)


def _boom_lifted(_words: Words, bench: Bench, lane: str) -> None:
    bench.booms[lane].at = Boom.UP
    bench.send(BoomReported(at=bench.now, lane=lane, boom=Boom.UP))


DEEDS: dict[str, Callable[[Words, Bench, str], object]] = {
    "power_cut": lambda _words, bench, _lane: bench.reboot(),
    "broker_lost": lambda _words, bench, _lane: bench.loses("broker", None, "broker"),
    "broker_back": lambda _words, bench, _lane: bench.finds("broker", None, "broker"),
    "device_fails": _device_fails,
    "device_works": _device_works,
    "loop_fails": _loop_fails,
    "loop_works": _loop_works,
    "boom_lifted": _boom_lifted,
    "boom_sticks": lambda _words, bench, lane: bench.boom_stuck(lane),
    "boom_mended": lambda _words, bench, lane: bench.boom_mended(lane),
}
