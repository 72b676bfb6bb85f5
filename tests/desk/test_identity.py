"""No card, no pass: a document, registered so that nobody reads it again, and two people (R20)."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from daemon.cli import main
from daemon.core.cards import LoseCard, ReceiveCard
from daemon.core.facts import AccessGranted, ActionRefused
from daemon.core.identity import (
    AgreeRelease,
    CompareIdentity,
    IdentityCompared,
    IdentityRegistered,
    RegisterIdentity,
)
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked
from daemon.core.state import Phase
from daemon.evidence.sealing import seal, sealer
from daemon.runtime.clock import ManualClock
from tests.core.rig import GUARD, GateRig, entry, exit_, permit

LEADER = Actor(name="周班长", role="leader")
OFFICE = Actor(name="前台", role="office")
CARD, PLATE = "62E3086CED", "粤B12345"
NUMBER = "11010519491231002X"
"""The worked example of GB 11643."""


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateRig]:
    """王's car stands at the exit, and its driver cannot show the card."""
    gate = GateRig(tmp_path / "gate", [entry(), exit_()], [permit("王", CARD, PLATE)])
    gate.comes_and_goes(CARD, PLATE)
    gate.car_arrives("exit-1")
    gate.plate(PLATE, "exit-1")
    gate.time(11)
    assert gate.lane("exit-1").phase is Phase.HELD
    yield gate
    gate.finish()


def registration(**other: Any) -> RegisterIdentity:
    words: dict[str, Any] = {
        "lane": "exit-1",
        "person": "王小明",
        "document": "identity_card",
        "document_number": NUMBER,
    }
    return RegisterIdentity(**words | other)


def why_not(gate: GateRig, actor: Actor, request: Any) -> Reason:
    (fact,) = gate.ask(actor, request)
    assert isinstance(fact, ActionRefused), fact
    return fact.reason


@pytest.mark.rule("R20")
def test_the_car_goes_only_after_both_have_done_their_part(gate: GateRig) -> None:
    agreed = AgreeRelease(lane="exit-1", reason="车主本人")
    gate.guard("release", "exit-1", reason="忘带卡")
    assert gate.last(ActionRefused).reason is Reason.IDENTITY_NEEDED
    assert why_not(gate, LEADER, agreed) is Reason.IDENTITY_NEEDED
    gate.ask(GUARD, registration())
    gate.guard("release", "exit-1", reason="忘带卡")
    assert gate.last(ActionRefused).reason is Reason.IDENTITY_NEEDED, "one person is not enough"
    assert why_not(gate, GUARD, agreed) is Reason.ROLE_NOT_ALLOWED
    gate.ask(LEADER, agreed)
    assert gate.last(AccessGranted).reason is Reason.IDENTITY_CHECKED
    gate.drives_through("exit-1")
    assert not gate.inside


@pytest.mark.rule("R20")
def test_a_leader_does_not_agree_with_himself(gate: GateRig) -> None:
    gate.ask(LEADER, registration())
    agreed = AgreeRelease(lane="exit-1", reason="车主本人")
    assert why_not(gate, LEADER, agreed) is Reason.SECOND_PERSON_NEEDED


@pytest.mark.rule("R20")
def test_nobody_reads_the_number_again_and_the_office_can_compare_it(gate: GateRig) -> None:
    (registered,) = gate.ask(GUARD, registration())
    assert isinstance(registered, IdentityRegistered)
    ledger = json.dumps([row.body for row in gate.store.rows(0, 1000)], ensure_ascii=False)
    assert NUMBER[:-2] not in ledger
    assert registered.identity.last_two == "2X"
    key = registered.identity.number

    def compared(number: str) -> bool:
        (fact,) = gate.ask(OFFICE, CompareIdentity(number=key, document_number=number))
        assert isinstance(fact, IdentityCompared)
        return fact.is_the_same

    assert compared("110105 19491231 002x")
    assert not compared("440301198001011234")
    assert why_not(gate, GUARD, CompareIdentity(number=key, document_number=NUMBER)) is (
        Reason.ROLE_NOT_ALLOWED
    )


@pytest.mark.rule("R20")
@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"document_number": "110105194912310021"}, Reason.DOCUMENT_NUMBER_WRONG),
        ({"document_number": "1101051949"}, Reason.DOCUMENT_NUMBER_WRONG),
        ({"document_number": "E1234", "document": "passport"}, Reason.DOCUMENT_NUMBER_WRONG),
        ({"person": " "}, Reason.DOCUMENT_NUMBER_WRONG),
        ({"lane": "entry-1"}, Reason.NO_CAR_HELD),
        ({"lane": "moon"}, Reason.NO_SUCH_LANE),
    ],
)
def test_what_is_mistyped_is_not_taken(gate: GateRig, other: dict[str, str], why: Reason) -> None:
    assert why_not(gate, GUARD, registration(**other)) is why


@pytest.mark.rule("R20")
def test_the_driver_is_registered_once_and_a_passport_will_do(gate: GateRig) -> None:
    gate.ask(GUARD, registration(document="passport", document_number="E12345678"))
    assert why_not(gate, GUARD, registration()) is Reason.IDENTITY_KNOWN


@pytest.mark.rule("R20")
def test_what_was_agreed_for_one_car_is_nothing_to_the_next(gate: GateRig) -> None:
    gate.ask(GUARD, registration())
    gate.guard("refuse", "exit-1", reason="退回")
    gate.car_backs_off("exit-1")
    gate.time(5)
    gate.car_arrives("exit-1")
    gate.plate(PLATE, "exit-1")
    gate.time(11)
    assert why_not(gate, LEADER, AgreeRelease(lane="exit-1", reason="同意")) is Reason.IDENTITY_NEEDED


@pytest.mark.rule("R20")
def test_the_button_works_all_the_same_and_is_not_passed_over(gate: GateRig) -> None:
    gate.guard("open", "exit-1", reason="急救")
    assert gate.lane("exit-1").phase is Phase.GRANTED
    assert gate.alerts == {"released_unidentified"}


@pytest.mark.rule("R20")
def test_a_visitor_without_his_temporary_card_is_no_different(tmp_path: Path) -> None:
    gate = GateRig(tmp_path / "visitors", [entry(), exit_()])
    gate.ask(OFFICE, ReceiveCard(card="1122334455", use="temporary", reason="入库"))
    gate.comes_and_goes("1122334455", "粤B77777")
    gate.car_arrives("exit-1")
    gate.plate("粤B77777", "exit-1")
    gate.time(11)
    gate.guard("release", "exit-1", reason="没卡")
    assert gate.last(ActionRefused).reason is Reason.IDENTITY_NEEDED
    gate.ask(GUARD, LoseCard(card="1122334455", reason="遗失赔付", fee_fen=2000))
    gate.guard("release", "exit-1", reason="已赔卡")
    assert gate.lane("exit-1").phase is Phase.GRANTED, "there is no card any more that he could show"
    gate.finish()


@pytest.mark.rule("R20")
def test_a_document_stands_for_the_card_and_not_for_the_money(tmp_path: Path) -> None:
    """Given a visitor who kept his card, the two people let him go where money would have let him go."""
    gate = GateRig(tmp_path / "visitors", [entry(), exit_()])
    gate.ask(OFFICE, ReceiveCard(card="1122334455", use="temporary", reason="入库"))
    gate.comes_and_goes("1122334455", "粤B77777")
    gate.car_arrives("exit-1")
    gate.plate("粤B77777", "exit-1")
    gate.time(11)
    gate.ask(GUARD, registration())
    gate.ask(LEADER, AgreeRelease(lane="exit-1", reason="卡忘在家里"))
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_EXIT
    gate.drives_through("exit-1")
    assert not gate.inside
    assert set(gate.engine.state.cards.out) == {"1122334455"}, "the card is out, and on the handover list"
    gate.finish()


@pytest.mark.rule("R20")
async def test_sealed_to_the_office_the_number_is_nowhere_at_the_gate_and_only_the_office_opens_it(
    gate: GateRig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a gate that knows the office's public key, made at the office
    assert main(["keys", "seal", str(tmp_path / "office.key")]) == 0
    public = capsys.readouterr().out.split("seal: ")[1].strip()
    assert stat.S_IMODE((tmp_path / "office.key").stat().st_mode) == 0o600
    prepare = sealer(public)

    # when a driver is registered, by whatever way, even with a seal of his own making
    forged = registration(sealed="AAAA")
    gate.send(prepare(Asked(at=gate.now, actor=GUARD, request=forged)))
    identity = gate.last(IdentityRegistered).identity
    assert (identity.digest, identity.salt, identity.last_two) == ("", "", NUMBER[-2:])
    for path in (tmp_path / "gate").rglob("*"):
        if path.is_file():
            assert NUMBER.encode() not in path.read_bytes()
    gate.ask(OFFICE, CompareIdentity(number=identity.number, document_number=NUMBER))
    assert gate.last(ActionRefused).reason is Reason.IDENTITY_SEALED

    # then the office reads it, and no other key does
    assert main(["keys", "unseal", str(tmp_path / "office.key"), identity.sealed]) == 0
    assert capsys.readouterr().out == f"{NUMBER}\n"
    main(["keys", "seal", str(tmp_path / "other.key")])
    assert main(["keys", "unseal", str(tmp_path / "other.key"), identity.sealed]) == 1
    turned = identity.sealed[:-3] + ("A" if identity.sealed[-3] != "A" else "B") + identity.sealed[-2:]
    assert main(["keys", "unseal", str(tmp_path / "office.key"), turned]) == 1
    assert main(["keys", "unseal", str(tmp_path / "office.key"), "AAAA"]) == 1


def test_without_the_offices_key_no_seal_is_believed_and_each_seal_is_another() -> None:
    asked = Asked(at=ManualClock().now(), actor=GUARD, request=registration(sealed="AAAA"))
    request = sealer(None)(asked)
    assert isinstance(request, Asked)
    assert request.request == registration()
    key = bytes(X25519PrivateKey.generate().public_key().public_bytes_raw())
    assert seal(NUMBER, key) != seal(NUMBER, key)
