"""The contract as an AsyncAPI 3 document, and as JSON Schemas, made from the models themselves.

The law of this file: nothing of the contract is said here that a model, a fact or `daemon.mqtt.contract` does
not say; what people read in it are their docstrings. `daemon/mqtt/asyncapi.yaml` is this document, committed;
a test keeps it current.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from typing import Any

import yaml
from pydantic import TypeAdapter

from daemon import __version__
from daemon.core.facts import FACT_TYPES, Fact
from daemon.mqtt import examples, messages
from daemon.mqtt.contract import CHANNELS, Channel
from daemon.mqtt.messages import FactMessage, Message

HEAD = """\
# 由消息模型生成，请勿手改：gatepost mqtt asyncapi > daemon/mqtt/asyncapi.yaml
# Generated from the message models, not to be edited: the command above makes it anew.
"""
_PARAMETERS = {
    "root": "The root of all topics, `office.root` in config.yaml.",
    "site": "The id of the site.",
    "gate": "The id of the gate; the `gate` in every message.",
}


def text() -> str:
    """The document as YAML."""
    return HEAD + yaml.dump(document(), Dumper=_Blocks, sort_keys=False, allow_unicode=True, width=100)


class _Blocks(yaml.SafeDumper):
    """Texts of several lines as blocks, and nothing by reference: for people who read it."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Blocks.add_representer(str, _block)


def document() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "gatepost 门岗",
            "version": __version__,
            "description": _rules(),
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "broker.example:8883",
                "protocol": "secure-mqtt",
                "protocolVersion": "5",
                "description": "The site's own: `office` in config.yaml. 3.1.1 where it offers no more.",
            }
        },
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": {
            f"{_verb(channel)}{channel.name[0].upper()}{channel.name[1:]}": _operation(channel)
            for channel in CHANNELS
        },
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a message, or of the body of a kind of fact, by its name; stands alone.

    Raises KeyError for a name that is none.
    """
    made = TypeAdapter(named()[name]).json_schema(mode="serialization", by_alias=True)
    for of in (made, *made.get("$defs", {}).values()):
        _describe(of)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


@cache
def named() -> dict[str, type[Any]]:
    """Every message by the name of its model, and every kind of fact by its kind."""
    models = {channel.message.__name__: channel.message for channel in CHANNELS if channel.message}
    return models | {_kind(fact): fact for fact in FACT_TYPES}


def _kind(fact: type[Fact]) -> str:
    return str(fact.__dataclass_fields__["kind"].default)


# ---------------------------------------------------------------- channels


def _channel(channel: Channel) -> dict[str, Any]:
    described = {**_PARAMETERS, **channel.parameters}
    return {
        "address": channel.address,
        "summary": channel.summary,
        "parameters": {name: {"description": words} for name, words in described.items()},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _carried(channel)},
    }


def _carried(channel: Channel) -> list[str]:
    if channel.message is FactMessage:
        return [f"fact.{_kind(fact)}" for fact in FACT_TYPES]
    return [channel.message.__name__ if channel.message else channel.name]


def _verb(channel: Channel) -> str:
    return "send" if channel.sender == "gate" else "receive"


def _operation(channel: Channel) -> dict[str, Any]:
    """As the gate sees it: what it sends, and what it receives."""
    sent = {"qos": 1, "retain": channel.retained, "bindingVersion": "0.2.0"}
    return {
        "action": _verb(channel),
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": channel.summary,
        "bindings": {"mqtt": sent if channel.sender == "gate" else {"qos": 1, "bindingVersion": "0.2.0"}},
    }


# ---------------------------------------------------------------- messages


def _messages() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for channel in CHANNELS:
        if channel.message is FactMessage:
            found |= {f"fact.{_kind(fact)}": _fact(fact) for fact in FACT_TYPES}
        elif channel.message is None:
            found[channel.name] = _bare(channel)
        else:
            found[channel.message.__name__] = _message(channel.message)
    return found


def _message(model: type[Message]) -> dict[str, Any]:
    return {
        "name": model.__name__,
        "summary": _first_line(model),
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
        **_examples(examples.examples_of(model)),
    }


def _fact(fact: type[Fact]) -> dict[str, Any]:
    kind = _kind(fact)
    body = {"kind": {"const": kind}, "body": {"$ref": f"#/components/schemas/{fact.__name__}"}}
    return {
        "name": f"fact.{kind}",
        "summary": _first_line(fact) or kind.replace("_", " "),
        "payload": {"allOf": [{"$ref": "#/components/schemas/FactMessage"}, {"properties": body}]},
        **_examples([message for message in examples.facts() if message.kind == kind][:1]),
    }


def _bare(channel: Channel) -> dict[str, Any]:
    if channel.name == "link":
        payload = {"type": "string", "enum": [messages.ONLINE.decode(), messages.OFFLINE.decode()]}
        return {"name": channel.name, "contentType": "text/plain", "payload": payload}
    return {"name": channel.name, "contentType": "application/octet-stream", "payload": {"type": "string"}}


def _examples(found: Any) -> dict[str, Any]:
    payloads = [message.model_dump(mode="json", by_alias=True) for message in found]
    return {"examples": [{"payload": payload} for payload in payloads]} if payloads else {}


# ---------------------------------------------------------------- schemas


@cache
def _schemas() -> dict[str, Any]:
    inputs: list[tuple[str, Any, TypeAdapter[Any]]] = [
        (name, "serialization", TypeAdapter(of)) for name, of in named().items()
    ]
    _, made = TypeAdapter.json_schemas(inputs, by_alias=True, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = made["$defs"]
    for of in schemas.values():
        _describe(of)
    return {name: _draft_7(schemas[name]) for name in sorted(schemas)}


def _draft_7(value: Any) -> Any:
    """AsyncAPI's own schemas are of draft 7, where the items of a tuple are a list of `items`."""
    match value:
        case dict():
            plain = {key: _draft_7(inner) for key, inner in value.items()}
            if "prefixItems" in plain:
                plain["items"] = plain.pop("prefixItems")
            return plain
        case list():
            return [_draft_7(inner) for inner in value]
        case _:
            return value


def _describe(schema: dict[str, Any]) -> None:
    """Put the docstring below each field beside it, in place of a title that says its name once more."""
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
    of = _classes().get(schema.get("title", ""))
    for name, words in _below_fields(of).items() if of is not None else ():
        field = schema.get("properties", {}).get(name)
        if field is not None:
            field["description"] = words


@cache
def _classes() -> dict[str, type[Any]]:
    """Every class that a schema may be of, by its name."""
    found: dict[str, type[Any]] = {}
    waiting: list[Any] = [*named().values()]
    while waiting:
        of = waiting.pop()
        if not isinstance(of, type) or of.__name__ in found or not of.__module__.startswith("daemon."):
            waiting.extend(getattr(of, "__args__", ()))
            continue
        found[of.__name__] = of
        for base in of.__mro__:
            waiting.extend(inspect.get_annotations(base, eval_str=True).values() if _is_ours(base) else ())
    return found


def _is_ours(of: type[Any]) -> bool:
    return of.__module__.startswith("daemon.")


def _below_fields(of: type[Any]) -> dict[str, str]:
    """The docstrings of a class's fields, its bases' first; a field is called by its alias."""
    found: dict[str, str] = {}
    for base in reversed([base for base in of.__mro__ if _is_ours(base)]):
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(tree, ast.ClassDef)
        for before, after in zip(tree.body, tree.body[1:], strict=False):
            match before, after:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(words))),
                ):
                    found[_alias(of, name)] = inspect.cleandoc(words).replace("\n", " ")
                case _:
                    pass
    return found


def _alias(of: type[Any], name: str) -> str:
    field = of.model_fields.get(name) if issubclass(of, Message) else None
    return (field and field.alias) or name


def _first_line(of: type[Any]) -> str:
    words = of.__doc__ or ""
    # A dataclass without a docstring is given its signature for one.
    return "" if words.startswith(f"{of.__name__}(") else words.strip().splitlines()[0] if words else ""


def _rules() -> str:
    """The rules that both sides keep, as `daemon.mqtt.messages` states them."""
    told = inspect.cleandoc(messages.__doc__ or "")
    return told[told.index("**The versioning rule.**") :].strip()
