"""An ONVIF camera on loopback, of our own making: no real one can be had for tests.

Answers the five questions that the driver asks, checks the login as devices do (WS-Security digest with a
clock of its own for SOAP, HTTP digest for snapshots), and claims an address of its own that is of no use.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from xml.etree import ElementTree

import cv2

from drivers.simulated.scene import Scene, render

_WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
_WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"

_ENVELOPE = (
    f'<s:Envelope xmlns:s="{_SOAP}" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
    'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema" '
    'xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>{}</s:Body></s:Envelope>'
)
_NOT_AUTHORIZED = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode>"
    '</s:Code><s:Reason><s:Text xml:lang="en">Sender not authorized</s:Text></s:Reason></s:Fault>'
)
_NOT_IMPLEMENTED = _NOT_AUTHORIZED.replace("ter:NotAuthorized", "ter:ActionNotSupported").replace(
    "Sender not authorized", "not implemented"
)
_PROFILE = '<trt:Profiles token="{token}" fixed="true"><tt:Name>{name}</tt:Name>{video}</trt:Profiles>'
_VIDEO = (
    '<tt:VideoEncoderConfiguration token="v"><tt:Name>v</tt:Name><tt:UseCount>1</tt:UseCount>'
    "<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>1280</tt:Width><tt:Height>720</tt:Height>"
    "</tt:Resolution><tt:Quality>5</tt:Quality><tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type></tt:Address>"
    "<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>"
    "<tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration>"
)


class OnvifDevice:
    def __init__(
        self,
        *,
        stream_port: int = 554,
        username: str = "",
        password: str = "",
        clock_ahead: timedelta = timedelta(0),
        offers_snapshots: bool = True,
    ) -> None:
        self.stream_port, self.username, self.password = stream_port, username, password
        self.clock_ahead, self.offers_snapshots = clock_ahead, offers_snapshots
        self.asked: list[str] = []
        self.snapshots = "pictures"
        """pictures, frozen, junk or slow"""
        self._frozen = b""
        rig = self

        class Handler(_Handler):
            device = rig

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # ------------------------------------------------------------ what it answers

    def now(self) -> datetime:
        return datetime.now(UTC) + self.clock_ahead

    def answer(self, question: str, envelope: ElementTree.Element) -> str:
        self.asked.append(question)
        if question == "GetSystemDateAndTime":
            now = self.now()
            return (
                "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
                "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
                f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
                f"<tt:Second>{now.second}</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}</tt:Year>"
                f"<tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date></tt:UTCDateTime>"
                "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
            )
        # Capabilities may be had before login; see ONVIF Core Specification, access classes.
        if question != "GetCapabilities" and not self._login_is_right(envelope):
            return _NOT_AUTHORIZED
        match question:
            case "GetCapabilities":
                return (
                    "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media>"
                    "<tt:XAddr>http://0.0.0.0:9/onvif/media</tt:XAddr><tt:StreamingCapabilities/>"
                    "</tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>"
                )
            case "GetProfiles":
                profiles = (
                    _PROFILE.format(token="sound", name="SoundOnly", video=""),
                    _PROFILE.format(token="p1", name="MainStream", video=_VIDEO),
                    _PROFILE.format(token="p2", name="SubStream", video=_VIDEO),
                )
                return f"<trt:GetProfilesResponse>{''.join(profiles)}</trt:GetProfilesResponse>"
            case "GetStreamUri":
                return self._uri(question, f"rtsp://0.0.0.0:{self.stream_port}/live")
            case "GetSnapshotUri" if self.offers_snapshots:
                return self._uri(question, f"http://0.0.0.0:{self.port}/snapshot.jpg?auth=abc")
            case _:
                return _NOT_IMPLEMENTED

    def _uri(self, question: str, uri: str) -> str:
        return (
            f"<trt:{question}Response><trt:MediaUri><tt:Uri>{uri}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
            f"<tt:Timeout>PT60S</tt:Timeout></trt:MediaUri></trt:{question}Response>"
        )

    def _login_is_right(self, envelope: ElementTree.Element) -> bool:
        if not self.username:
            return True
        token = envelope.find(f".//{_WSSE}UsernameToken")
        if token is None:
            return False
        said = {part: token.findtext(f"{_WSSE}{part}", "") for part in ("Username", "Password", "Nonce")}
        created = token.findtext(f"{_WSU}Created", "")
        salted = base64.b64decode(said["Nonce"]) + created.encode() + self.password.encode()
        digest = hashlib.sha1(salted, usedforsecurity=False)
        is_recent = abs(datetime.fromisoformat(created) - self.now()) < timedelta(minutes=5)
        return (
            is_recent
            and said["Username"] == self.username
            and said["Password"] == base64.b64encode(digest.digest()).decode()
        )

    # ------------------------------------------------------------ snapshots

    def snapshot(self) -> bytes:
        if self.snapshots == "junk":
            return b"<html>busy</html>"
        if self.snapshots == "frozen" and self._frozen:
            return self._frozen
        scene = Scene(since_ns=0, plate="粤B12345", seed=1)
        picture = render(scene, time.clock_gettime_ns(time.CLOCK_BOOTTIME))
        self._frozen = cv2.imencode(".jpg", picture)[1].tobytes()
        return self._frozen

    def snapshot_login_is_right(self, method: str, header: str) -> bool:
        if not self.username:
            return True
        said = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
        who = _md5(f"{self.username}:rig:{self.password}")
        what = _md5(f"{method}:{said.get('uri', '')}")
        return said.get("response") == _md5(
            ":".join((who, "n0nce", said.get("nc", ""), said.get("cnonce", ""), "auth", what))
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    device: OnvifDevice

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        envelope = ElementTree.fromstring(body)  # noqa: S314 our own driver wrote it
        question = envelope.find(f"{{{_SOAP}}}Body")[0].tag.rpartition("}")[2]
        answer = self.device.answer(question, envelope)
        status = 400 if answer.startswith("<s:Fault>") else 200
        self._reply(status, "application/soap+xml; charset=utf-8", _ENVELOPE.format(answer).encode())

    def do_GET(self) -> None:
        if not self.device.snapshot_login_is_right("GET", self.headers.get("Authorization", "")):
            self.device.asked.append("snapshot refused")
            self._reply(401, "text/plain", b"")
            return
        self.device.asked.append("snapshot")
        picture = self.device.snapshot()
        if self.device.snapshots == "slow":
            self.send_response(200)
            self.send_header("Content-Length", str(len(picture)))
            self.end_headers()
            for at in range(20):
                try:
                    self.wfile.write(picture[at : at + 1])
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.1)
            return
        self._reply(200, "image/jpeg", picture)

    def _reply(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Digest realm="rig", nonce="n0nce", qop="auth"')
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is its own."""
