"""The published contract: current, valid, and true of what a gate really sends."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from daemon.cli import main
from daemon.core.facts import FACT_TYPES, Fact
from daemon.mqtt import asyncapi, examples
from daemon.mqtt.contract import CHANNELS
from daemon.mqtt.messages import At, FactMessage
from daemon.mqtt.shown import Gate, things
from daemon.mqtt.topics import Topics
from daemon.store.codec import fact_to_json
from daemon.store.ledger import FIRST_PREV, is_sealed
from tests.core.conftest import HOUSEHOLDS, LIU, WANG
from tests.core.rig import GateRig, entry, exit_

CONTRACT = "urn:gatepost:contract"
COMMITTED = Path(asyncapi.__file__).with_name("asyncapi.yaml")


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))
    return loaded


@cache
def validator(pointer: str) -> Draft7Validator:
    """Of the schema that this part of the committed document is."""
    whole = DRAFT7.create_resource(document())
    registry: Registry[Any] = Registry().with_resource(CONTRACT, whole)
    return Draft7Validator({"$ref": f"{CONTRACT}#{pointer}"}, registry=registry)


def assert_is(message: str, payload: Any) -> None:
    errors = list(validator(f"/components/messages/{message}/payload").iter_errors(payload))
    assert not errors, f"{message}: {[error.message for error in errors]}"


def test_the_committed_document_is_current() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == asyncapi.text(), (
        "the contract has changed: gatepost mqtt asyncapi > daemon/mqtt/asyncapi.yaml"
    )


def test_every_channel_is_somebodys_and_every_reference_leads_somewhere() -> None:
    said = document()
    assert set(said["channels"]) == {channel.name for channel in CHANNELS}
    assert {operation["channel"]["$ref"] for operation in said["operations"].values()} == {
        f"#/channels/{channel.name}" for channel in CHANNELS
    }
    references: list[str] = []

    def collect(value: Any) -> None:
        match value:
            case {"$ref": str(reference)}:
                references.append(reference)
            case dict():
                for inner in value.values():
                    collect(inner)
            case list():
                for inner in value:
                    collect(inner)

    collect(said)
    for reference in set(references):
        found: Any = said
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


@pytest.mark.parametrize(
    "message", sorted(document()["components"]["messages"]) if COMMITTED.exists() else []
)
def test_examples_are_what_they_are_examples_of(message: str) -> None:
    for example in document()["components"]["messages"][message].get("examples", []):
        assert_is(message, example["payload"])


def test_every_message_of_its_own_has_an_example() -> None:
    said = document()["components"]["messages"]
    for channel in CHANNELS:
        if channel.message is not None and channel.message is not FactMessage:
            assert said[channel.message.__name__]["examples"], channel.name
    assert sum("examples" in said[f"fact.{kind}"] for kind in kinds()) == len(examples.STORY)


def test_the_chain_of_the_examples_holds() -> None:
    prev = FIRST_PREV
    for fact in examples.facts():
        assert fact.prev == prev
        assert is_sealed(fact.prev, fact.seq, fact.kind, fact.body, fact.hash)
        prev = fact.hash


def test_a_wrong_message_is_none() -> None:
    good = examples.facts()[0].model_dump(mode="json")
    assert_is("fact.gate_started", good)
    for wrong in (
        {"seq": 0}, {"seq": "1"}, {"kind": "boom_moved"}, {"gate": "East"}, {"v": 2}, {"body": {}},
        {"ledger": "xyz"}, {"at": None},
    ):  # fmt: skip
        with pytest.raises(AssertionError):
            assert_is("fact.gate_started", good | wrong)


# ---------------------------------------------------------------- true of what is sent


def kinds() -> dict[str, type[Fact]]:
    return {fact.__dataclass_fields__["kind"].default: fact for fact in FACT_TYPES}


EARLIEST = datetime(2020, 1, 1)  # noqa: DTZ001 - hypothesis wants it without a zone, and adds ours
st.register_type_strategy(datetime, st.datetimes(min_value=EARLIEST, timezones=st.just(UTC)))
st.register_type_strategy(float, st.floats(-1e6, 1e6))
st.register_type_strategy(timedelta, st.timedeltas(timedelta(0), timedelta(days=4000)))


@pytest.mark.parametrize("kind", sorted(kinds()))
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_a_fact_says_its_schema_allows(kind: str, data: st.DataObject) -> None:
    body = json.loads(fact_to_json(data.draw(st.from_type(kinds()[kind]))))
    name = kinds()[kind].__name__
    errors = list(validator(f"/components/schemas/{name}").iter_errors(body))
    assert not errors, [error.message for error in errors]


def test_whatever_a_gate_shows_its_schema_allows(tmp_path: Path) -> None:
    gate = GateRig(tmp_path, (entry("entry-1"), exit_("exit-1")), HOUSEHOLDS)
    topics = Topics(root="gatepost", site="garden", gate="east")
    shown = Gate(topics=topics, name="东门", ledger="0123456789abcdef", version="1")
    gate.comes_and_goes(WANG.card, WANG.plate)
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(LIU.card)
    gate.loses("entry-1.reader", "entry-1")
    seen = set()
    for thing in things(shown, gate.engine.state):
        message = thing.message(At.of(gate.now))
        seen.add(type(message).__name__)
        assert_is(type(message).__name__, json.loads(message.model_dump_json()))
    assert seen == {"LaneShown", "LotShown", "HealthShown", "ShiftShown", "AlertShown"}
    gate.finish()


# ---------------------------------------------------------------- on the command line


def test_the_command_prints_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mqtt", "asyncapi"]) == 0
    assert capsys.readouterr().out == COMMITTED.read_text(encoding="utf-8")


def test_a_schema_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mqtt", "schema"]) == 0
    names = capsys.readouterr().out.split()
    assert {"FactMessage", "AlertShown", "Acknowledgement", "stay_opened"} <= set(names)
    for name in ("FactMessage", "AlertShown", "stay_opened"):
        assert main(["mqtt", "schema", name]) == 0
        schema = json.loads(capsys.readouterr().out)
        Draft202012Validator.check_schema(schema)
    (alert,) = [message for message in examples.SHOWN if type(message).__name__ == "AlertShown"]
    main(["mqtt", "schema", "AlertShown"])
    schema = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema).validate(json.loads(alert.model_dump_json()))
    assert schema["properties"]["level"]["description"].startswith("Whose it is by now")

    assert main(["mqtt", "schema", "Nonsense"]) == 2
    assert "Nonsense" in capsys.readouterr().err


def test_it_is_asyncapi_3_by_the_meta_schema_of_the_standard(tmp_path: Path) -> None:
    """The meta-schema is not ours to ship: taken from the standard's own package where that can be had."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm to fetch @asyncapi/specs with")
    fetched = subprocess.run(
        [npm, "pack", "--silent", "@asyncapi/specs@6"],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
    )
    if fetched.returncode != 0:
        pytest.skip("@asyncapi/specs cannot be fetched here")
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(package) as archive:
        found = archive.extractfile("package/schemas/3.0.0.json")
        assert found is not None
        meta = json.load(found)
    errors = [
        f"{list(error.path)}: {error.message[:200]}"
        for error in Draft7Validator(meta).iter_errors(document())
    ]
    assert errors == []
