"""`gatepost mqtt`: the contract with whoever listens at the broker, and who may do what there."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROLES = ("gate", "sibling", "office", "control-room", "home-assistant")


def add_words(words: argparse._SubParsersAction[argparse.ArgumentParser], config: Path) -> None:
    text = "MQTT 约定：主题、消息格式、权限 / the contract: topics, messages, access lists"
    mqtt = words.add_parser("mqtt", help=text, description=text)
    mqtt_words = mqtt.add_subparsers(metavar="COMMAND", required=True)

    text = "AsyncAPI 3 文档 / every topic and message as an AsyncAPI 3 document (YAML)"
    asyncapi = mqtt_words.add_parser("asyncapi", help=text, description=text)
    asyncapi.set_defaults(run=_asyncapi)

    text = "一种消息的 JSON Schema / the JSON Schema of one message, or of the body of one kind of fact"
    schema = mqtt_words.add_parser("schema", help=text, description=text)
    schema.set_defaults(run=_schema)
    schema.add_argument(
        "message", nargs="?", metavar="MESSAGE", help="省略则列出全部 / leave out for a list of them"
    )

    text = "mosquitto 的权限文件 / a Mosquitto access list for this site"
    acl = mqtt_words.add_parser("acl", help=text, description=f"{text}. {_ACL}")
    acl.set_defaults(run=_acl)
    acl.add_argument("--role", choices=ROLES, help="只要一种身份 / of one role alone")
    acl.add_argument(
        "--sibling",
        action="append",
        default=[],
        metavar="GATE",
        help="同一站点的另一个门，可多次；gate.siblings 中的已在内"
        " / another gate of the site, more than once for more; those of gate.siblings are in already",
    )
    for role in ("office", "control-room", "home-assistant"):
        acl.add_argument(
            f"--{role}-user",
            default=role,
            metavar="USER",
            help="它的用户名 / its user (default: %(default)s)",
        )
    acl.add_argument("-c", "--config", type=Path, default=config, metavar="FILE", help="配置 / configuration")


_ACL = (
    "门以 office.username 或门的 id 登录，其他门以各自的 id 登录"
    " / a gate signs in as office.username, or by its id; other gates by theirs"
)


def _asyncapi(_args: argparse.Namespace) -> int:
    from daemon.mqtt.asyncapi import text

    sys.stdout.write(text())
    return 0


def _schema(args: argparse.Namespace) -> int:
    from daemon.mqtt.asyncapi import named, schema

    if args.message is None:
        print("\n".join(named()))
        return 0
    if args.message not in named():
        print(
            f"{args.message}: 没有这种消息 / no such message; gatepost mqtt schema 列出全部 lists them",
            file=sys.stderr,
        )
        return 2
    print(json.dumps(schema(args.message), ensure_ascii=False, indent=2))
    return 0


def _acl(args: argparse.Namespace) -> int:
    from daemon.config import load
    from daemon.mqtt.acl import Identity, Role, Site, acl_text

    config = load(args.config)
    office = config.office
    if office is None:
        print(f"{args.config}: 没有 office 一节 / has no section office", file=sys.stderr)
        return 78
    identities = [
        Identity(office.username or config.gate.id, Role.GATE, config.gate.id),
        *(
            Identity(gate, Role.SIBLING, gate)
            for gate in dict.fromkeys((*config.gate.siblings, *args.sibling))
        ),
        Identity(args.office_user, Role.OFFICE),
        Identity(args.control_room_user, Role.CONTROL_ROOM),
        Identity(args.home_assistant_user, Role.HOME_ASSISTANT),
    ]
    at = Site(
        root=office.root,
        site=config.site.id,
        home_assistant=office.home_assistant,
        frigate=office.frigate_topic if any(lane.frigate for lane in config.lanes) else None,
    )
    wanted = [identity for identity in identities if args.role in (None, identity.role)]
    sys.stdout.write(acl_text(wanted, at))
    return 0
