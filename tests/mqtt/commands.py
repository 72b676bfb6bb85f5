"""Whoever commands the gate in a test: keys of every role, commands signed with them, and hostile ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from types import MappingProxyType
from typing import Any

from daemon.config.keys import KeyRing
from daemon.core.roles import ROLES
from daemon.core.signals import Fault, Instant
from daemon.mqtt.command.envelope import Command, Signer, canonical, sign
from daemon.mqtt.command.judge import Standing
from daemon.mqtt.command.keypair import new_signer

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
AT = Instant(boot="boot-1", mono=timedelta(seconds=100), wall=NOW, trusted=True)
CHALLENGE = "c" * 32
OLD_CHALLENGE = "0" * 32


def signer(key_id: str, role: Any, **changes: Any) -> Signer:
    dates = {"valid_from": NOW - timedelta(days=1), "valid_until": NOW + timedelta(days=36_500)}
    return new_signer(key_id, **{"name": f"{role} 王", "role": role, **dates, **changes})


SIGNERS = {role: signer(f"{role}-2026", role) for role in ROLES}
STRANGER = signer("stranger", "supervisor")
THIEF = Signer(SIGNERS["supervisor"].key, STRANGER.private)
"""Names a key that the gate knows, and does not have it."""
EXPIRED_KEY = signer("expired", "supervisor", valid_until=NOW - timedelta(hours=1))
FUTURE_KEY = signer("future", "supervisor", valid_from=NOW + timedelta(days=36_000))
REVOKED_KEY = signer("revoked", "supervisor")
KNOWN = [*SIGNERS.values(), EXPIRED_KEY, FUTURE_KEY]
RING = KeyRing(
    MappingProxyType(
        {one.key.id: one.key for one in KNOWN} | {"revoked": replace(REVOKED_KEY.key, revoked=True)}
    )
)


def standing(**changes: Any) -> Standing:
    usual: dict[str, Any] = {"site": "garden", "gate": "east", "ring": RING, "challenges": (CHALLENGE,)}
    return Standing(**{**usual, "taken": {}, "now": AT, **changes})


def command(who: Signer = SIGNERS["leader"], op: str = "open", **changes: Any) -> Command:
    usual: dict[str, Any] = {
        "site": "garden",
        "gate": "east",
        "challenge": CHALLENGE,
        "body": {"lane": "entry-1", "reason": "救护车"},
        "now": NOW,
    }
    return sign(who, op=op, **{**usual, **changes})


def spelled(payload: bytes, **changes: Any) -> bytes:
    """The envelope with other fields, in the right form, under the signature it had."""
    return canonical({**json.loads(payload), **changes})


_command = command


@dataclass(frozen=True, slots=True)
class Hostile:
    what: Fault
    payload: bytes
    retained: bool = False


TEN_MEGABYTES = b"x" * 10_000_000
NESTED = b'{"body":' * 2000


def _hostile(random: Random, pool: list[Command], challenge: str, now: datetime) -> Hostile:
    """One hostile message of a kind drawn by chance."""
    genuine = random.choice(pool).payload
    command = partial(_command, challenge=challenge, now=now)
    kinds: dict[Fault, Callable[[], Hostile]] = {
        Fault.RETAINED: lambda: Hostile(Fault.RETAINED, genuine, retained=True),
        Fault.TOO_LONG: lambda: Hostile(Fault.TOO_LONG, TEN_MEGABYTES),
        Fault.MALFORMED: lambda: Hostile(
            Fault.MALFORMED, random.choice([genuine[: random.randrange(len(genuine))], NESTED, b"", b"[]"])
        ),
        Fault.KEY_UNKNOWN: lambda: Hostile(Fault.KEY_UNKNOWN, command(STRANGER).payload),
        Fault.OTHER_GATE: lambda: Hostile(
            Fault.OTHER_GATE, command(**random.choice([{"gate": "west"}, {"site": "other"}])).payload
        ),
        Fault.SIGNATURE_WRONG: lambda: Hostile(
            Fault.SIGNATURE_WRONG,
            random.choice([command(THIEF).payload, spelled(genuine, nonce=f"{random.getrandbits(96):024x}")]),
        ),
        Fault.KEY_REVOKED: lambda: Hostile(Fault.KEY_REVOKED, command(REVOKED_KEY).payload),
        Fault.KEY_EXPIRED: lambda: Hostile(Fault.KEY_EXPIRED, command(EXPIRED_KEY).payload),
        Fault.KEY_NOT_YET_VALID: lambda: Hostile(Fault.KEY_NOT_YET_VALID, command(FUTURE_KEY).payload),
        Fault.SIGNER_WRONG: lambda: Hostile(
            Fault.SIGNER_WRONG,
            command(
                Signer(replace(SIGNERS["guard"].key, role="supervisor"), SIGNERS["guard"].private)
            ).payload,
        ),
        Fault.CHALLENGE_OLD: lambda: Hostile(Fault.CHALLENGE_OLD, command(challenge=OLD_CHALLENGE).payload),
        Fault.LASTS_TOO_LONG: lambda: Hostile(
            Fault.LASTS_TOO_LONG, command(lasts=timedelta(seconds=random.choice([-1, 0, 11, 86400]))).payload
        ),
        Fault.FROM_THE_FUTURE: lambda: Hostile(
            Fault.FROM_THE_FUTURE, command(now=now + timedelta(seconds=random.randrange(300, 9999))).payload
        ),
        Fault.EXPIRED: lambda: Hostile(
            Fault.EXPIRED, command(now=now - timedelta(seconds=random.randrange(10, 9999))).payload
        ),
        Fault.REPLAYED: lambda: Hostile(Fault.REPLAYED, genuine),
        Fault.ROLE_NOT_ALLOWED: lambda: Hostile(
            Fault.ROLE_NOT_ALLOWED,
            command(
                SIGNERS[random.choice(["installer", "guard", "office"])],
                random.choice(["close", "lock_lane"]),
            ).payload,
        ),
        Fault.OPERATION_UNKNOWN: lambda: Hostile(
            Fault.OPERATION_UNKNOWN, command(op=random.choice(["detonate", "give_rows", "eval"])).payload
        ),
        Fault.BODY_WRONG: lambda: Hostile(
            Fault.BODY_WRONG,
            command(
                body=random.choice(
                    [{}, {"lane": 1, "reason": "x"}, {"lane": "a", "reason": "x", "more": 1}, {"lane": "a"}]
                )
            ).payload,
        ),
    }
    return kinds[random.choice(list(kinds))]()


def hostile(
    count: int, seed: int, pool: list[Command], *, challenge: str = CHALLENGE, now: datetime = NOW
) -> Iterator[Hostile]:
    """`count` hostile messages; those that replay are taken from `pool`, which the gate has obeyed.

    Signing costs more than judging: beyond 3,000 of them the same ones come again, in another order.
    """
    random = Random(seed)
    made = [_hostile(random, pool, challenge, now) for _ in range(min(count, 3000))]
    for _ in range(count):
        yield random.choice(made)
