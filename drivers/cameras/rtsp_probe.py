"""Asks an RTSP server, in a few lines of its own protocol, whether a stream can be had.

The law of this file: one connection, one deadline, no video. FFMPEG answers every failure with the same
silence; this tells apart what a person would mend differently, and costs one login try at most.
Source: RFC 2326 (RTSP), sections 6, 7 and 10.2; RFC 2617 for digest, RFC 7616 for its SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from drivers.cameras.freshness import boottime_ns
from drivers.errors import DeviceLost

if TYPE_CHECKING:
    from drivers.cameras.login import Login

RTSP_PORT = 554
_HEAD_LIMIT = 65536
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


def describe(url: str, login: Login | None, *, timeout_s: float) -> int:
    """The status of DESCRIBE for a URL without userinfo: 200, 401, 404 …

    Raises DeviceLost, saying which: refused, no route, accepted but silent, closed, or not RTSP.
    """
    parts, deadline_ns = urlsplit(url), boottime_ns() + int(timeout_s * 1e9)
    host, port = parts.hostname or "", parts.port or RTSP_PORT
    where = f"{host}:{port}"
    try:
        connection = socket.create_connection((host, port), timeout=timeout_s)
    except ConnectionRefusedError:
        raise DeviceLost(
            f"摄像机拒绝连接 / camera {where}: connection refused; is RTSP switched on, is the port right?"
        ) from None
    except TimeoutError:
        raise DeviceLost(
            f"摄像机无应答 / camera {where}: no answer within {timeout_s:g} s; "
            "is it powered and cabled, is the address right?"
        ) from None
    except OSError as problem:
        raise DeviceLost(f"摄像机无法到达 / camera {where}: {problem.strerror or problem}") from None
    with connection:
        try:
            status, head = _ask(connection, url, 1, None, deadline_ns)
            answer = authorization(head, login, url) if status == 401 and login else None
            if answer:
                status, _ = _ask(connection, url, 2, answer, deadline_ns)
        except TimeoutError:
            raise DeviceLost(
                f"摄像机已接受连接但不应答 / camera {where}: accepts the connection but stays silent for "
                f"{timeout_s:g} s; restart the camera"
            ) from None
        except OSError as problem:
            raise DeviceLost(f"摄像机断开连接 / camera {where}: {problem.strerror or problem}") from None
        except ValueError as problem:
            raise DeviceLost(f"端口应答非 RTSP / camera {where}: {problem}; is this its RTSP port?") from None
    return status


def _ask(
    connection: socket.socket, url: str, number: int, authorize: str | None, deadline_ns: int
) -> tuple[int, str]:
    lines = [f"DESCRIBE {url} RTSP/1.0", f"CSeq: {number}", "Accept: application/sdp", "User-Agent: gatepost"]
    if authorize:
        lines.append(f"Authorization: {authorize}")
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    received = b""
    while b"\r\n\r\n" not in received:
        left_s = (deadline_ns - boottime_ns()) / 1e9
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        piece = connection.recv(4096)
        if not piece:
            raise ConnectionResetError(None, "closed the connection without an answer")
        received += piece
        if not received.startswith(b"RTSP/"[: len(received)]) or len(received) > _HEAD_LIMIT:
            raise ValueError(f"answered {received[:16]!r} where RTSP/1.0 was due")
    head = received.partition(b"\r\n\r\n")[0].decode("latin-1")
    status = head.split(None, 2)[1]
    if not status.isdecimal():
        raise ValueError(f"answered with the status {status!r}")
    return int(status), head


def authorization(head: str, login: Login, url: str) -> str | None:
    """The Authorization header that answers a 401's challenge; digest before basic; None for neither."""
    challenges = [
        value.strip()
        for name, _, value in (line.partition(":") for line in head.splitlines())
        if name.strip().lower() == "www-authenticate"
    ]
    for challenge in challenges:
        if challenge.lower().startswith("digest"):
            asked = {key.lower(): quoted or plain for key, quoted, plain in _PARAMETER.findall(challenge)}
            return _digest(asked, login, url)
    if any(challenge.lower().startswith("basic") for challenge in challenges):
        return "Basic " + base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
    return None


def _digest(asked: dict[str, str], login: Login, url: str) -> str:
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    algorithm = asked.get("algorithm", "MD5")
    name = "sha256" if algorithm.upper().startswith("SHA-256") else "md5"

    def hashed(*words: str) -> str:
        return hashlib.new(name, ":".join(words).encode(), usedforsecurity=False).hexdigest()

    who, what = hashed(login.username, realm, login.password), hashed("DESCRIBE", url)
    values = {"username": login.username, "realm": realm, "nonce": nonce, "uri": url}
    extra = f", algorithm={algorithm}" if "algorithm" in asked else ""
    if "auth" in re.split(r"[,\s]+", asked.get("qop", "")):
        count, ours = "00000001", hashlib.sha256(nonce.encode()).hexdigest()[:16]
        values["response"] = hashed(who, nonce, count, ours, "auth", what)
        values["cnonce"] = ours
        extra += f", qop=auth, nc={count}"
    else:
        values["response"] = hashed(who, nonce, what)
    if "opaque" in asked:
        values["opaque"] = asked["opaque"]
    return "Digest " + ", ".join(f'{key}="{value}"' for key, value in values.items()) + extra
