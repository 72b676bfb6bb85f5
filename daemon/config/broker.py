"""What no single key of the office's broker can say, and what may be so but should be known.

The law of this file: a caution never stops a gate. A problem does: files that go together, or make no sense
alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from daemon.config.model import Config, OfficeConfig
from daemon.config.problems import Problem, Source, both

TOGETHER: tuple[tuple[str, str, str], ...] = (
    ("cert_file", "key_file", "证书要有私钥"),
    ("key_file", "cert_file", "私钥要有证书"),
    ("cert_file", "ca_file", "客户端证书只在 TLS 下有用"),
    ("password_file", "username", "密码要有用户名"),
)
"""The key that is written, the key that it needs, why."""

_WHY = {
    "cert_file": "a certificate has a key, and is of use with TLS alone",
    "key_file": "a key has a certificate",
    "password_file": "a password is somebody's",
}


def check_broker(office: Any, source: Source) -> Iterator[Problem]:
    """Problems between the keys of the section `office`, as written, right or wrong."""
    if not isinstance(office, dict) or not source.is_whole:
        return
    for key, needed, why in TOGETHER:
        if office.get(key) is not None and office.get(needed) is None:
            hint = both(f"还须写 {needed}：{why}", f"needs {needed} as well: {_WHY[key]}")
            yield source.problem(("office", key), hint=hint, at_key=True)


def cautions(config: Config) -> Iterator[str]:
    """What may be so, and should be known; one line each."""
    office = config.office
    if office is None:
        return
    if office.password_file is not None and office.ca_file is None and not is_loopback(office.host):
        yield both(
            f"office: 密码以明文发往 {office.host}；写上 ca_file 即用 TLS",
            f"the password goes to {office.host} in the clear: give ca_file for TLS",
        )
    if office.protocol == "3.1.1" and office.delivery == "broker":
        yield both(
            "office: MQTT 3.1.1 不告知拒收，又以服务器收下为送达：权限有误时事实会丢失而无人知晓",
            "MQTT 3.1.1 does not tell of refusals, and the broker's word counts as delivery: where its access"
            " list is wrong, facts are lost and nobody knows",
        )


def is_loopback(host: str) -> bool:
    """True where what is sent to this host leaves the machine in no case."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def told(office: OfficeConfig) -> Iterator[str]:
    """How this gate talks to the office, and what that is worth; one line each."""
    how = "TLS" if office.ca_file is not None else both("未加密", "not encrypted")
    yield f"MQTT {office.protocol}, {how}"
    if office.protocol == "3.1.1":
        yield both("3.1.1：服务器拒收时无从得知", "3.1.1: that the broker refuses a fact cannot be seen")
    if office.delivery == "broker":
        yield both(
            "以服务器收下为送达，没有人确认收到",
            "what the broker takes counts as delivered; nobody acknowledges it",
        )
