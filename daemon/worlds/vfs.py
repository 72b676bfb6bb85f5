"""Under the standard library's sqlite3: a way to see, fail and undo what it does to its files.

The law of this file: SQLite's own functions do the work. A layer in front of its unix VFS is registered as
the default of this process; a file inside the folder that a `Watcher` has claimed gets its own table of
methods, in which writing, cutting and syncing ask the watcher first. Every other file goes straight through.
No compiler is needed: the structures are those of sqlite3.h (sqlite.org/c3ref/vfs.html, io_methods.html).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p, cast
from typing import Protocol

OK = 0
READONLY = 8
FULL = 13
CANTOPEN = 14
IOERR_WRITE = 10 | 3 << 8
IOERR_FSYNC = 10 | 4 << 8
IOERR_TRUNCATE = 10 | 6 << 8
IOERR_DELETE = 10 | 10 << 8
"""Result codes, sqlite.org/rescode.html."""

_OPEN_CREATE = 0x4
_OPEN_JOURNALS = 0x800 | 0x4000 | 0x80000
"""Main journal, super-journal and write-ahead log: syncing a new one syncs its name too (os_unix.c)."""

_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, POINTER(c_int))
_Delete = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_Randomness = CFUNCTYPE(c_int, c_void_p, c_int, c_void_p)
_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class _Vfs(Structure):
    _fields_ = (
        ("iVersion", c_int),
        ("szOsFile", c_int),
        ("mxPathname", c_int),
        ("pNext", c_void_p),
        ("zName", c_char_p),
        ("pAppData", c_void_p),
        ("xOpen", c_void_p),
        ("xDelete", c_void_p),
        ("xAccess", c_void_p),
        ("xFullPathname", c_void_p),
        ("xDlOpen", c_void_p),
        ("xDlError", c_void_p),
        ("xDlSym", c_void_p),
        ("xDlClose", c_void_p),
        ("xRandomness", c_void_p),
        ("xSleep", c_void_p),
        ("xCurrentTime", c_void_p),
        ("xGetLastError", c_void_p),
        ("xCurrentTimeInt64", c_void_p),
        ("xSetSystemCall", c_void_p),
        ("xGetSystemCall", c_void_p),
        ("xNextSystemCall", c_void_p),
    )


class _Methods(Structure):
    _fields_ = (
        ("iVersion", c_int),
        ("xClose", c_void_p),
        ("xRead", c_void_p),
        ("xWrite", c_void_p),
        ("xTruncate", c_void_p),
        ("xSync", c_void_p),
        ("xFileSize", c_void_p),
        ("xLock", c_void_p),
        ("xUnlock", c_void_p),
        ("xCheckReservedLock", c_void_p),
        ("xFileControl", c_void_p),
        ("xSectorSize", c_void_p),
        ("xDeviceCharacteristics", c_void_p),
        ("xShmMap", c_void_p),
        ("xShmLock", c_void_p),
        ("xShmBarrier", c_void_p),
        ("xShmUnmap", c_void_p),
        ("xFetch", c_void_p),
        ("xUnfetch", c_void_p),
    )


class File(Protocol):
    """One open file of the claimed folder. Each answers OK, or the error that SQLite is to see."""

    def writing(self, offset: int, size: int, do: Callable[[], int]) -> int: ...
    def cutting(self, size: int, do: Callable[[], int]) -> int: ...
    def syncing(self) -> int: ...


class Watcher(Protocol):
    """Who is asked about the files below a folder; see `Layer.claim`."""

    def opening(self, path: str, *, may_create: bool) -> int: ...
    def opened(self, path: str, *, is_journal: bool) -> File: ...
    def deleting(self, path: str, do: Callable[[], int]) -> int: ...
    def randomness(self, size: int) -> bytes: ...


class Layer:
    """The layer of this process; there is one, `installed()`."""

    def __init__(self) -> None:
        self._library = _linked_library()
        find = self._library.sqlite3_vfs_find
        find.restype = POINTER(_Vfs)
        self._below = find(None).contents
        self._watcher: Watcher | None = None
        self._folder = "\0"
        self._files: dict[int, File] = {}
        self._methods: dict[int, _Methods] = {}
        self._open_below = cast(self._below.xOpen, _Open)
        self._delete_below = cast(self._below.xDelete, _Delete)
        self._randomness_below = cast(self._below.xRandomness, _Randomness)

        self._vfs = _Vfs()
        ctypes.pointer(self._vfs)[0] = self._below
        # What C calls must outlive this function: nothing here is ever collected.
        self._called = [_Open(self._open), _Delete(self._delete), _Randomness(self._random)]
        self._vfs.zName = b"gatepost-worlds"
        self._vfs.xOpen, self._vfs.xDelete, self._vfs.xRandomness = (
            cast(function, c_void_p).value for function in self._called
        )
        refused: int = self._library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1)
        if refused:
            raise OSError(f"sqlite3_vfs_register answers {refused}: no layer under SQLite")

    def claim(self, folder: str, watcher: Watcher) -> None:
        """Files below `folder` are `watcher`'s from now on; what was claimed before is let go."""
        self._folder, self._watcher = f"{folder}/", watcher
        self._files.clear()
        # SQLite's own random numbers (salts of the log) start anew from the watcher's.
        self._library.sqlite3_randomness(0, None)

    def release(self) -> None:
        self._folder, self._watcher = "\0", None

    # ------------------------------------------------------------ what SQLite calls

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out: object) -> int:
        # SQLite keeps the pointer for as long as the file is open: it is handed on, never a copy.
        watcher = self._watcher
        path = ctypes.string_at(name).decode() if name else ""
        if watcher is None or not path.startswith(self._folder):
            return int(self._open_below(vfs, name, file, flags, out))
        refused = watcher.opening(path, may_create=bool(flags & _OPEN_CREATE))
        if refused:
            cast(file, POINTER(c_void_p))[0] = None  # no methods: SQLite must not close what is not open
            return refused
        result = int(self._open_below(vfs, name, file, flags, out))
        if result == OK:
            self._files[file] = watcher.opened(path, is_journal=bool(flags & _OPEN_JOURNALS))
            self._watch(file)
        return result

    def _delete(self, vfs: int, name: int, sync_folder: int) -> int:
        watcher, path = self._watcher, ctypes.string_at(name).decode()
        if watcher is None or not path.startswith(self._folder):
            return int(self._delete_below(vfs, name, sync_folder))
        return watcher.deleting(path, lambda: self._delete_below(vfs, name, sync_folder))

    def _random(self, vfs: int, size: int, to: int) -> int:
        if self._watcher is None:
            return int(self._randomness_below(vfs, size, to))
        ctypes.memmove(to, self._watcher.randomness(size), size)
        return size

    def _watch(self, file: int) -> None:
        """Give an open file the methods that ask first; one table for each table of SQLite's own."""
        methods = cast(file, POINTER(c_void_p))
        own = methods[0]
        if own not in self._methods:
            self._methods[own] = self._asking(_Methods.from_address(own))
        methods[0] = ctypes.addressof(self._methods[own])

    def _asking(self, own: _Methods) -> _Methods:
        files = self._files
        write_below, truncate_below = cast(own.xWrite, _Write), cast(own.xTruncate, _Truncate)

        def write(file: int, data: int, size: int, offset: int) -> int:
            return files[file].writing(offset, size, lambda: write_below(file, data, size, offset))

        def truncate(file: int, size: int) -> int:
            return files[file].cutting(size, lambda: truncate_below(file, size))

        def sync(file: int, _flags: int) -> int:
            return files[file].syncing()

        asking = _Methods()
        ctypes.pointer(asking)[0] = own
        called = [_Write(write), _Truncate(truncate), _Sync(sync)]
        self._called += called
        asking.xWrite, asking.xTruncate, asking.xSync = (
            cast(function, c_void_p).value for function in called
        )
        return asking


def _linked_library() -> ctypes.CDLL:
    """The SQLite that `sqlite3` itself is linked to: looked up through its extension module."""
    import _sqlite3  # the one file of the daemon outside of the store that needs to know which SQLite it is

    return ctypes.CDLL(getattr(_sqlite3, "__file__", None))


_LAYER: list[Layer] = []


def installed() -> Layer:
    """The layer of this process, put in place when first asked for. Raises OSError where SQLite refuses."""
    if not _LAYER:
        _LAYER.append(Layer())
    return _LAYER[0]
