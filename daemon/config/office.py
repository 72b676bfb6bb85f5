"""office.yaml: the property office's own machine. A gate's config.yaml will do for trying things out.

The law of this file: as in `daemon.config.load`, nothing but `ConfigProblems` is raised, with all of them.
The sections `site` and `office` are those of every gate of the site and can be copied.

    site: {id: garden, name: 花园小区}
    office: {host: 127.0.0.1, port: 1883, username: office, password_file: broker.secret}
    books:                          # 可不写 / may be left out
      folder: office                # 相对本文件 / relative to this file
      # database: postgresql://gatepost@127.0.0.1/gatepost     # 不写即用 SQLite / leave out for SQLite
      # password_file: database.secret
      # keep_days: 730              # 更早的内容即忘掉，账目除外 / older is forgotten, but accounts are not
    key: keys/office-2026.key       # 私钥：gatepost keys new / signs commands; its .pub belongs to every gate
    gates:                          # 名单发往哪些门，不写即全部 / whom lists are for; all, where left out
      - {id: east, lanes: [entry-1, exit-1]}
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as FilePath

from pydantic import Field

from daemon.config.document import read
from daemon.config.explain import validated
from daemon.config.load import parsed, text_of
from daemon.config.model import Config, OfficeConfig, SiteConfig
from daemon.config.problems import ConfigProblems, Source, both
from daemon.config.section import Name, Section


class BooksConfig(Section):
    folder: FilePath = FilePath("office")
    """Relative to the file."""
    database: str | None = None
    """The URL of a PostgreSQL database, without a password; None: SQLite in the folder."""
    password_file: FilePath | None = None
    keep_days: int | None = Field(default=None, ge=1)
    """What is older is forgotten but for the accounts; None: nothing is."""


class GateAtOffice(Section):
    id: Name
    lanes: list[Name] = Field(default=[])


class OfficePlace(Section):
    site: SiteConfig
    office: OfficeConfig = OfficeConfig()
    books: BooksConfig = BooksConfig()
    key: FilePath | None = None
    """The private key that commands are signed with (`gatepost keys new`); None: nothing can be commanded."""
    gates: list[GateAtOffice] = Field(default=[])
    """Those that lists are for; empty: every gate that has told anything."""
    folder: FilePath = Field(default=FilePath(), exclude=True)
    """Where the file lies; set by the loader, not by the user."""

    def broker(self) -> OfficeConfig:
        """The section `office` with its files found from where the file lies."""
        files = {
            key: self.folder / path
            for key in type(self.office).model_fields
            if isinstance(path := getattr(self.office, key), FilePath)
        }
        return self.office.model_copy(update=files)


def load_office(path: FilePath) -> OfficePlace:
    """What is in the file. Raises `ConfigProblems` with everything that is wrong."""
    text = text_of(path)
    document = read(text)
    source = Source(path.name, document, is_whole=not document.mended)
    said = [replace(problem, file=path.name) for problem in document.problems]
    data = document.root.plain() if document.root is not None else None
    if isinstance(data, dict) and "gate" in data:
        return _of_gate(parsed(text, folder=path.parent, file=path.name), source)
    if not isinstance(data, dict):
        hint = both("文件应由“键: 值”组成", "the file must be made of 'key: value'")
        raise ConfigProblems(said or [source.problem(hint=hint)])
    match validated(OfficePlace, data, source):
        case OfficePlace() as place if not said:
            return place.model_copy(update={"folder": path.parent})
        case list() as wrong:
            raise ConfigProblems([*said, *wrong])
        case _:
            raise ConfigProblems(said)


def _of_gate(config: Config, source: Source) -> OfficePlace:
    """The office that a gate's own file describes: its broker, and books beside the gate's ledger."""
    if config.office is None:
        hint = both("没有 office 一节", "there is no section office")
        raise ConfigProblems([source.problem(("office",), hint=hint)])
    books = BooksConfig(folder=config.storage.folder / "office")
    gate = GateAtOffice(id=config.gate.id, lanes=[lane.id for lane in config.lanes])
    return OfficePlace(
        site=config.site, office=config.office, books=books, gates=[gate], folder=config.folder
    )
