"""What no browser would send: the panel refuses it and goes on, and says nothing of its insides."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import urlsplit

import pytest

from tests.panel.conftest import Visitor

FORM = "Content-Type: application/x-www-form-urlencoded"

REQUESTS = {
    "a session cookie that is no text": ["GET / HTTP/1.1", "Cookie: gatepost_east=\udcff\udcfe"],
    "a visit cookie that is no text": ["GET /login HTTP/1.1", "Cookie: gatepost_visit_east=\udcff"],
    "a form token that is no text": [
        "POST /login HTTP/1.1",
        "Origin: HOST",
        "X-CSRF-Token: \udcff",
        "Cookie: VISIT",
    ],
    "a form in no known charset": [
        "POST /login HTTP/1.1",
        "Origin: HOST",
        f"{FORM}; charset=nonsense",
        "Cookie: VISIT",
        "",
        "name=guard",
    ],
    "a form that is no text": [
        "POST /login HTTP/1.1",
        "Origin: HOST",
        FORM,
        "Cookie: VISIT",
        "",
        "name=\udcff&token=\udcfe",
    ],
    "half a multipart form": [
        "POST /login HTTP/1.1",
        "Origin: HOST",
        "Content-Type: multipart/form-data; boundary=x",
        "Cookie: VISIT",
        "",
        "--x\r\nContent-Disposition: nonsense\r\n\r\n",
    ],
    "a multipart form without a boundary": [
        "POST /login HTTP/1.1",
        "Origin: HOST",
        "Content-Type: multipart/form-data",
        "Cookie: VISIT",
        "",
        "name=guard",
    ],
    "a form that is too long": [
        "POST /login HTTP/1.1",
        "Origin: HOST",
        FORM,
        "Cookie: VISIT",
        "",
        "x" * 20000,
    ],
    "an origin that is no address": ["POST /login HTTP/1.1", "Origin: http://[", FORM, "Cookie: VISIT"],
    "no host": ["GET / HTTP/1.0", "-Host"],
    "a host that is no text": ["GET / HTTP/1.1", "Host: \udcff"],
    "a path that is no text": ["GET /pictures/%ff%fe%00.jpg HTTP/1.1"],
}


async def exchange(visitor: Visitor, lines: list[str]) -> tuple[int, str]:
    """Send these very bytes, and read the whole answer."""
    where = urlsplit(visitor.origin)
    visit = visitor.client.session.cookie_jar.filter_cookies(visitor.client.make_url("/"))  # type: ignore[attr-defined]
    head, _, body = "\n".join(lines).partition("\n\n")
    headers = head.split("\n")
    if "-Host" in headers:
        headers.remove("-Host")
    elif not any(line.startswith("Host:") for line in headers):
        headers.append(f"Host: {where.netloc}")
    headers += ["Connection: close", f"Content-Length: {len(body.encode('utf-8', 'surrogateescape'))}"]
    text = "\r\n".join(headers).replace("Origin: HOST", f"Origin: {visitor.origin}")
    text = text.replace("VISIT", f"gatepost_visit_east={visit['gatepost_visit_east'].value}")
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(f"{text}\r\n\r\n{body}".encode("utf-8", "surrogateescape"))
    answer = (await reader.read()).decode("utf-8", "replace")
    writer.close()
    return int(answer.split(" ", 2)[1]), answer


@pytest.mark.parametrize("what", REQUESTS)
async def test_nonsense_is_refused_quietly(
    visitor: Visitor, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    await visitor.read_token("/login")
    with caplog.at_level(logging.ERROR):
        status, answer = await exchange(visitor, REQUESTS[what])
    assert status < 500
    assert "Server: gatepost\r\n" in answer, "what it is made of is nobody's business"
    assert "Traceback" not in answer
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
