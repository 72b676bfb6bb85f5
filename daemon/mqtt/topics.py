"""Under which topic everything travels.

The law of this file: names only. One gate writes below its own prefix and nowhere else; whoever else writes
there writes `office/…` or `command`, and a message counts only where its topic and its content name the same
gate. Nothing in a topic names a car, a card or a person.

    <root>/<site>/<gate>/fact/<lane or "gate">/<kind>   what has become so, in order of seq
    <root>/<site>/<gate>/state/link                     "online" / "offline", retained, the last will
    <root>/<site>/<gate>/state/lane/<lane>              boom, loops, the car in front; retained
    <root>/<site>/<gate>/state/lot                      cars inside, bays free; retained
    <root>/<site>/<gate>/state/health                   what does not work; retained
    <root>/<site>/<gate>/state/shift                    who is on duty; retained
    <root>/<site>/<gate>/state/challenge                what a command must repeat in this run; retained
    <root>/<site>/<gate>/alert/<name>                   retained while it is open, then emptied
    <root>/<site>/<gate>/event/<lane>                   what happens there, masked; never retained
    <root>/<site>/<gate>/sibling/<other>/ask            to another gate: how far it has been followed
    <root>/<site>/<gate>/sibling/<other>/told           to another gate: what comes next that concerns it
    <root>/<site>/<gate>/reply                          what became of a command
    <root>/<site>/<gate>/command                        to the gate: do this
    <root>/<site>/<gate>/command/<id>                   to the gate: a part of what was too long for it
    <root>/<site>/<gate>/office/ack                     to the gate: what the office holds
    <root>/<site>/<gate>/office/resend                  to the gate: say it again from here
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b


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

    def lane(self, lane: str) -> str:
        return f"{self.prefix}/state/lane/{lane}"

    @property
    def lot(self) -> str:
        return f"{self.prefix}/state/lot"

    @property
    def health(self) -> str:
        return f"{self.prefix}/state/health"

    @property
    def shift(self) -> str:
        return f"{self.prefix}/state/shift"

    @property
    def challenge(self) -> str:
        return f"{self.prefix}/state/challenge"

    def alert(self, name: str) -> str:
        """The topic of an open alert; `name` as `alert_name` makes it."""
        return f"{self.prefix}/alert/{name}"

    def event(self, lane: str) -> str:
        return f"{self.prefix}/event/{lane}"

    def sibling_ask(self, other: str) -> str:
        """Where this gate asks another one what comes next."""
        return f"{self.prefix}/sibling/{other}/ask"

    def sibling_told(self, other: str) -> str:
        """Where this gate tells another one what comes next."""
        return f"{self.prefix}/sibling/{other}/told"

    @property
    def reply(self) -> str:
        return f"{self.prefix}/reply"

    @property
    def command(self) -> str:
        return f"{self.prefix}/command"

    def command_part(self, command_id: str) -> str:
        """Where the parts of one command travel."""
        return f"{self.command}/{command_id}"

    @property
    def commands(self) -> str:
        """A filter: commands and their parts (MQTT 5, 4.7.1.2: `#` includes the level above)."""
        return f"{self.command}/#"

    @property
    def ack(self) -> str:
        return f"{self.prefix}/office/ack"

    @property
    def resend(self) -> str:
        return f"{self.prefix}/office/resend"


def alert_name(alert_id: str, secret: str) -> str:
    """What an alert is called where nobody needs its plate or card: `tailgating-3f0c1d2e4b5a`.

    An alert's own id is its kind and its subject, which may be a card number; numbers are few enough to be
    guessed from a plain hash, so `secret` (the ledger's identity) is mixed in.
    """
    kind, _, _ = alert_id.partition(":")
    digest = blake2b(alert_id.encode(), key=secret.encode()[:64], digest_size=6).hexdigest()
    return f"{kind}-{digest}"


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


def fits(topic: str, wanted: str) -> bool:
    """True where a topic is among those that this filter stands for (MQTT 5, 4.7.1)."""
    parts, wants = topic.split("/"), wanted.split("/")
    if wants[-1] == "#":
        wants = wants[:-1]
        parts = parts[: len(wants)]
    return len(parts) == len(wants) and all(
        want in ("+", part) for part, want in zip(parts, wants, strict=True)
    )
