"""Rows out of a file that SQLite no longer opens, or of which it has given up a part.

The law of this file: it reads, never writes, and takes nothing on trust. Pages are read one by one, built as
the file format says (sqlite.org/fileformat2.html); a row counts where its own seal fits, and that rows
belong together is for the chain to prove. So a damaged header, root or index page costs no row.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from daemon.store.file import PAGE
from daemon.store.ledger import Sealed, row_hash

_WAL_HEADER = struct.Struct(">8I")
"""Magic, version, page size, checkpoint, salt (two words), checksum (two words)."""
_FRAME_HEADER = struct.Struct(">6I")
"""Page number, size of the database after a commit (0: no commit), salt, checksum."""
_WAL_MAGIC = 0x377F0682
"""The lowest bit says in which byte order the checksums are counted."""
_FRAME = _FRAME_HEADER.size + PAGE

_TABLE_LEAF = 0x0D
_MOST_IN_PLACE = PAGE - 35
_LEAST_IN_PLACE = (PAGE - 12) * 32 // 255 - 23
_OVERFLOW = PAGE - 4
"""What one overflow page holds, after the number of the next."""
_LARGEST = 1 << 20
"""Bytes; far above any fact, and what a damaged length may say is without bounds."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """One page as the write-ahead log has it."""

    page: int
    offset: int
    """Where in the log the page begins."""
    ends_commit: bool
    fits: bool
    """SQLite takes it: the checksums are right up to here."""


@dataclass(frozen=True, slots=True)
class _Log:
    begins_well: bool
    """The header is one, or there is nothing behind it either."""
    frames: list[_Frame]


def carve(database: Path, *, after: int) -> dict[int, Sealed]:
    """Every row above `after` that database and log still hold and whose seal fits, by its number.

    Of the log only whole transactions count. What cannot be read is passed over; a missing file has no rows.
    """
    log = Path(f"{database}-wal")
    frames = _committed(_read_log(log).frames)
    newest = {frame.page: frame.offset for frame in frames}
    found: dict[int, Sealed] = {}
    with _Pages(database) as main, _Pages(log) as logged:

        def page(number: int) -> bytes:
            return logged.at(newest[number]) if number in newest else main.at((number - 1) * PAGE)

        for offset in range(0, main.size, PAGE):
            for row in _rows_of(main.at(offset), after, page):
                found.setdefault(row[0], row)
        for frame in frames:
            for row in _rows_of(logged.at(frame.offset), after, page):
                found.setdefault(row[0], row)
    return found


def log_is_cut_short(database: Path) -> bool:
    """True where the write-ahead log holds commits behind a place at which SQLite would stop reading it.

    SQLite takes such a place for the end. It is, where a power cut tore the last transaction: nobody was told
    of that one. But whatever was begun after it proves that it had been on the disk, and was damaged since.
    """
    log = _read_log(Path(f"{database}-wal"))
    behind = [frame for frame in log.frames if not frame.fits]
    torn_until = next((number for number, frame in enumerate(behind) if frame.ends_commit), len(behind))
    return not log.begins_well or any(frame.ends_commit for frame in behind[torn_until + 1 :])


# ---------------------------------------------------------------- the write-ahead log


def _read_log(path: Path) -> _Log:
    """The log's present generation: the frames that carry the same salt, in order."""
    with _Pages(path) as file:
        header = file.at(0, _WAL_HEADER.size)
        magic, _, page_size, _, *salt_and_sum = _WAL_HEADER.unpack(header)
        salt, told = salt_and_sum[:2], tuple(salt_and_sum[2:])
        order = ">" if magic & 1 else "<"
        running = _sum(order, (0, 0), header[:24])
        fits = begins_well = magic & ~1 == _WAL_MAGIC and page_size == PAGE and running == told
        if not begins_well:
            salt = list(_FRAME_HEADER.unpack(file.at(_WAL_HEADER.size, _FRAME_HEADER.size)))[2:4]
        frames: list[_Frame] = []
        for offset in range(_WAL_HEADER.size, file.size - _FRAME + 1, _FRAME):
            frame = file.at(offset, _FRAME)
            number, size_after, *salt_and_sum = _FRAME_HEADER.unpack_from(frame)
            same = salt_and_sum[:2] == salt
            if fits:
                running = _sum(order, running, frame[:8] + frame[_FRAME_HEADER.size :])
                fits = same and running == tuple(salt_and_sum[2:])
            if same:
                frames.append(_Frame(number, offset + _FRAME_HEADER.size, size_after > 0, fits))
        # A log of zeros was made in the instant of a power cut: its header is on the disk before any frame.
        return _Log(begins_well or not (any(header) or any(salt)), frames)


def _committed(frames: list[_Frame]) -> list[_Frame]:
    """Those up to the last commit."""
    end = max((number for number, frame in enumerate(frames, start=1) if frame.ends_commit), default=0)
    return frames[:end]


def _sum(order: str, running: tuple[int, int], data: bytes) -> tuple[int, int]:
    """The log's checksum (section 4.2 of the file format), carried on over `data`."""
    one, two = running
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        one = (one + even + two) & 0xFFFFFFFF
        two = (two + odd + one) & 0xFFFFFFFF
    return one, two


# ---------------------------------------------------------------- pages


class _Pages:
    """A file to be read here and there. Missing bytes are zeros: no page of zeros has a row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1
        self.size = 0

    def __enter__(self) -> _Pages:
        with suppress(FileNotFoundError):
            self._handle = os.open(self._path, os.O_RDONLY)
            self.size = os.fstat(self._handle).st_size
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle >= 0:
            os.close(self._handle)

    def at(self, offset: int, size: int = PAGE) -> bytes:
        data = b""
        if self._handle >= 0:
            with suppress(OSError):  # a sector that the disk does not give back
                data = os.pread(self._handle, size, offset)
        return data.ljust(size, b"\0")


def _rows_of(page: bytes, after: int, other: Callable[[int], bytes]) -> Iterator[Sealed]:
    """The ledger's rows on one page; none where it is a page of something else."""
    if page[0] != _TABLE_LEAF:
        return
    (cells,) = struct.unpack_from(">H", page, 3)
    for number in range(min(cells, PAGE // 4)):
        # A damaged page may say anything: what does not come out as a sealed row is none.
        with suppress(ValueError, IndexError, struct.error):
            (start,) = struct.unpack_from(">H", page, 8 + 2 * number)
            size, start = _varint(page, start)
            seq, start = _varint(page, start)
            if seq > after:
                row = _row(seq, _payload(page, start, size, other))
                if row is not None:
                    yield row


def _payload(page: bytes, start: int, size: int, other: Callable[[int], bytes]) -> bytes:
    """All of a record, with what lies on overflow pages (section 1.6 of the file format)."""
    if size > _LARGEST:
        raise ValueError("no fact is as long as that")
    if size <= _MOST_IN_PLACE:
        return page[start : start + size]
    in_place = _LEAST_IN_PLACE + (size - _LEAST_IN_PLACE) % _OVERFLOW
    if in_place > _MOST_IN_PLACE:
        in_place = _LEAST_IN_PLACE
    parts = [page[start : start + in_place]]
    (following,) = struct.unpack_from(">I", page, start + in_place)
    for _ in range(-(-(size - in_place) // _OVERFLOW)):
        if following == 0:
            raise ValueError("the record ends too soon")
        overflow = other(following)
        (following,) = struct.unpack_from(">I", overflow)
        parts.append(overflow[4:])
    return b"".join(parts)[:size]


def _row(seq: int, record: bytes) -> Sealed | None:
    """The record as a row of the ledger, where it is one and its seal fits (section 2.1)."""
    header_size, at = _varint(record, 0)
    content = header_size
    values: list[str | None] = []
    while at < header_size:
        serial, at = _varint(record, at)
        if serial == 0:
            values.append(None)
            continue
        if serial < 13 or serial % 2 == 0:
            return None  # a number or a blob: the ledger has neither
        length = (serial - 13) // 2
        values.append(record[content : content + length].decode())
        content += length
    match values:
        case [None, str(name), lane, passage, str(body), str(prev), str(seal)]:
            fits = seal == row_hash(prev, seq, name, body)
            return (seq, name, lane, passage, body, prev, seal) if fits else None
        case _:
            return None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for taken in range(8):
        byte = data[at + taken]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + taken + 1
    return value << 8 | data[at + 8], at + 9
