"""The reports there are, by the word that a person asks for them with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Protocol

from daemon.core.fact import Fact
from daemon.reports import alerts, faults, flow, manual, stays, takings
from daemon.reports.periods import ALWAYS, By, Dated, Span, anchors, dated
from daemon.reports.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Report:
    zh: str
    en: str
    usual: By
    """The periods that it has where nobody names any."""
    kinds: tuple[type[Fact], ...]
    """The facts of the span that it is made of."""
    before: tuple[type[Fact], ...]
    """The facts that it needs from before the span as well."""
    make: Callable[[Iterable[Dated]], Sheet]
    drawn: str
    """The column that a chart shows."""
    parted_by: str | None
    """The column whose values have a colour each in it; None: one colour."""


REPORTS: Mapping[str, Report] = MappingProxyType(
    {
        "flow": Report(
            "车流量",
            "flow per lane",
            "hour",
            flow.KINDS,
            flow.BEFORE,
            flow.flow,
            drawn="passages",
            parted_by="lane",
        ),
        "stays": Report(
            "进出与停留",
            "stays",
            "day",
            stays.KINDS,
            stays.BEFORE,
            stays.stays,
            drawn="came_in",
            parted_by=None,
        ),
        "takings": Report(
            "收费",
            "takings",
            "day",
            takings.KINDS,
            takings.BEFORE,
            takings.takings,
            drawn="net_yuan",
            parted_by=None,
        ),
        "manual": Report(
            "人工放行",
            "manual opens",
            "day",
            manual.KINDS,
            manual.BEFORE,
            manual.manual,
            drawn="opens",
            parted_by="who",
        ),
        "alerts": Report(
            "告警",
            "alerts",
            "day",
            alerts.KINDS,
            alerts.BEFORE,
            alerts.alerts,
            drawn="raised",
            parted_by="words",
        ),
        "faults": Report(
            "设备故障",
            "device faults",
            "day",
            faults.KINDS,
            faults.BEFORE,
            faults.faults,
            drawn="failures",
            parted_by="device",
        ),
    }
)


class Facts(Protocol):
    """Numbered facts of these kinds in order: those of the span, and those of `always` whenever they were."""

    def __call__(
        self,
        kinds: Collection[str],
        *,
        always: Collection[str],
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterable[tuple[int, Fact]]: ...


def sheet_of(report: Report, facts: Facts, *, zone: tzinfo, by: By, span: Span) -> Sheet:
    """The report of one ledger, wherever that is kept."""
    known = anchors(facts((), always=_kinds(ALWAYS)))
    always = _kinds((*ALWAYS, *report.before))
    numbered = facts(_kinds(report.kinds), always=always, since=span.since, until=span.until)
    return report.make(dated(numbered, known, zone=zone, by=by, span=span))


def _kinds(types: Iterable[type[Fact]]) -> list[str]:
    return [str(field.default) for kind in types for field in fields(kind) if field.name == "kind"]
