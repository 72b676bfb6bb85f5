"""What the gates of a site say to each other (R45): how far one has followed, and what comes next.

The law of this file: as in `daemon.mqtt.messages`. A gate asks from where its own ledger says that it has got
to, and is told one stretch at a time; so whatever is lost, doubled or late on the way costs nothing but the
next question.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from daemon.mqtt.messages import HIGHEST_SEQ, Message, Name, Seq

Place = Annotated[int, Field(ge=0, le=HIGHEST_SEQ)]
"""A row's number; 0 stands before the first."""
Seal = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SiblingAsk(Message):
    """I hold what concerns me of your ledger `root` up to row `after`: what comes next?"""

    gate: Name
    v: Literal[1] = 1
    root: str
    """Which ledger; "" where none has been followed yet."""
    after: Place


class ToldRow(Message):
    """One row of a ledger that concerns the other gates, as it is sealed there."""

    seq: Seq
    kind: str
    body: dict[str, Any]
    hash: Seal
    prev: Seal


class SiblingStretch(Message):
    """What of my ledger concerns you, behind row `after` and up to `upto`. With plates and cards."""

    gate: Name
    v: Literal[1] = 1
    root: str
    """Which ledger: another one than was asked about is told from its beginning."""
    after: Place
    after_hash: Seal
    upto: Place
    """Below `after`: my ledger is shorter than what I have told before."""
    upto_hash: Seal
    rows: tuple[ToldRow, ...]
    more: bool
    """There is more to be told already: who hears this is behind."""
