"""What travels between gate and office, and under which topic.

The law of this file: values only, no I/O. Every message is one JSON object that says its own version; a
consumer ignores keys that it does not know, a new key never changes the meaning of an old one, and a change
that would is a new version. What comes in is parsed strictly: `true` is not 1, `1.0` is not 1.

    <root>/<site>/<gate>/fact/<lane or "gate">/<kind>   Fact, QoS 1, in order of seq
    <root>/<site>/<gate>/state/link                     "online" / "offline", retained, last will
    <root>/<site>/<gate>/office/ack                     Acknowledgement, from the office
    <root>/<site>/<gate>/office/resend                  ResendRequest, from the office
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from daemon.store.ledger import LedgerRow

HIGHEST_SEQ = 2**53 - 1
"""The largest whole number that every JSON parser keeps exact (RFC 8259, section 6)."""

Seq = Annotated[int, Field(ge=1, le=HIGHEST_SEQ)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
"""The same names as in config.yaml: safe in a topic and as a file name."""


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class At(Message):
    """When, as the gate's machine knows it. `wall` is right only where `trusted` is true."""

    wall: AwareDatetime
    trusted: bool
    boot: str
    mono_s: float
    """Seconds since that boot, suspend included."""


class FactMessage(Message):
    """One row of a gate's ledger. (gate, seq) names it for ever: dedupe by that."""

    gate: Name
    seq: Seq
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


class ResendRequest(Message):
    """The office misses facts from `from` on."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", serialize_by_alias=True)

    gate: Name | None = None
    since: Annotated[Seq, Field(alias="from")]


ONLINE = b"online"
OFFLINE = b"offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """The topics of one gate."""

    root: str
    site: str
    gate: str

    @property
    def prefix(self) -> str:
        return f"{self.root}/{self.site}/{self.gate}"

    def fact(self, lane: str | None, kind: str) -> str:
        return f"{self.prefix}/fact/{lane or 'gate'}/{kind}"

    @property
    def link(self) -> str:
        return f"{self.prefix}/state/link"

    @property
    def ack(self) -> str:
        return f"{self.prefix}/office/ack"

    @property
    def resend(self) -> str:
        return f"{self.prefix}/office/resend"


def fact_filter(root: str, site: str) -> str:
    """What an office subscribes to: the facts of every gate of a site."""
    return f"{root}/{site}/+/fact/#"


def gate_of(root: str, site: str, topic: str) -> str | None:
    """The gate that a fact topic names; None for any other topic."""
    prefix = f"{root}/{site}/"
    if not topic.startswith(prefix):
        return None
    gate, _, rest = topic[len(prefix) :].partition("/")
    return gate if rest.startswith("fact/") else None


def fact_message(row: LedgerRow, *, gate: str, historical: bool) -> bytes:
    """A ledger row as it travels."""
    message = FactMessage(
        gate=gate,
        seq=row.seq,
        kind=row.kind,
        at=At(
            wall=row.at.wall,
            trusted=row.at.trusted,
            boot=row.at.boot,
            mono_s=row.at.mono.total_seconds(),
        ),
        lane=row.lane,
        passage=row.passage,
        body=row.body,
        hash=row.hash,
        prev=row.prev_hash,
        historical=historical,
    )
    return message.model_dump_json().encode()
