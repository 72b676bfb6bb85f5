"""Who is obeyed: every question of the judge, and a hundred thousand hostile commands of which none is."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from daemon.core.commands import Taken
from daemon.core.requests import ALL_REQUESTS, kind_of
from daemon.core.roles import ROLES, may_ask, may_move
from daemon.core.signals import Fault, GuardAsked
from daemon.mqtt.command.challenge import RENEWED_EVERY, Challenges
from daemon.mqtt.command.envelope import Command
from daemon.mqtt.command.judge import Again, Genuine, Refused, Standing, judge
from daemon.mqtt.command.operations import MOVES, REQUESTS, is_allowed
from daemon.mqtt.command.refusals import LONGEST_WAIT, Refusals
from tests.mqtt.commands import (
    AT,
    CHALLENGE,
    NOW,
    SIGNERS,
    Hostile,
    command,
    hostile,
    standing,
)

UNTRUSTED = replace(AT, trusted=False)


def fault_of(payload: bytes, where: Standing, *, retained: bool = False) -> Fault:
    verdict = judge(where, payload, retained=retained)
    assert isinstance(verdict, Refused), verdict
    return verdict.why


def obeyed(commands: list[Command]) -> dict[str, Taken]:
    taken = {}
    for one in commands:
        verdict = judge(standing(), one.payload, retained=False)
        assert isinstance(verdict, Genuine)
        taken[one.id] = Taken(command=verdict.command, by=verdict.actor, at=AT, answer="done")
    return taken


def test_a_genuine_command_asks_what_the_desk_would_ask_in_the_name_of_its_key() -> None:
    verdict = judge(standing(), command().payload, retained=False)
    assert isinstance(verdict, Genuine)
    asks = verdict.asks(verdict.envelope.body, AT).asks
    assert isinstance(asks, GuardAsked)
    assert (asks.lane, asks.action, asks.reason) == ("entry-1", "open", "救护车")
    assert (asks.actor.name, asks.actor.role) == ("leader 王", "leader")


def test_a_hundred_thousand_hostile_commands_none_obeyed_genuine_ones_all() -> None:
    pool = [command() for _ in range(50)]
    where = standing(taken=obeyed(pool))
    fresh = [command() for _ in range(1000)]
    seen: Counter[Fault] = Counter()
    accepted = 0
    for number, one in enumerate(hostile(100_000, seed=4, pool=pool)):
        verdict = judge(where, one.payload, retained=one.retained)
        assert isinstance(verdict, Refused), one
        assert verdict.why is one.what, (verdict, one)
        seen[one.what] += 1
        if number % 100 == 0:
            genuine = judge(where, fresh[accepted].payload, retained=False)
            accepted += isinstance(genuine, Genuine)
    assert accepted == 1000
    assert sum(seen.values()) == 100_000
    assert set(Fault) - set(seen) == {Fault.TOO_MANY, Fault.ID_TAKEN, Fault.PART_UNASKED, Fault.PARTS_MISSING}


def test_hostile_commands_leave_nothing_in_memory() -> None:
    pool = [command() for _ in range(50)]
    where, refusals = standing(taken=obeyed(pool)), Refusals()
    all_of_them = list(hostile(3000, seed=6, pool=pool))
    tracemalloc.start()
    in_use = []
    for _ in range(3):
        for one in all_of_them:
            verdict = judge(where, one.payload, retained=one.retained)
            assert isinstance(verdict, Refused)
            refusals.add(verdict.why, verdict.key_id, AT)
        in_use.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert in_use[2] - in_use[1] < 20_000


def test_strangers_get_no_answer_and_holders_of_a_key_do() -> None:
    pool = [command()]
    where = standing(taken=obeyed(pool))
    answered: dict[Fault, bool] = {}
    for one in hostile(2000, seed=5, pool=pool):
        verdict = judge(where, one.payload, retained=one.retained)
        assert isinstance(verdict, Refused)
        answered[one.what] = verdict.reply_to is not None
    assert {fault for fault, is_answered in answered.items() if not is_answered} == {
        Fault.RETAINED, Fault.TOO_LONG, Fault.MALFORMED, Fault.KEY_UNKNOWN, Fault.OTHER_GATE,
        Fault.SIGNATURE_WRONG,
    }  # fmt: skip


def test_the_same_bytes_again_are_a_replay_signed_anew_they_are_the_same_command_again() -> None:
    first = command(command_id="a" * 32)
    where = standing(taken=obeyed([first]))
    assert fault_of(first.payload, where) is Fault.REPLAYED
    # nor does it become a refusal with time, or with the gate's next challenge: it was done
    later = replace(AT, mono=AT.mono + timedelta(minutes=1), wall=AT.wall + timedelta(minutes=1))
    assert fault_of(first.payload, replace(where, now=later)) is Fault.REPLAYED
    assert fault_of(first.payload, replace(where, challenges=("f" * 32,))) is Fault.REPLAYED
    anew = command(command_id="a" * 32, now=NOW + timedelta(seconds=1))
    assert judge(where, anew.payload, retained=False) == Again("a" * 32)
    other = command(command_id="a" * 32, body={"lane": "exit-1", "reason": "x"})
    assert fault_of(other.payload, where) is Fault.ID_TAKEN
    of_another = command(SIGNERS["supervisor"], command_id="a" * 32)
    assert fault_of(of_another.payload, where) is Fault.ID_TAKEN


@pytest.mark.parametrize("seconds", [-9.999, -1, 0, 1.999])
def test_a_sender_may_be_a_little_ahead_and_not_ten_seconds_late(seconds: float) -> None:
    one = command(now=NOW + timedelta(seconds=seconds))
    assert isinstance(judge(standing(), one.payload, retained=False), Genuine)


def test_without_a_trusted_clock_dates_are_not_judged_and_the_challenge_is() -> None:
    year_off = command(now=NOW + timedelta(days=400))
    assert isinstance(judge(standing(now=UNTRUSTED), year_off.payload, retained=False), Genuine)
    assert fault_of(year_off.payload, standing(now=UNTRUSTED, challenges=("d" * 32,))) is Fault.CHALLENGE_OLD


def test_without_a_trusted_clock_no_challenge_holds_longer_than_ten_seconds() -> None:
    numbers = iter(range(1000))
    now = UNTRUSTED
    challenges = Challenges(lambda: f"{next(numbers):032x}", now)
    born: dict[str, timedelta] = {}
    for step in range(1200):
        now = replace(now, mono=now.mono + timedelta(milliseconds=100))
        if not 500 < step < 700:  # for twenty seconds nobody looks
            challenges.look(now)
        held = challenges.holding(now)
        for one in held:
            assert now.mono - born.setdefault(one, now.mono) <= 2 * RENEWED_EVERY
        assert held or 500 < step < 700
    assert len(born) > 15


def test_with_a_trusted_clock_one_challenge_serves_the_whole_run() -> None:
    challenges = Challenges(lambda: CHALLENGE, AT)
    later = replace(AT, mono=AT.mono + timedelta(days=30), wall=AT.wall + timedelta(days=30, seconds=1))
    assert not challenges.look(later)
    assert challenges.holding(later) == (CHALLENGE,)


@pytest.mark.rule("R43")
def test_a_clock_that_goes_back_makes_nothing_fresh_that_had_expired() -> None:
    # given a command that somebody has held back until it had expired
    numbers = iter(range(1000))
    challenges = Challenges(lambda: f"{next(numbers):032x}", AT)
    held_back = command(challenge=challenges.current)
    later = replace(AT, mono=AT.mono + timedelta(hours=1), wall=AT.wall + timedelta(hours=1))
    challenges.look(later)
    where = standing(now=later, challenges=challenges.holding(later))
    assert fault_of(held_back.payload, where) is Fault.EXPIRED
    # when the clock is set back to when it was fresh, at once or after a while without one
    for trusted_before in (True, False):
        back = replace(AT, mono=later.mono + timedelta(seconds=3))
        challenges.look(replace(later, mono=back.mono, trusted=False) if not trusted_before else back)
        challenges.look(back)
        where = standing(now=back, challenges=challenges.holding(back))
        assert fault_of(held_back.payload, where) is Fault.CHALLENGE_OLD


def test_the_table_of_operations_is_that_of_the_desk() -> None:
    assert set(REQUESTS) == {kind_of(request) for request in ALL_REQUESTS}
    assert not MOVES & set(REQUESTS)
    for role in ROLES:
        assert {op for op in REQUESTS if is_allowed(role, op)} == {
            kind_of(request) for request in ALL_REQUESTS if may_ask(role, request)
        }
        assert {op for op in MOVES if is_allowed(role, op)} == {op for op in MOVES if may_move(role, op)}


def test_refusals_are_counted_exactly_and_a_storm_of_a_day_costs_few_facts() -> None:
    refusals, said = Refusals(), []
    now = AT
    for _ in range(86_400 // 10):
        now = replace(now, mono=now.mono + timedelta(seconds=10))
        for one in (Hostile(Fault.EXPIRED, b""), Hostile(Fault.SIGNATURE_WRONG, b"")):
            at_once = refusals.add(one.what, "leader-2026", now)
            said += [at_once] if at_once is not None else []
        said += refusals.due(now)
    said += refusals.rest(now)
    assert len(said) < 2 * 40
    for why in (Fault.EXPIRED, Fault.SIGNATURE_WRONG):
        assert sum(one.times for one in said if one.why is why) == 8640


def test_after_a_quiet_while_the_first_of_a_kind_is_said_at_once_again() -> None:
    refusals = Refusals()
    assert refusals.add(Fault.EXPIRED, "", AT) is not None
    assert refusals.add(Fault.EXPIRED, "", AT) is None
    later = AT
    for _ in range(5):
        later = replace(later, mono=later.mono + LONGEST_WAIT)
        refusals.due(later)
    assert refusals.add(Fault.EXPIRED, "", later) is not None
