"""Reports on the panel: a chart, the table under it, and the same as a file for a spreadsheet (R40).

The law of this file: what is asked for is read from the address, checked before anything is added up, and
told back where it cannot be meant.
"""

from __future__ import annotations

from datetime import date, timedelta

from aiohttp import web

from daemon.core.reasons import Words
from daemon.panel.desk import desk_of, html, person_of
from daemon.panel.gate import NoReport, Wanted
from daemon.reports.catalogue import REPORTS
from daemon.reports.periods import GRAINS, By
from daemon.reports.spreadsheet import csv_of

USUAL_DAYS: dict[By, int] = {"hour": 1, "day": 14, "month": 365, "shift": 7}
"""How far back a report goes where nobody says."""
MOST_DAYS = 400


async def page(request: web.Request) -> web.StreamResponse:
    desk, person = desk_of(request), person_of(request)
    today = desk.gate.clock.now().wall.astimezone(desk.gate.names.timezone).date()
    wanted = wanted_of(request, today)
    if isinstance(wanted, Words):
        usual = Wanted(report="flow", by="hour", first=today, last=today)
        return html(desk.pages.report(person, usual, None, problem=wanted), status=422)
    try:
        sheet = await desk.gate.report(wanted)
    except NoReport as why:
        problem = Words(f"报表没有做成：{why}", f"no report: {why}")
        return html(desk.pages.report(person, wanted, None, problem=problem), status=503)
    return html(desk.pages.report(person, wanted, sheet, problem=None))


async def as_csv(request: web.Request) -> web.StreamResponse:
    desk = desk_of(request)
    today = desk.gate.clock.now().wall.astimezone(desk.gate.names.timezone).date()
    wanted = wanted_of(request, today)
    if isinstance(wanted, Words):
        raise web.HTTPUnprocessableEntity(text=f"{wanted.zh} · {wanted.en}\n")
    try:
        sheet = await desk.gate.report(wanted)
    except NoReport as why:
        raise web.HTTPServiceUnavailable(text=f"报表没有做成 · no report: {why}\n") from why
    name = f"{desk.gate.names.gate_id}-{wanted.report}-{wanted.first}-{wanted.last}.csv"
    return web.Response(
        text=csv_of(sheet),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def wanted_of(request: web.Request, today: date) -> Wanted | Words:
    """What the address asks for, or why that cannot be meant."""
    asked = request.query
    report = request.match_info.get("report", "flow")
    if report not in REPORTS:
        raise web.HTTPNotFound(text="没有这种报表 · no such report\n")
    by = asked.get("by") or REPORTS[report].usual
    if by not in GRAINS:
        return Words(f"时段：{'、'.join(GRAINS)}", f"periods are {', '.join(GRAINS)}")
    try:
        last = date.fromisoformat(asked.get("to") or today.isoformat())
        first = _first(asked.get("from"), last, by)
    except (ValueError, OverflowError):
        return Words("日期应如 2026-01-31", "a date is like 2026-01-31")
    if last < first:
        return Words("末日早于首日", "the last day is before the first")
    if (last - first).days >= MOST_DAYS:
        return Words(f"一次最多 {MOST_DAYS} 天", f"{MOST_DAYS} days at once at the most")
    return Wanted(report=report, by=by, first=first, last=last)


def _first(text: str | None, last: date, by: By) -> date:
    if text:
        return date.fromisoformat(text)
    first = last - timedelta(days=USUAL_DAYS[by] - 1)
    return first.replace(day=1) if by == "month" else first
