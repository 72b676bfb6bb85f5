"""What no single key of `gate` can say: that its siblings are others, each named once, and can be heard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from daemon.config.problems import Problem, Source, both


def check_siblings(gate: Any, source: Source, *, has_office: bool) -> Iterator[Problem]:
    """Problems of `gate.siblings` as written, right or wrong."""
    named = gate.get("siblings") if isinstance(gate, dict) else None
    if not isinstance(named, list) or not named:
        return
    if not has_office:
        hint = both("各门经 office 的 MQTT 服务器互通", "the gates hear each other over office's broker")
        yield source.problem(("gate", "siblings"), hint=hint)
    seen: set[str] = set()
    for at, name in enumerate(named):
        if not isinstance(name, str):
            continue
        where = ("gate", "siblings", at)
        if name == gate.get("id"):
            yield source.problem(where, value=name, hint=both("这是本门", "that is this gate itself"))
        if name in seen:
            yield source.problem(where, value=name, hint=both("重复", "stands there twice"))
        seen.add(name)
