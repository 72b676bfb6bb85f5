"""A disk whose power can be cut, under the product's own store.

The law of this file: what was synced survives; of what was not, each sector of 512 bytes survives with
p = 1/2, and so does what happened to the names of the folder. Files are real files in memory, so that
whatever reads them beside SQLite sees what the operating system would show. A killed process leaves all of
that; a cut leaves only what this file says. Once dead, the disk refuses everything until `power_on`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from daemon.worlds import vfs

SECTOR = 512

_unlink = os.unlink
"""The system's own, which this disk puts itself in front of while it is mounted."""


@dataclass(slots=True)
class _Inode:
    """One file: what the disk surely holds is what lies there now, with `undo` applied backwards."""

    handle: int
    is_journal: bool
    durable_size: int
    undo: list[tuple[int, bytes]] = field(default_factory=list)


@dataclass(slots=True)
class Faults:
    """What is wrong with the disk now."""

    is_full: bool = False
    is_read_only: bool = False
    sync_fails: bool = False
    sync_takes_s: float = 0.0

    @property
    def refuses(self) -> bool:
        return self.is_full or self.is_read_only or self.sync_fails


class Disk:
    """`folder` is where the gate keeps its data; `on_death` is told the instant the machine stops."""

    def __init__(
        self, place: Path, random: Random, *, stall: Callable[[float], None] = lambda _seconds: None
    ) -> None:
        self.folder = place / "data"
        self._shadow = place / "names"
        self.folder.mkdir()
        self._shadow.mkdir()
        self._random = random
        self._stall = stall
        self._inodes: dict[int, _Inode] = {}
        self.faults = Faults()
        self.operations = 0
        self.cut_at: int | None = None
        """The operation at which the power goes; `kill_only` leaves what the operating system has."""
        self.kill_only = False
        self.is_dead = False
        self.on_death: Callable[[], None] = lambda: None

    # ------------------------------------------------------------ life and death

    def die(self) -> None:
        """From this instant on nothing reaches the disk any more."""
        if not self.is_dead:
            self.is_dead = True
            self.cut_at = None
            self.on_death()

    def power_on(self, *, was_cut: bool) -> None:
        """The machine starts again: on what a cut has left, or on what the operating system had."""
        if was_cut:
            self._lose_names()
            for inode in self._inodes.values():
                self._lose_sectors(inode)
        for inode in self._inodes.values():
            os.close(inode.handle)
        self._inodes.clear()
        for log_index in (*self.folder.glob("*-shm"), *self._shadow.glob("*-shm")):
            _unlink(log_index)
        if was_cut:
            self._keep_names()
        self.is_dead = False

    def close(self) -> None:
        for inode in self._inodes.values():
            os.close(inode.handle)
        self._inodes.clear()

    def damage_a_page(self, name: str) -> bool:
        """Overwrite a part of one page, as worn flash does. False where there is no such file, or no page."""
        path = self.folder / name
        if not path.exists() or path.stat().st_size < 8 * SECTOR:
            return False
        handle = os.open(path, os.O_RDWR)
        page = self._random.randrange(path.stat().st_size // 4096)
        os.pwrite(handle, self._random.randbytes(64), page * 4096 + self._random.randrange(4096 - 64))
        os.close(handle)
        return True

    def _step(self, do: Callable[[], int], refused: int) -> int:
        """One operation: done, refused, or the last one."""
        if self.is_dead:
            return refused
        self.operations += 1
        if self.cut_at is not None and self.operations >= self.cut_at:
            if self._random.random() < 0.5:
                do()
            self.die()
            return refused
        return do()

    # ------------------------------------------------------------ what a cut leaves

    def _lose_sectors(self, inode: _Inode) -> None:
        if not inode.undo:
            return
        size = os.fstat(inode.handle).st_size
        longest = max([size, inode.durable_size, *(at + len(old) for at, old in inode.undo)])
        now = os.pread(inode.handle, longest, 0).ljust(longest, b"\0")
        before = bytearray(now)
        touched: set[int] = set(range(min(size, inode.durable_size) // SECTOR, -(-longest // SECTOR)))
        for at, old in reversed(inode.undo):
            before[at : at + len(old)] = old
            touched.update(range(at // SECTOR, -(-(at + max(len(old), 1)) // SECTOR)))
        for sector in sorted(touched):
            if self._random.random() < 0.5:
                start = sector * SECTOR
                os.pwrite(inode.handle, before[start : start + SECTOR], start)
        os.ftruncate(inode.handle, self._random.choice((size, inode.durable_size)))
        inode.undo.clear()

    def _lose_names(self) -> None:
        """The folder as it was last synced, or as the operating system had it: names are journalled."""
        if self._random.random() < 0.5:
            for path in self.folder.iterdir():
                _unlink(path)
            for path in self._shadow.iterdir():
                os.link(path, self.folder / path.name)

    def _keep_names(self) -> None:
        for path in self._shadow.iterdir():
            _unlink(path)
        for path in self.folder.iterdir():
            os.link(path, self._shadow / path.name)

    def _keep(self, inode: _Inode) -> None:
        inode.undo.clear()
        inode.durable_size = os.fstat(inode.handle).st_size
        if inode.is_journal:
            inode.is_journal = False
            self._keep_names()

    # ------------------------------------------------------------ what SQLite asks

    def opening(self, path: str, *, may_create: bool) -> int:
        if self.is_dead:
            return vfs.CANTOPEN
        if may_create and (self.faults.is_read_only or self.faults.is_full) and not os.path.exists(path):
            return vfs.CANTOPEN
        return vfs.OK

    def opened(self, path: str, *, is_journal: bool) -> vfs.File:
        number = os.stat(path).st_ino
        inode = self._inodes.get(number)
        if inode is None:
            handle = os.open(path, os.O_RDWR)
            is_new = is_journal and not (self._shadow / Path(path).name).exists()
            inode = _Inode(handle, is_new, os.fstat(handle).st_size)
            self._inodes[number] = inode
        return _Open(self, inode)

    def deleting(self, path: str, do: Callable[[], int]) -> int:
        if self.faults.is_read_only:
            return vfs.IOERR_DELETE
        del path
        return self._step(do, vfs.IOERR_DELETE)

    def randomness(self, size: int) -> bytes:
        return self._random.randbytes(size)

    def write(self, inode: _Inode, offset: int, size: int, do: Callable[[], int]) -> int:
        if self.faults.is_read_only:
            return vfs.IOERR_WRITE
        held = os.pread(inode.handle, size, offset)
        if self.faults.is_full and len(held) < size:
            return vfs.FULL
        return self._step(lambda: self._note(inode, offset, held, do), vfs.IOERR_WRITE)

    def truncate(self, inode: _Inode, size: int, do: Callable[[], int]) -> int:
        if self.faults.is_read_only:
            return vfs.IOERR_TRUNCATE
        held = os.pread(inode.handle, max(os.fstat(inode.handle).st_size - size, 0), size)
        return self._step(lambda: self._note(inode, size, held, do), vfs.IOERR_TRUNCATE)

    def _note(self, inode: _Inode, offset: int, held: bytes, do: Callable[[], int]) -> int:
        inode.undo.append((offset, held))
        return do()

    def sync(self, inode: _Inode) -> int:
        if self.faults.sync_fails:
            return vfs.IOERR_FSYNC

        def do() -> int:
            self._keep(inode)
            return vfs.OK

        if self.faults.sync_takes_s and not self.is_dead:
            self._stall(self.faults.sync_takes_s)
        return self._step(do, vfs.IOERR_FSYNC)

    # ------------------------------------------------------------ what the store asks the system itself

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """While this holds, SQLite's files below `folder` and the system calls about them are this disk's."""
        layer = vfs.installed()
        layer.claim(str(self.folder), self)
        kept = {name: getattr(os, name) for name in ("fsync", "replace", "unlink")}
        for name, own in kept.items():
            setattr(os, name, self._asked(own))
        try:
            yield
        finally:
            for name, own in kept.items():
                setattr(os, name, own)
            layer.release()

    def _asked(self, own: Callable[..., None]) -> Callable[..., None]:
        def call(what: Any, *rest: Any, **named: Any) -> None:
            if not self._is_mine(what):
                own(what, *rest, **named)
            elif self.faults.is_read_only and own is not os.fsync:
                raise OSError(30, "Read-only file system", str(what))
            elif self._step(lambda: self._call(own, what, *rest, **named), vfs.IOERR_WRITE):
                raise OSError(5, "Input/output error", str(what))

        return call

    def _call(self, own: Callable[..., None], what: Any, *rest: Any, **named: Any) -> int:
        if not isinstance(what, int):
            own(what, *rest, **named)
        elif os.fstat(what).st_ino == self.folder.stat().st_ino:
            self._keep_names()
        elif (inode := self._inodes.get(os.fstat(what).st_ino)) is not None:
            self._keep(inode)
        return vfs.OK

    def _is_mine(self, what: Any) -> bool:
        if isinstance(what, int):
            with suppress(OSError):
                return os.readlink(f"/proc/self/fd/{what}").startswith(str(self.folder))
            return False
        return str(what).startswith(str(self.folder))


@dataclass(frozen=True, slots=True)
class _Open:
    """A file as SQLite has it open."""

    disk: Disk
    inode: _Inode

    def writing(self, offset: int, size: int, do: Callable[[], int]) -> int:
        return self.disk.write(self.inode, offset, size, do)

    def cutting(self, size: int, do: Callable[[], int]) -> int:
        return self.disk.truncate(self.inode, size, do)

    def syncing(self) -> int:
        return self.disk.sync(self.inode)


def memory_folder() -> Path | None:
    """Where files cost no real disk; None where this machine has no such place."""
    place = Path("/dev/shm")  # noqa: S108  # every world makes a private folder of its own in it
    return place if place.is_dir() and os.access(place, os.W_OK) else None


def clear(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
