"""From the file to a `Config`, or to everything that is wrong with it at once.

The law of this file: nothing but `ConfigProblems` is raised, whatever the bytes; a problem in one place keeps
no other place from being checked; no device is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from daemon.config.broker import check_broker
from daemon.config.devices import Registry, check_devices
from daemon.config.document import Document, read
from daemon.config.explain import validated
from daemon.config.keys import KeyRing, read_keys
from daemon.config.lanes import check_lanes
from daemon.config.model import Config, SiteConfig
from daemon.config.permits import Row, check_permits, rows_of_csv, rows_of_list
from daemon.config.pins import check_pins
from daemon.config.post import check_post
from daemon.config.problems import ConfigProblems, Problem, Source, both
from daemon.config.siblings import check_siblings
from daemon.config.tariffs import load_book
from daemon.core.tariff import Book
from drivers import registry as shipped

_OWN_KEYS = {"folder", "tariff", "keys"}
"""What the loader puts beside what the user wrote."""
LARGEST_CONFIG = 256 * 1024
LARGEST_CSV = 16 * 1024 * 1024
"""Bytes; a larger file is not what it should be."""


def load(path: FilePath | str, *, registry: Registry = shipped) -> Config:
    """The configuration in the file. Raises `ConfigProblems` with all of them."""
    path = FilePath(path)
    return parsed(text_of(path), folder=path.parent, file=path.name, registry=registry)


def text_of(path: FilePath) -> str:
    """The text of a configuration file. Raises `ConfigProblems`."""
    text = _text(path, LARGEST_CONFIG, gbk_allowed=False)
    if isinstance(text, Problem):
        raise ConfigProblems([replace(text, file=path.name)])
    return text


def parsed(text: str, *, folder: FilePath, file: str = "config.yaml", registry: Registry = shipped) -> Config:
    """`load` for the text of a file that lies in `folder`."""
    document = read(text)
    source = Source(file, document, is_whole=not document.mended)
    said = [replace(problem, file=file) for problem in document.problems]
    data = document.root.plain() if document.root is not None else None
    if not isinstance(data, dict):
        if not said:
            said = [
                source.problem(hint=both("文件应由“键: 值”组成", "the file must be made of 'key: value'"))
            ]
        raise ConfigProblems(said)
    config, problems = _checked(data, source, folder, registry)
    if config is None or problems or said:
        raise ConfigProblems(said + _unsaid(problems, said), _note(document))
    return config


def _checked(
    data: dict[str, Any], source: Source, folder: FilePath, registry: Registry
) -> tuple[Config | None, list[Problem]]:
    """Every check, each on what was written, so that none waits for another."""
    lanes = data["lanes"] if isinstance(data.get("lanes"), list) else []
    lane_ids = [lane["id"] for lane in lanes if isinstance(lane, dict) and isinstance(lane.get("id"), str)]
    rows, problems = _permit_rows(data.get("permits"), source, folder)
    permits, wrong_permits = check_permits(rows, lane_ids, _zone(data))
    devices, wrong_devices = check_devices(data, source, registry)
    problems += [*wrong_permits, *wrong_devices, *check_pins(devices, source)]
    has_office = isinstance(data.get("office"), dict)
    problems += check_lanes(lanes, source, has_office=has_office, counts_bays=bool(data.get("lot")))
    problems += check_siblings(data.get("gate"), source, has_office=has_office)
    problems += check_post(data, source, (permit.card for permit in permits))
    tariff, wrong_tariff = _tariff(data.get("site"), source, folder)
    keys, wrong_keys = _keys(data.get("office"), folder)
    problems += check_broker(data.get("office"), source)
    problems += [*wrong_tariff, *wrong_keys]
    for key in _OWN_KEYS & data.keys():
        problems.append(source.problem((key,), hint=both("未知的键", "unknown key"), at_key=True))
    rest = {key: value for key, value in data.items() if key not in {"permits", *_OWN_KEYS}}
    match validated(Config, rest, source):
        case list() as wrong:
            return None, [*problems, *wrong]
        case config:
            found = {"permits": permits, "folder": folder, "tariff": tariff, "keys": keys}
            return config.model_copy(update=found), problems


def _tariff(site: Any, source: Source, folder: FilePath) -> tuple[Book | None, list[Problem]]:
    """The book that `site.tariff` names; what is wrong in that file is told with its lines there."""
    written = site.get("tariff") if isinstance(site, dict) else None
    if not isinstance(written, str):
        return None, []
    try:
        return load_book(folder / written), []
    except ConfigProblems as wrong:
        return None, [
            replace(problem, file=written)
            if problem.line is not None
            else source.problem(("site", "tariff"), value=written, hint=problem.hint)
            for problem in wrong.problems
        ]


def _keys(office: Any, folder: FilePath) -> tuple[KeyRing, list[Problem]]:
    """The keys in the folder that `office.keys` names; what is wrong is told by the name of the file."""
    written = office.get("keys") if isinstance(office, dict) else None
    return read_keys(folder / written) if isinstance(written, str) else (KeyRing(), [])


def _permit_rows(written: Any, source: Source, folder: FilePath) -> tuple[list[Row], list[Problem]]:
    match written:
        case None:
            return [], []
        case list():
            return rows_of_list(written, source), []
        case str():
            text = _text(folder / written, LARGEST_CSV, gbk_allowed=True)
            if isinstance(text, Problem):
                if text.line is not None:
                    return [], [replace(text, file=written)]
                return [], [source.problem(("permits",), value=written, hint=text.hint)]
            return rows_of_csv(text, written)
        case _:
            allowed = both("列表，或 CSV 文件的路径", "a list, or the path of a CSV file")
            return [], [source.problem(("permits",), value=written, allowed=allowed)]


def _text(path: FilePath, largest: int, *, gbk_allowed: bool) -> str | Problem:
    """The text of a file: UTF-8 with or without a byte order mark, or GBK where old spreadsheets write it."""
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except FileNotFoundError:
        return Problem(path="", hint=both("文件不存在", "no such file"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a path"
        return Problem(path="", hint=both("文件无法读取", f"the file cannot be read: {why}"))
    if len(data) > largest:
        return Problem(
            path="", hint=both(f"文件超过 {largest} 字节", f"the file is larger than {largest} bytes")
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    try:
        as_gbk = data.decode("gb18030")
    except UnicodeDecodeError:
        return Problem(path="", line=line, hint=both("不是 UTF-8 文本", "not UTF-8 text"))
    if gbk_allowed:
        return as_gbk
    return Problem(
        path="",
        line=line,
        hint=both(
            "不是 UTF-8 文本（可能是 GBK），请另存为 UTF-8", "not UTF-8 (perhaps GBK): save it as UTF-8"
        ),
    )


def _zone(data: dict[str, Any]) -> ZoneInfo:
    """The site's time zone, or the usual one while that is not right."""
    site = data.get("site")
    name = site.get("timezone") if isinstance(site, dict) else None
    usual: ZoneInfo = SiteConfig.model_fields["timezone"].default
    return ZoneInfo(name) if isinstance(name, str) and name in available_timezones() else usual


def _unsaid(problems: Iterable[Problem], said: Iterable[Problem]) -> list[Problem]:
    """The problems that do not merely follow from those that the reading of the text has said already."""
    lines = {(problem.file, problem.line) for problem in said if not problem.path}
    paths = {(problem.file, problem.path) for problem in said if problem.path}
    return [
        problem
        for problem in problems
        if (problem.file, problem.line) not in lines
        and not any(
            problem.file == file and re.match(re.escape(path) + r"($|[.\[])", problem.path)
            for file, path in paths
        )
    ]


def _note(document: Document) -> str:
    if not document.mended:
        return ""
    return both("语法改好后再检查是否缺项", "what is missing is looked for once the syntax is right")
