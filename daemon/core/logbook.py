"""The logbook of the post (R39): what happened, who called, what was lent, and what is still to be done.

The law of this file: an entry is open, passed on to another post, or done, and every step leaves a follow-up
with its author. Nothing is rubbed out. A complaint is done only after somebody has called back. Open entries
are kept in mind and stand in the handover; all of them are in the tables, to be searched.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from daemon.core.fact import Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Instant, Request
from daemon.core.table import Table

if TYPE_CHECKING:
    from daemon.core.draft import Draft

ONE_CLICK = timedelta(seconds=60)
"""The same entry by the same person again within this time is the same click."""


class EntryKind(StrEnum):
    INCIDENT = "incident"
    COMPLAINT = "complaint"
    CALL = "call"
    PATROL_FINDING = "patrol_finding"
    KEY_LOAN = "key_loan"
    EQUIPMENT_LOAN = "equipment_loan"
    LEFT_ITEM = "left_item"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as it was written, and how far it has come."""

    number: str
    entry: EntryKind
    text: str
    who: str
    """Whom it concerns: the resident, the caller, the borrower, for whom the thing was left."""
    contact: str
    due: datetime | None
    """By when it is to be done, or to come back."""
    by: Actor
    at: Instant
    post: str = ""
    """To whom it was passed on."""
    called_back: bool = False


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteEntry(Request):
    """Something for the logbook."""

    entry: EntryKind
    text: str
    who: str = ""
    contact: str = ""
    due: datetime | None = None
    kind: Literal["write_entry"] = "write_entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpEntry(Request):
    """What was done about it, or found out."""

    number: str
    text: str
    kind: Literal["follow_up_entry"] = "follow_up_entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassOnEntry(Request):
    """Another post takes care of it from now on."""

    number: str
    post: str
    text: str = ""
    kind: Literal["pass_on_entry"] = "pass_on_entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack(Request):
    """The resident who complained was called back, and said this."""

    number: str
    text: str
    satisfied: bool
    kind: Literal["call_back"] = "call_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishEntry(Request):
    """It is done: settled, brought back, handed out."""

    number: str
    text: str
    kind: Literal["finish_entry"] = "finish_entry"


AnyRequest = WriteEntry | FollowUpEntry | PassOnEntry | CallBack | FinishEntry


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryWritten(Fact):
    entry: Entry
    kind: Literal["entry_written"] = "entry_written"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFollowedUp(Fact):
    number: str
    text: str
    by: Actor
    kind: Literal["entry_followed_up"] = "entry_followed_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPassedOn(Fact):
    number: str
    post: str
    text: str
    by: Actor
    kind: Literal["entry_passed_on"] = "entry_passed_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledBack(Fact):
    number: str
    text: str
    satisfied: bool
    by: Actor
    kind: Literal["called_back"] = "called_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDone(Fact):
    number: str
    text: str
    by: Actor
    kind: Literal["entry_done"] = "entry_done"


AnyFact = EntryWritten | EntryFollowedUp | EntryPassedOn | CalledBack | EntryDone


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True)
class Logbook:
    written: int = 0
    open: Table[Entry] = field(default_factory=Table)
    """Every entry that is not done, by its number; those passed on among them."""


def evolve(book: Logbook, fact: Fact) -> Logbook:
    match fact:
        case EntryWritten():
            entry = fact.entry
            return Logbook(written=book.written + 1, open=book.open.put(entry.number, entry))
        case EntryPassedOn() if (passed := book.open.get(fact.number)) is not None:
            return replace(book, open=book.open.put(passed.number, replace(passed, post=fact.post)))
        case CalledBack() if (called := book.open.get(fact.number)) is not None:
            # Who is not satisfied is called again before it is done.
            called = replace(called, called_back=fact.satisfied)
            return replace(book, open=book.open.put(called.number, called))
        case EntryDone():
            return replace(book, open=book.open.without(fact.number))
        case _:
            return book


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    objection = why_not(draft.state.logbook, asked, request)
    if objection is not None:
        draft.refuse(asked, objection)
        return
    by, at = asked.actor, draft.at
    match request:
        case WriteEntry():
            due = request.due
            write(
                draft,
                request.entry,
                request.text,
                who=request.who,
                contact=request.contact,
                due=due,
                by=by,
            )
        case FollowUpEntry():
            draft.say(EntryFollowedUp(at=at, number=request.number, text=request.text, by=by))
        case PassOnEntry():
            draft.say(
                EntryPassedOn(at=at, number=request.number, post=request.post, text=request.text, by=by)
            )
        case CallBack():
            draft.say(
                CalledBack(
                    at=at, number=request.number, text=request.text, satisfied=request.satisfied, by=by
                )
            )
        case FinishEntry():
            draft.say(EntryDone(at=at, number=request.number, text=request.text, by=by))


def write(
    draft: Draft,
    entry: EntryKind,
    text: str,
    *,
    by: Actor,
    who: str = "",
    contact: str = "",
    due: datetime | None = None,
) -> None:
    """A new entry. Other nouns write theirs by this too: a finding of a round, for instance."""
    draft.say(
        EntryWritten(
            at=draft.at,
            entry=Entry(
                number=f"L{draft.state.logbook.written + 1:07d}",
                entry=entry,
                text=text,
                who=who,
                contact=contact,
                due=due,
                by=by,
                at=draft.at,
            ),
        )
    )


def why_not(book: Logbook, asked: Asked, request: AnyRequest) -> Reason | None:
    """Why it cannot go into the logbook; None where it can."""
    if isinstance(request, WriteEntry):
        if not request.text.strip():
            return Reason.TEXT_NEEDED
        return Reason.ENTRY_WRITTEN_ALREADY if _is_same_click(book, asked, request) else None
    entry = book.open.get(request.number)
    if entry is None:
        was_written = request.number.startswith("L") and _is_number_up_to(request.number[1:], book.written)
        return Reason.ENTRY_DONE if was_written else Reason.ENTRY_UNKNOWN
    match request:
        case PassOnEntry():
            if not request.post.strip():
                return Reason.POST_NEEDED
            return Reason.ENTRY_PASSED_ON if entry.post == request.post else None
        case CallBack() if entry.entry is not EntryKind.COMPLAINT:
            return Reason.NO_COMPLAINT
        case FinishEntry() if entry.entry is EntryKind.COMPLAINT and not entry.called_back:
            return Reason.CALL_BACK_NEEDED
        case _:
            return None if request.text.strip() else Reason.TEXT_NEEDED


def _is_same_click(book: Logbook, asked: Asked, request: WriteEntry) -> bool:
    newest = book.open.get(f"L{book.written:07d}")
    return (
        newest is not None
        and (newest.entry, newest.text, newest.who, newest.by)
        == (request.entry, request.text, request.who, asked.actor)
        and newest.at.boot == asked.at.boot
        and asked.at.mono - newest.at.mono <= ONE_CLICK
    )


def _is_number_up_to(text: str, written: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= written
