"""What travels between gate and office: the fact, its acknowledgement, the request to say it again.

The law of this file: values only, no I/O. Every message is one JSON object. What comes in is parsed strictly:
`true` is not 1, `1.0` is not 1. What is shown of the gate's state is in `daemon.mqtt.shown`, topics are in
`daemon.mqtt.topics`; `daemon/mqtt/asyncapi.yaml` is generated from all three.

**The versioning rule.** A message says its version in `v`. A consumer ignores keys that it does not know and
values that it does not know of a key that may grow (`kind`, and words such as alert and reason); a new key
never changes what an old one means, and has a default that says what its absence means. A change that would
break a consumer that keeps to this is a new `v`; the gate then sends the old and the new under one topic for
as long as a release says. A fact's `body` follows the same rule under its `kind`: a shipped kind is never
changed, a new need is a new kind or a key with a default.

**Whose number a seq is.** `ledger` is the identity of the ledger that the row lies in: 16 hexadecimal digits
made at random with the ledger, kept in it, and made anew when it had to be restored from a copy. A fact is
named for ever by (gate, ledger, seq): dedupe by that. A replaced SD card begins again at 1 under another
identity, so that it is neither taken for what was sent before nor left undelivered. To whoever receives:

- no `ledger`: written by a gate of before ledgers had one; it is the gate's nameless ledger;
- an identity not met before, whose fact is sealed (`prev`) to a row that is held of this gate under another
  identity or none: the same ledger under its new name; go on behind that row, nothing is to be sent again;
- an identity not met before, otherwise: another ledger. What is held of the old one is kept apart, and facts
  are asked for `from` 1 with the new `ledger`.

An acknowledgement or a request that names a ledger is obeyed by that ledger alone; one that names none is
meant for whichever is there (an office of before).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from daemon.mqtt.topics import Topics as Topics
from daemon.mqtt.topics import fact_filter as fact_filter
from daemon.mqtt.topics import gate_of as gate_of

if TYPE_CHECKING:
    from daemon.core.signals import Instant
    from daemon.store.ledger import LedgerRow

HIGHEST_SEQ = 2**53 - 1
"""The largest whole number that every JSON parser keeps exact (RFC 8259, section 6)."""

Seq = Annotated[int, Field(ge=1, le=HIGHEST_SEQ)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
"""The same names as in config.yaml: safe in a topic and as a file name."""
LedgerId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class At(Message):
    """When, as the gate's machine knows it. `wall` is right only where `trusted` is true."""

    wall: AwareDatetime
    trusted: bool
    boot: str
    mono_s: float
    """Seconds since that boot, suspend included."""

    @classmethod
    def of(cls, at: Instant) -> At:
        return cls(wall=at.wall, trusted=at.trusted, boot=at.boot, mono_s=at.mono.total_seconds())


class FactMessage(Message):
    """One row of a gate's ledger. (gate, ledger, seq) names it for ever: dedupe by that."""

    gate: Name
    seq: Seq
    ledger: LedgerId | None = None
    """Which ledger of that gate; None from a gate of before they had an identity."""
    kind: str
    v: Literal[1] = 1
    at: At
    lane: str | None
    passage: str | None
    body: dict[str, Any]
    hash: str
    prev: str
    historical: bool
    """True where this is no news: sent before, or more than a minute old when the gate came back."""


class Acknowledgement(Message):
    """The office holds every fact of this gate up to and with `seq`; 0 where it holds none."""

    gate: Name
    seq: Annotated[int, Field(ge=0, le=HIGHEST_SEQ)]
    ledger: LedgerId | None = None
    """The ledger that is meant; None: whichever is there."""


class ResendRequest(Message):
    """The office misses facts from `from` on."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", serialize_by_alias=True)

    gate: Name | None = None
    since: Annotated[Seq, Field(alias="from")]
    ledger: LedgerId | None = None
    """The ledger that is meant; None: whichever is there."""


ONLINE = b"online"
OFFLINE = b"offline"


def fact_message(row: LedgerRow, *, gate: str, historical: bool, ledger: str | None = None) -> bytes:
    """A ledger row as it travels."""
    message = FactMessage(
        gate=gate,
        seq=row.seq,
        ledger=ledger,
        kind=row.kind,
        at=At.of(row.at),
        lane=row.lane,
        passage=row.passage,
        body=row.body,
        hash=row.hash,
        prev=row.prev_hash,
        historical=historical,
    )
    return message.model_dump_json().encode()
