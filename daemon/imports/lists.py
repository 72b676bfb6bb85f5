"""From the rows of a file to a list that the gate takes, or to everything that is wrong with it.

The law of this file: one bad row keeps no other from being checked, and no list leaves here with one in it.
Plates come out normalised, cards in the hexadecimal digits of the readers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from daemon.config.permits import OnLine, check_permits
from daemon.config.permits import Row as PermitRow
from daemon.config.problems import Problem, Source, both, shown, suggestion
from daemon.core.card_numbers import NotThatPresentation, Presentation, canonical
from daemon.core.plates import is_plate, normalise
from daemon.core.register import ListName, Resident
from daemon.core.rota import Staff
from daemon.core.signals import Permit
from daemon.core.special import Watch
from daemon.imports import columns
from daemon.imports.columns import Columns, Line, Names
from daemon.imports.sheets import Sheet

_HEX = re.compile(r"[0-9A-Fa-f]{10}|[0-9A-Fa-f]{8}|[0-9A-Fa-f]{6}")
_DIGITS_OF = {
    Presentation.D10: 10, Presentation.D8: 8, Presentation.WIEGAND: 8,
    Presentation.D5D5: 10, Presentation.D14: 14,
}  # fmt: skip
_CHINESE_DATE = re.compile(r"(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?((?:[T ].*)?)")
_PLATES = "粤B12345 | 粤BD12345 | …"
_BETWEEN_LANES = re.compile(r"[\s;|,，、；]+")
_BETWEEN_NAMES = re.compile(r"\s*[;|,，、；/]+\s*")

ROLES: Mapping[str, str] = {
    "门岗": "guard", "保安": "guard", "队员": "guard", "guard": "guard",
    "班长": "leader", "队长": "leader", "leader": "leader",
    "主管": "supervisor", "经理": "supervisor", "supervisor": "supervisor",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """What a list is checked against."""

    lanes: tuple[str, ...]
    zone: ZoneInfo
    cards: Presentation | None = None
    """How card numbers are written; None for 10, 8 or 6 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The rows as the gate takes them; worth nothing where there are problems."""

    rows: tuple[dict[str, Any], ...]
    problems: tuple[Problem, ...]


def check(name: ListName, sheet: Sheet, site: Site) -> Checked:
    """Every row of the sheet, and all that is wrong with any of them or between two."""
    wanted = LISTS[name]
    found, lines, problems = columns.arranged(sheet, wanted.names, wanted.required)
    if any(problem.line == found.header.number for problem in problems):
        return Checked((), tuple(problems))
    file = _File(sheet.name, found)
    rows, wrong = wanted.check(file, lines, site)
    return Checked(tuple(map(_plain, rows)), (*problems, *wrong))


def _plain(row: Any) -> dict[str, Any]:
    """As it travels to the gate."""
    return {
        key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(row).items()
    }


@dataclass(frozen=True, slots=True)
class _File:
    """Says what is wrong where, by the names that the file itself uses."""

    name: str
    columns: Columns

    def problem(self, line: Line, field: str, *, allowed: str = "", hint: str = "") -> Problem:
        value = line.values.get(field)
        called = self.columns.called(field)
        return Problem(
            path=called, file=self.name, line=line.number, value=shown(value), allowed=allowed, hint=hint
        )

    def in_its_words(self, problem: Problem) -> Problem:
        """The same problem with the column called as in the file."""
        field = re.split(r"[.\[]", problem.path)[0]
        return replace(problem, path=self.columns.called(field))

    def needed(self, line: Line, fields: Iterable[str]) -> Iterator[Problem]:
        for field in fields:
            if field not in line.values:
                yield self.problem(line, field, hint=both("不可为空", "may not be empty"))

    def again(self, seen: dict[str, Line], own: str | None, line: Line, field: str) -> list[Problem]:
        """What is wrong where an earlier row has the same of what is one's own."""
        other = seen.setdefault(own, line) if own is not None else line
        if other is line:
            return []
        zh, en = f"与第 {other.number} 行重复", f"the same as in row {other.number}"
        return [self.problem(line, field, hint=both(f"{own}: {zh}", en))]

    def card(self, line: Line, presentation: Presentation | None) -> tuple[str | None, list[Problem]]:
        """The card of the row as the readers send it; None where there is none, or none that is right."""
        text = line.values.get("card")
        try:
            return None if text is None else _card(text, presentation), []
        except NotThatPresentation as wrong:
            hint = both("卡号与 --card-format 不符", "not written as --card-format says")
            return None, [self.problem(line, "card", allowed=str(wrong), hint=hint)]


def _card(text: str, presentation: Presentation | None) -> str:
    text = unicodedata.normalize("NFKC", text)
    if presentation is None:
        if not _HEX.fullmatch(text):
            raise NotThatPresentation(both("10、8 或 6 位十六进制数", "10, 8 or 6 hexadecimal digits"))
        return text.upper()
    # Spreadsheets drop the zeros in front; in a declared decimal presentation they say nothing.
    padded = text.zfill(_DIGITS_OF[presentation]) if presentation in _DIGITS_OF and text.isdigit() else text
    return canonical(padded, presentation).hex


# ---------------------------------------------------------------- the lists

Rows = tuple[list[Any], list[Problem]]


def _permits(file: _File, lines: list[Line], site: Site) -> Rows:
    problems = _shortened(file, lines) if site.cards is None else []
    rows: list[PermitRow] = []
    for line in lines:
        card, wrong = file.card(line, site.cards)
        problems += [*file.needed(line, ("card", "plate")), *wrong]
        if card is not None and "plate" in line.values:
            rows.append(PermitRow(Source(file.name, OnLine(line.number)), _permit_data(line, card)))
    permits, wrong_permits = check_permits(rows, site.lanes, site.zone)
    # Without a column of its own a permit is known by its card: then nothing is wrong with the column.
    told = [problem for problem in wrong_permits if "id" in file.columns.fields or problem.path != "id"]
    problems += map(file.in_its_words, told)
    return [Permit(**{**permit.model_dump(), "lanes": tuple(permit.lanes)}) for permit in permits], problems


def _shortened(file: _File, lines: list[Line]) -> list[Problem]:
    """Cards that a spreadsheet may have taken for numbers: digits alone, and shorter than the others."""
    longest = max((len(line.values.get("card", "")) for line in lines), default=0)
    hint = both(
        f"比别的卡号短，前面的 0 丢了？请把该列设为文本，补足 {longest} 位",
        f"shorter than the others: did the spreadsheet drop zeros? Make the column text, {longest} digits",
    )
    cards = ((line, line.values.get("card", "")) for line in lines)
    return [
        file.problem(line, "card", hint=hint)
        for line, card in cards
        if card.isdecimal() and len(card) < longest and _HEX.fullmatch(card)
    ]


def _permit_data(line: Line, card: str) -> dict[str, Any]:
    data: dict[str, Any] = {"id": card, **line.values, "card": card}
    for field in ("valid_from", "valid_until"):
        if field in data:
            data[field] = _date(data[field])
    if "lanes" in data:
        data["lanes"] = [lane for lane in _BETWEEN_LANES.split(data["lanes"]) if lane]
    return data


def _date(text: str) -> str:
    """`2026/1/31` and `2026年1月31日` as `2026-01-31`; anything else as it is."""
    found = _CHINESE_DATE.fullmatch(text)
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}{found[4]}" if found is not None else text


def _households(file: _File, lines: list[Line], _site: Site) -> Rows:
    problems: list[Problem] = []
    rows: list[Resident] = []
    seen: dict[str, Line] = {}
    for line in lines:
        problems += file.needed(line, ("unit", "name"))
        for name in filter(None, _BETWEEN_NAMES.split(line.values.get("name", ""))):
            resident = Resident(unit=line.values.get("unit", ""), name=name)
            problems += file.again(seen, resident.key, line, "name")
            rows.append(resident)
    return rows, problems


def _staff(file: _File, lines: list[Line], site: Site) -> Rows:
    problems: list[Problem] = []
    rows: list[Staff] = []
    names: dict[str, Line] = {}
    cards: dict[str, Line] = {}
    for line in lines:
        card, wrong = file.card(line, site.cards)
        name, written = line.values.get("name"), line.values.get("role")
        problems += [*file.needed(line, ("name", "role")), *wrong]
        problems += [*file.again(names, name, line, "name"), *file.again(cards, card, line, "card")]
        role: Any = ROLES.get((written or "").casefold())
        if role is not None and name is not None:
            rows.append(Staff(name=name, role=role, card=card))
        elif role is None and written is not None:
            allowed, hint = " | ".join(ROLES), suggestion(written, ROLES)
            problems.append(file.problem(line, "role", allowed=allowed, hint=hint))
    return rows, problems


def _watchlist(file: _File, lines: list[Line], site: Site) -> Rows:
    problems: list[Problem] = []
    rows: list[Watch] = []
    seen: dict[str, Line] = {}
    for line in lines:
        card, wrong = file.card(line, site.cards)
        plate = line.values.get("plate")
        problems += [*file.needed(line, ("why", "what_to_do")), *wrong]
        if ("plate" in line.values) == ("card" in line.values):
            hint = both("车牌、卡号须填一个，只填一个", "either a plate or a card, and not both")
            problems.append(file.problem(line, "plate", hint=hint))
        elif plate is not None and not is_plate(normalise(plate)):
            hint = both("不是中国机动车号牌", "not a Chinese number plate")
            problems.append(file.problem(line, "plate", allowed=_PLATES, hint=hint))
        else:
            watch = Watch(
                sign="card" if plate is None else "plate",
                value=normalise(plate) if plate is not None else card or "",
                why=line.values.get("why", ""),
                what_to_do=line.values.get("what_to_do", ""),
            )
            problems += file.again(seen, watch.key, line, watch.sign)
            rows.append(watch)
    return rows, problems


@dataclass(frozen=True, slots=True)
class _Wanted:
    names: Names
    required: tuple[str, ...]
    check: Callable[[_File, list[Line], Site], Rows]


LISTS: Mapping[ListName, _Wanted] = {
    "permits": _Wanted(columns.PERMITS, ("card", "plate"), _permits),
    "households": _Wanted(columns.HOUSEHOLDS, ("unit", "name"), _households),
    "staff": _Wanted(columns.STAFF, ("name", "role"), _staff),
    "watchlist": _Wanted(columns.WATCHLIST, ("why", "what_to_do"), _watchlist),
}
