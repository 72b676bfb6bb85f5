"""Who may do what at the broker, as Mosquitto's access list, from the table of the contract.

The law of this file: whoever is not named may do nothing; a gate writes below its own prefix alone, nobody
writes what a gate says but that gate, and who watches writes nothing at all. That a command is obeyed is the
signature's matter: this list only says who may try.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from daemon.mqtt.contract import CHANNELS, PREFIX, Channel


class Role(StrEnum):
    """The kinds of identities at the broker of a site."""

    GATE = "gate"
    """This gate."""
    SIBLING = "sibling"
    """Another gate of the site: the same rights below its own prefix."""
    OFFICE = "office"
    CONTROL_ROOM = "control-room"
    """Watches, and writes nothing."""
    HOME_ASSISTANT = "home-assistant"
    """Shows what watches show, and writes nothing but that it is there."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One name that the broker knows: a user with a password, or the common name of a client certificate."""

    user: str
    role: Role
    gate: str = ""
    """For a gate, its id."""


@dataclass(frozen=True, slots=True)
class Right:
    may: str
    """`read` (subscribe to), `write` (publish to) or `readwrite`."""
    filter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What of config.yaml the broker is told."""

    root: str
    site: str
    home_assistant: str | None = None
    """Home Assistant's discovery prefix, where gates show up there."""
    frigate: str | None = None
    """Frigate's own prefix, where it reads plates for a gate."""


_WATCHED = ("link", "lane", "lot", "health", "shift", "alert", "event")
"""Masked: whoever watches is shown no plate and no card."""
_BETWEEN_GATES = ("siblingAsk", "siblingTold")
"""What is said to a gate by the others of its site (R45): what concerns them, and not every fact."""
_MIRRORED = ("lane", "alert")
"""Of its own, a gate reads back what may be left of before, and empties it."""


def rights(identity: Identity, at: Site) -> Iterator[Right]:
    """What that identity may do, in the order of the contract."""
    everywhere = f"{at.root}/{at.site}/+"
    match identity.role:
        case Role.GATE | Role.SIBLING:
            yield from _of_gate(identity.gate, at)
            for name in _BETWEEN_GATES:
                address = _named(name).address.removeprefix(PREFIX).replace("{other}", identity.gate)
                yield Right("read", f"{everywhere}/{address}")
        case Role.OFFICE:
            for channel in CHANNELS:
                yield Right(
                    "read" if channel.sender == "gate" else "write", f"{everywhere}/{channel.filter()}"
                )
        case Role.CONTROL_ROOM | Role.HOME_ASSISTANT:
            for name in _WATCHED:
                yield Right("read", f"{everywhere}/{_named(name).filter()}")
            if identity.role is Role.HOME_ASSISTANT and at.home_assistant is not None:
                yield Right("read", f"{at.home_assistant}/device/+/config")
                yield Right("readwrite", f"{at.home_assistant}/status")


def _of_gate(gate: str, at: Site) -> Iterator[Right]:
    for channel in CHANNELS:
        is_mirrored = channel.name in _MIRRORED
        may = "read" if channel.sender != "gate" else "readwrite" if is_mirrored else "write"
        yield Right(may, f"{at.root}/{at.site}/{gate}/{channel.filter()}")
    if at.home_assistant is not None:
        yield Right("write", f"{at.home_assistant}/device/gatepost_{at.site}_{gate}/config")
    if at.frigate is not None:
        yield Right("read", f"{at.frigate}/tracked_object_update")
        yield Right("read", f"{at.frigate}/available")


def acl_text(identities: Sequence[Identity], at: Site) -> str:
    """A Mosquitto `acl_file` for these identities."""
    lines = [
        f"# Mosquitto 权限，站点 {at.site}：未列出的一概不许",
        f"# access list of site {at.site}: what is not here is denied",
        "#",
        "# mosquitto.conf: allow_anonymous false, acl_file <this file>, and a password_file; or, with",
        "# certificates, require_certificate true and use_identity_as_username true: a user is a common name",
    ]
    for identity in identities:
        of = f" {identity.gate}" if identity.gate else ""
        lines += ["", f"# {identity.role}{of}", f"user {identity.user}"]
        lines += [f"topic {right.may} {right.filter}" for right in rights(identity, at)]
    return "\n".join(lines) + "\n"


def _named(name: str) -> Channel:
    return next(channel for channel in CHANNELS if channel.name == name)
