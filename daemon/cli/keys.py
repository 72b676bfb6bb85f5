"""`gatepost keys`: key pairs for whoever commands gates from outside (R35, R41)."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import timedelta
from pathlib import Path

from daemon.core.roles import ROLES

LONGEST_DAYS = 3660


def add_words(words: argparse._SubParsersAction[argparse.ArgumentParser], config: Path) -> None:
    text = "远程指令的密钥：新建、查看、吊销 / the keys of those who command gates from outside"
    keys = words.add_parser(
        "keys",
        help=text,
        description=text,
        epilog="换钥匙：新建一对，把新的 .pub 放进各门岗的文件夹，改用新私钥，再吊销旧的；门岗不必重启。"
        " / To rotate: make a new pair, put its .pub into the folder of every gate, sign with the new one,"
        " then revoke the old one; no gate has to be restarted.",
    )
    keys_words = keys.add_subparsers(metavar="COMMAND", required=True)

    text = (
        "新建一对：私钥留在物业，公钥放到门岗 / a new pair: one half stays here, the .pub goes to the gates"
    )
    new = keys_words.add_parser("new", help=text, description=text)
    new.set_defaults(run=_new)
    new.add_argument("id", type=_key_id, metavar="ID", help="编号，如 wang-2026，不可重复使用 / its id")
    new.add_argument(
        "--name", required=True, metavar="NAME", help="谁用，如 王主管、控制室 / who acts with it"
    )
    new.add_argument("--role", choices=ROLES, required=True, help="以何身份 / in which role")
    new.add_argument(
        "--days",
        type=_days,
        default=365,
        metavar="N",
        help="有效几天 / valid for N days (default: %(default)s)",
    )
    new.add_argument(
        "--folder",
        type=Path,
        default=Path("keys"),
        metavar="DIR",
        help="放在哪里 / where (default: %(default)s)",
    )

    text = "列出公钥 / the public keys of a folder"
    listing = keys_words.add_parser("list", help=text, description=text)
    listing.set_defaults(run=_list)
    listing.add_argument(
        "folder", nargs="?", type=Path, metavar="DIR", help="默认为配置的 office.keys / default: office.keys"
    )
    listing.add_argument(
        "-c", "--config", type=Path, default=config, metavar="FILE", help="配置 / configuration"
    )

    text = "吊销：此公钥不再算数 / a public key counts no more"
    revoking = keys_words.add_parser("revoke", help=text, description=text)
    revoking.set_defaults(run=_revoke)
    revoking.add_argument("file", type=Path, metavar="FILE.pub", help="公钥文件 / the public key")

    text = "密封证件号：私钥留在物业，公钥写进 office.seal / a key to seal document numbers to"
    sealing = keys_words.add_parser("seal", help=text, description=text)
    sealing.set_defaults(run=_seal)
    sealing.add_argument(
        "file", type=Path, metavar="FILE.key", help="私钥放在哪里 / where the private half goes"
    )

    text = "打开密封的证件号，在物业的机器上 / read sealed document numbers, at the office"
    unsealing = keys_words.add_parser("unseal", help=text, description=text)
    unsealing.set_defaults(run=_unseal)
    unsealing.add_argument("file", type=Path, metavar="FILE.key", help="私钥 / the private half")
    unsealing.add_argument(
        "sealed", nargs="+", metavar="TEXT", help="identity_registered 的 sealed / from the facts"
    )


def _key_id(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", text):
        raise argparse.ArgumentTypeError(
            f"{text}: 小写字母、数字、短横线，最多 32 个 / lower-case letters, digits and dashes, at most 32"
        )
    return text


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"{text}: 1 到 {LONGEST_DAYS} 天 / 1 to {LONGEST_DAYS} days")
    return days


def _new(args: argparse.Namespace) -> int:
    from daemon.mqtt.command.keypair import KeyUnusable, keep, new_signer
    from daemon.runtime.clock import SystemClock

    if not args.name.strip():
        print("--name: 须写明谁用 / say who acts with it", file=sys.stderr)
        return 2
    now = SystemClock().now().wall.replace(microsecond=0)
    signer = new_signer(
        args.id,
        name=args.name.strip(),
        role=args.role,
        valid_from=now - timedelta(minutes=5),  # a gate's clock may be a little behind
        valid_until=now + timedelta(days=args.days),
    )
    try:
        private, public = keep(signer, args.folder)
    except (KeyUnusable, OSError) as why:
        print(why, file=sys.stderr)
        return 1
    print(f"私钥 private  {private}  留在签发指令的机器上，勿外传 / stays here, is shown to nobody")
    print(f"公钥 public   {public}  复制到各门岗 office.keys 文件夹 / copy into office.keys of each gate")
    return 0


def _list(args: argparse.Namespace) -> int:
    from daemon.config import load
    from daemon.config.keys import read_keys
    from daemon.config.problems import report
    from daemon.runtime.clock import SystemClock

    folder = args.folder
    if folder is None:
        config = load(args.config)
        if config.office is None or config.office.keys is None:
            print(f"{args.config}: 没有 office.keys / has no office.keys", file=sys.stderr)
            return 1
        folder = config.folder / config.office.keys
    ring, problems = read_keys(folder)
    now = SystemClock().now().wall
    for key in ring.keys.values():
        state = (
            "已吊销 revoked"
            if key.revoked
            else "未生效 not yet"
            if now < key.valid_from
            else "已过期 expired"
            if now >= key.valid_until
            else "有效 valid"
        )
        until = key.valid_until.astimezone().strftime("%Y-%m-%d %H:%M")
        print(f"{key.id:<20} {key.role:<11} {state:<12} 至 until {until}  {key.name}")
    wrong = [problem for problem in problems if not problem.file.endswith(".key")]
    if wrong:
        print(report(wrong, of=("公钥", "the keys")), file=sys.stderr)
    return 1 if wrong else 0


def _revoke(args: argparse.Namespace) -> int:
    from daemon.mqtt.command.keypair import revoke

    try:
        key = revoke(args.file)
    except OSError as why:
        print(why, file=sys.stderr)
        return 1
    print(
        f"{args.file}: {key.id} {key.name} 已吊销；复制到各门岗后生效"
        " / revoked; counts at each gate that this file is copied to"
    )
    return 0


def _seal(args: argparse.Namespace) -> int:
    from daemon.mqtt.command.keypair import KeyUnusable, new_seal

    try:
        public = new_seal(args.file)
    except (KeyUnusable, OSError) as why:
        print(why, file=sys.stderr)
        return 1
    print(f"私钥 private  {args.file}  留在物业；丢了就再也打不开 / stays here; lost, nothing opens any more")
    print("公钥，写进各门岗 config.yaml 的 office 一节 / into the section office of each gate's config.yaml:")
    print(f"  seal: {public}")
    return 0


def _unseal(args: argparse.Namespace) -> int:
    from daemon.evidence.sealing import NotSealedForUs, unseal
    from daemon.mqtt.command.keypair import KeyUnusable, load_seal

    try:
        private = load_seal(args.file)
        for sealed in args.sealed:
            print(unseal(sealed, private))
    except (KeyUnusable, NotSealedForUs) as why:
        print(why, file=sys.stderr)
        return 1
    return 0
