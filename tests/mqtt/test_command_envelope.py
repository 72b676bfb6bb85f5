"""A signed command is itself and nothing else: not one byte of it can be changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mqtt.command.envelope import (
    LONGEST,
    MOST_PARTS,
    PART,
    Command,
    NoCommand,
    Signer,
    canonical,
    digest_of,
    is_signed_by,
    joined,
    opened,
    parts_of,
    sign,
)
from daemon.mqtt.command.keypair import new_signer

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
OFFICE = new_signer(
    "office-2026",
    name="王主管",
    role="supervisor",
    valid_from=NOW - timedelta(days=1),
    valid_until=NOW + timedelta(days=365),
)


def signed(signer: Signer = OFFICE, **changes: object) -> Command:
    command: dict[str, object] = {
        "site": "garden",
        "gate": "east",
        "challenge": "c" * 32,
        "op": "open",
        "body": {"lane": "entry-1", "reason": "救护车 ambulance"},
        "now": NOW,
    }
    return sign(signer, **{**command, **changes})  # type: ignore[arg-type]  # a test's own keywords


def test_what_was_signed_is_known_to_be_so() -> None:
    command = opened(signed().payload)
    assert is_signed_by(command, OFFICE.key)
    assert command.envelope.who == "王主管"
    assert command.envelope.body == {"lane": "entry-1", "reason": "救护车 ambulance"}
    assert command.envelope.expires - command.envelope.issued == timedelta(seconds=10)


def test_the_same_name_and_id_on_another_key_sign_nothing() -> None:
    impostor = Signer(replace(OFFICE.key), new_signer(
        "x", name="x", role="guard", valid_from=NOW, valid_until=NOW + timedelta(days=1)
    ).private)  # fmt: skip
    assert not is_signed_by(opened(signed(impostor).payload), OFFICE.key)


def test_no_bit_of_a_signed_command_can_be_turned() -> None:
    payload = signed().payload
    assert is_believed(payload)
    for at in range(len(payload)):
        for bit in range(8):
            turned = bytearray(payload)
            turned[at] ^= 1 << bit
            assert not is_believed(bytes(turned)), (at, bit)


def test_no_byte_can_be_taken_out_put_in_or_doubled() -> None:
    payload = signed().payload
    changed = [payload[:at] + payload[at + 1 :] for at in range(len(payload))]
    changed += [payload[:at] + b" " + payload[at:] for at in range(len(payload) + 1)]
    changed += [payload[: at + 1] + payload[at:] for at in range(len(payload))]
    assert not [one for one in changed if one != payload and is_believed(one)]


def is_believed(payload: bytes) -> bool:
    try:
        return is_signed_by(opened(payload), OFFICE.key)
    except NoCommand:
        return False


def test_another_form_of_the_same_json_is_no_command() -> None:
    plain = json.loads(signed().payload)
    for text in (
        json.dumps(plain),
        json.dumps(plain, sort_keys=True, separators=(",", ":")),
        json.dumps(dict(reversed(plain.items())), ensure_ascii=False, separators=(",", ":")),
        json.dumps({**plain, "more": 1}, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
    ):
        with pytest.raises(NoCommand):
            opened(text.encode())


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"null", b"[]", b"{}", b'{"v":1', b"\xff\xfe", b"[" * 60_000, b'{"a":' * 5000, b"x" * 10_000_000,
        b'{"a":1e400}', b'{"a":NaN}', b'{"a":1.5}', b'{"a":"\\ud800"}', b'{"a":' + b"9" * 5000 + b"}",
    ],
    ids=lambda payload: f"{payload[:12]!r} of {len(payload)}",
)  # fmt: skip
def test_what_is_no_command_is_said_to_be_none(payload: bytes) -> None:
    with pytest.raises(NoCommand):
        opened(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.binary(max_size=2000) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_arrives_the_parser_answers(payload: bytes) -> None:
    with pytest.raises(NoCommand):
        opened(payload)


@given(st.dictionaries(st.sampled_from(list(json.loads(signed().payload))), JSON, min_size=1))
def test_whatever_stands_in_the_fields_only_the_signed_is_believed(changes: dict[str, object]) -> None:
    plain = {**json.loads(signed().payload), **changes}
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        command = opened(text.encode("utf-8", errors="replace"))
    except NoCommand:
        return
    assert not is_signed_by(command, OFFICE.key)


NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(NAMES, PLAIN, max_size=3))
def test_whatever_a_body_says_arrives_as_it_was_signed(body: dict[str, object]) -> None:
    try:
        command = opened(signed(body=body).payload)
    except ValueError:
        return  # too much within each other, or half characters: said before it is signed
    assert command.envelope.body == body
    assert is_signed_by(command, OFFICE.key)


def test_twenty_thousand_permits_travel_in_parts_that_the_envelope_names() -> None:
    rows = [
        {
            "id": f"P{n:05}",
            "card": f"62E3{n:06X}",
            "plate": f"粤B{n:05}",
            "holder": "张三" * 8,
            "household": "1-101",
            "lanes": ["entry-1", "exit-1"],
            "hours": "07:00-20:00",
        }
        for n in range(20_000)
    ]
    command = signed(op="give_permits", body={"source": "all.xlsx"}, attached={"rows": rows})
    assert len(command.payload) <= LONGEST
    assert all(len(part) <= PART for part in command.parts)
    envelope = opened(command.payload).envelope
    assert envelope.parts == [digest_of(part) for part in command.parts]
    assert joined(list(command.parts)) == {"rows": rows}


def test_as_many_parts_as_may_be_fit_into_the_envelope() -> None:
    names = ["x" * 43 for _ in range(MOST_PARTS)]
    plain = {**json.loads(signed(op="give_permits", body={"source": "s" * 64}).payload), "parts": names}
    assert len(canonical(plain)) <= LONGEST
    with pytest.raises(ValueError, match="最多"):
        parts_of({"rows": ["x" * 1000] * (MOST_PARTS * PART // 1000)})


def test_what_is_to_be_done_has_one_digest_whoever_asks_and_whenever() -> None:
    first = opened(signed(command_id="a" * 32).payload)
    again = opened(signed(command_id="a" * 32, now=NOW + timedelta(hours=1), challenge="d" * 32).payload)
    other = opened(signed(command_id="a" * 32, body={"lane": "exit-1", "reason": "x"}).payload)
    assert first.digest == again.digest
    assert first.digest != other.digest
