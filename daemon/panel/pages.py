"""Views and templates to HTML: whole pages, and the fragments that the live stream renews.

The law of this file: autoescape is on and nothing but finished fragments is marked safe; a fragment is the
same text on first load and in the stream, since both come from here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from daemon.core.reasons import Words
from daemon.core.receipt_paper import Letterhead, rows
from daemon.core.roles import MAY_AT_LANE
from daemon.core.signals import LaneAction
from daemon.core.state import LaneState, Stay
from daemon.panel.auth import Person, form_token
from daemon.panel.charts import chart_of
from daemon.panel.gate import GateView, PassageLine, Wanted
from daemon.panel.prints import print_views, receipt_views, sees_receipts
from daemon.panel.telling import clock_time, plate_colour
from daemon.panel.views import PassageView, alert_views, lane_view, passage_views, status_view, stay_view
from daemon.panel.words import ACTION_WORDS, GRAIN_WORDS, QUICK_REASONS, ROLE_WORDS
from daemon.reports.catalogue import REPORTS
from daemon.reports.periods import labels
from daemon.reports.sheet import UNTRUSTED, Sheet, text_of, totals

RECENT = 12
"""Passages on the main page."""
PAGE = 30
"""Passages on a page of the list."""

CONTENT_TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "txt": "text/plain",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    content_type: str
    body: bytes


def load_static() -> dict[str, StaticFile]:
    """Everything below static/, by its path: what is not in here is not served."""
    found: dict[str, StaticFile] = {}
    folders = [("", files("daemon.panel").joinpath("static"))]
    while folders:
        prefix, folder = folders.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                folders.append((f"{prefix}{entry.name}/", entry))
            else:
                content_type = CONTENT_TYPES[entry.name.rpartition(".")[2]]
                found[prefix + entry.name] = StaticFile(content_type, entry.read_bytes())
    return found


class Pages:
    """Writes pages about one gate."""

    def __init__(self, gate: GateView, static: dict[str, StaticFile]) -> None:
        self._gate = gate
        templates = PackageLoader("daemon.panel")
        self._env = Environment(
            loader=templates,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.build = _digest_of(static, templates, self._env)
        """Changes whenever a page or a file of it does: an open page of another build loads itself again."""
        self._env.globals.update(
            build=self.build,
            names=gate.names,
            role_words=ROLE_WORDS,
            may=MAY_AT_LANE,
            plate_colour=plate_colour,
            sees_receipts=sees_receipts,
            stop_reason=QUICK_REASONS["stop"][0].zh,
        )

    def whole(self, template: str, person: Person | None, **values: Any) -> str:
        token = "" if person is None else form_token(person.token)
        return self._env.get_template(template).render(
            person=person, token=values.pop("token", token), **values
        )

    def main(self, person: Person) -> str:
        # Our own fragments, escaped when they were written: the one place where text goes in as it is.
        part = {name: Markup(text) for name, text in self.fragments(person)}  # noqa: S704 - escaped by the same engine
        return self.whole("main.html", person, part=part, lanes=tuple(self._gate.state.lanes.values()))

    def fragments(self, person: Person, *, with_passages: bool = True) -> Iterator[tuple[str, str]]:
        """Each part of the main page that changes, by the name of its event in the stream."""
        gate, state = self._gate, self._gate.state
        now, zone = gate.clock.now(), gate.names.timezone
        yield "beat", self._part("parts/beat.html", time=clock_time(now.wall, zone, seconds=True), now=now)
        yield "status", self._part("parts/status.html", status=status_view(state, gate.office, now, zone))
        yield "alerts", self._part("parts/alerts.html", alerts=alert_views(state, now, zone))
        for lane in state.lanes.values():
            view = lane_view(lane, state, now, zone)
            for part in ("head", "car", "manual"):
                yield f"{part}-{lane.id}", self._part(f"parts/{part}.html", lane=view, role=person.role)
        if with_passages:
            lines = gate.recent_passages(RECENT)
            yield "passages", self._part("parts/passages.html", rows=self._rows(lines))

    def passages(self, person: Person, lane: str | None, before: str | None) -> str:
        """One page of the list; one line more is asked for to know whether there are older ones."""
        lines = self._gate.recent_passages(PAGE + 1, lane, before)
        older = lines[PAGE - 1].passage if len(lines) > PAGE else None
        return self.whole(
            "passages.html",
            person,
            rows=self._rows(lines[:PAGE]),
            lanes=tuple(self._gate.state.lanes.values()),
            lane=lane,
            before=before,
            older=older,
        )

    def receipts(self, person: Person, before: int | None, *, missing: bool) -> str:
        """One page of the list; one receipt more is asked for to know whether there are older ones."""
        gate = self._gate
        lines = gate.receipts(PAGE + 1, before, missing=missing)
        return self.whole(
            "receipts.html",
            person,
            rows=receipt_views(lines[:PAGE], gate.clock.now(), gate.names.timezone),
            before=before,
            missing=missing,
            older=lines[PAGE - 1].number if len(lines) > PAGE else None,
        )

    def receipt(self, person: Person, number: int) -> str | None:
        """The receipt of that number to be read, or printed from the page; None where there is none."""
        gate = self._gate
        found = gate.receipt(number)
        if found is None:
            return None
        head = Letterhead.of(gate.names.site, gate.state)
        return self.whole(
            "receipt.html",
            person,
            number=number,
            can_be_printed=gate.state.rules.has_printer,
            rows=rows(found, head),
            prints=print_views(gate.prints(number), gate.clock.now(), gate.names.timezone),
        )

    def report(self, person: Person, wanted: Wanted, sheet: Sheet | None, *, problem: Words | None) -> str:
        """A report with its chart; without a sheet, what is wrong with what was asked for."""
        report = REPORTS[wanted.report]
        named = {} if sheet is None else {column.key: column for column in sheet.columns}
        return self.whole(
            "report.html",
            person,
            reports=REPORTS,
            grains=GRAIN_WORDS,
            wanted=wanted,
            sheet=sheet,
            problem=problem,
            drawn=named.get(report.drawn),
            chart=sheet and chart_of(sheet, report, labels(wanted.by, wanted.first, wanted.last)),
            cells=[[text_of(*cell) for cell in zip(sheet.columns, row, strict=True)] for row in sheet.rows]
            if sheet
            else [],
            sums=totals(sheet) if sheet else (),
            uncertain=sheet.sum_of(UNTRUSTED.key) if sheet else 0,
        )

    def question(
        self,
        person: Person,
        lane: LaneState,
        action: LaneAction,
        passage: str,
        *,
        stay: Stay | None,
        stopper: Words | None,
    ) -> str:
        """The dialog in which a guard says why. `stay` is the car inside that this one is said to be;
        `stopper` is why it cannot be done any more."""
        gate = self._gate
        now, zone = gate.clock.now(), gate.names.timezone
        read = (lane.passage.plate if lane.passage is not None else None) or ""
        return self._part(
            "parts/question.html",
            lane=lane_view(lane, gate.state, now, zone),
            stay=None if stay is None else stay_view(stay, read, gate.state, now, zone),
            stopper=stopper,
            action=action,
            action_words=ACTION_WORDS,
            quick=QUICK_REASONS,
            passage=passage,
            person=person,
            is_allowed=person.role in MAY_AT_LANE[action],
        )

    def answer(
        self, tone: str, words: Words, detail: Words | None, lane: LaneState, action: LaneAction
    ) -> str:
        """What came of a button: `tone` is `done`, `refused` or `unknown`."""
        return self._part(
            "parts/answer.html",
            tone=tone,
            words=words,
            detail=detail,
            lane_name=lane.name,
            action_words=ACTION_WORDS[action],
        )

    def _rows(self, lines: Sequence[PassageLine]) -> tuple[PassageView, ...]:
        gate = self._gate
        return passage_views(lines, gate.state, gate.clock.now(), gate.names.timezone)

    def _part(self, template: str, **values: Any) -> str:
        return self._env.get_template(template).render(**values)


def _digest_of(static: dict[str, StaticFile], templates: PackageLoader, env: Environment) -> str:
    digest = hashlib.sha256()
    for name in sorted(static):
        digest.update(static[name].body)
    for name in sorted(templates.list_templates()):
        digest.update(templates.get_source(env, name)[0].encode())
    return digest.hexdigest()[:12]
