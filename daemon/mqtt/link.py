"""One MQTT connection on the gate's own loop, from CONNECT to its end: the only file that knows paho.

The law of this file: a paho client serves one connection and is thrown away with it, so that nothing can
queue up inside it while the broker is gone: `publish()` takes a message only when the broker is there and has
room, and says so. `connect()` alone blocks and belongs into an executor; all else runs on the loop. However a
connection ends, by a broker that hangs up, sends nonsense or falls silent, the end is a `BrokerLost`.

MQTT 5 unless the broker offers no more than 3.1.1: that one knows no reasons, so that a publish which the
access list denies looks like one that was taken, cannot be told how long a packet may be, and marks a message
as retained only where it was there before the subscription.

paho calls back under a lock that it takes again when it closes its socket: nothing in a callback may end the
connection, it only settles a future, and `watch()` draws the conclusion.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from daemon.mqtt.messages import OFFLINE, ONLINE

Done = Callable[[str | None], None]
"""Called once with None when the broker took the message, or with its words when it refused it; never when
the connection ends first."""


class Listener(Protocol):
    """Who is told, always on the loop, and must not raise."""

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None: ...
    def link_changed(self) -> None:
        """The connection came or went; see `connected` and `why`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSpec:
    """Where the broker is, who we are there, and how patient we are (seconds)."""

    host: str
    port: int
    client_id: str
    protocol: Literal["5", "3.1.1"] = "5"
    subscriptions: tuple[str, ...]
    mirrors: tuple[str, ...] = ()
    """Of these the retained messages are wanted too, as the broker has them when the link comes up."""
    presence: str | None = None
    """Topic of the retained "online", with "offline" as the last will."""
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    """Set: TLS, and the broker's certificate must be signed by it."""
    cert_file: Path | None = None
    key_file: Path | None = None
    """With `ca_file`: our own certificate and its key, where the broker wants one."""
    keepalive_s: int = 30
    connect_timeout_s: float = 10.0
    """For the connection, and again for the broker's answer to it."""
    ack_timeout_s: float = 20.0
    """A broker that acknowledges nothing for so long is gone, whatever TCP says."""
    session_expiry_s: int = 86_400
    window: int = 100
    """Messages on the way to the broker at most; its own Receive Maximum may be less."""
    packet_limit: int = 65_536
    """Bytes. The broker is told to send nothing longer (MQTT 5, 3.1.2.11.4)."""
    retry_s: float = 1.0
    retry_limit_s: float = 60.0
    """The wait between attempts doubles from the one to the other."""


class BrokerLost(Exception):
    """The broker cannot be reached or does not answer: wait, try again, for ever."""


class _Tls(ssl.SSLContext):
    """Trusts one authority, and remembers the socket that paho forgets when the handshake fails."""

    wrapped: ssl.SSLSocket | None = None

    def __new__(cls, ca_file: Path, cert_file: Path | None, key_file: Path | None) -> _Tls:
        # Demands a certificate and checks its name; TLS 1.2 at least (Python's ssl, PROTOCOL_TLS_CLIENT).
        context = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(ca_file)
        if cert_file is not None:
            context.load_cert_chain(cert_file, key_file)
        return context

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        self.wrapped = super().wrap_socket(*args, **options)
        return self.wrapped


class Link:
    """From one CONNECT to its end; must be made on the loop."""

    def __init__(self, spec: LinkSpec, listener: Listener) -> None:
        self._spec = spec
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self.accepted: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._on_the_way: dict[int, Done] = {}
        self._last_answer = self._loop.time()
        self._window = spec.window
        self._subscribing: dict[int, str] = {}
        self._subscription_refused: Callable[[str, str], None] | None = None
        self._sock: Any = None
        self._is_closed = False
        self._is_5 = spec.protocol == "5"
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=spec.client_id,
            clean_session=None if self._is_5 else False,
            protocol=paho.MQTTv5 if self._is_5 else paho.MQTTv311,
            reconnect_on_failure=False,
        )

    @property
    def adopted(self) -> bool:
        return self._sock is not None

    def connect(self) -> None:
        """Reach the broker and send CONNECT. Blocks: for the executor. Raises OSError, ValueError."""
        spec, client = self._spec, self._client
        client.connect_timeout = spec.connect_timeout_s
        # 0 is no limit: paho would queue what goes beyond, we never offer more than the broker takes.
        client.max_inflight_messages_set(0)
        if spec.username is not None:
            password = None
            if spec.password_file is not None:
                password = spec.password_file.read_text(encoding="utf-8").rstrip("\r\n")
            client.username_pw_set(spec.username, password)
        tls = _Tls(spec.ca_file, spec.cert_file, spec.key_file) if spec.ca_file is not None else None
        if tls is not None:
            client.tls_set_context(tls)
        if spec.presence is not None:
            client.will_set(spec.presence, OFFLINE, qos=1, retain=True)
        only_5: dict[str, Any] = {}
        if self._is_5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it bare
            properties.SessionExpiryInterval = spec.session_expiry_s
            properties.MaximumPacketSize = spec.packet_limit
            only_5 = {"clean_start": False, "properties": properties}
        try:
            client.connect(spec.host, spec.port, keepalive=spec.keepalive_s, **only_5)
        except BaseException:
            if tls is not None and tls.wrapped is not None:
                tls.wrapped.close()
            raise

    def tried(self, attempt: asyncio.Future[None]) -> None:
        """The executor is done: where nobody waits any more, what it opened is closed."""
        if not attempt.cancelled():
            attempt.exception()
        if self._is_closed:
            self._close_socket()

    def adopt(self) -> None:
        """Take the socket over from the executor."""
        client = self._client
        self._sock = client.socket()
        if self._sock is None:
            raise ConnectionError("the broker closed the connection at once")
        # Small messages that wait for nobody: Nagle and delayed acknowledgement would cost 40 ms a turn.
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_socket_close = lambda *_: self._unwatch()
        client.on_socket_register_write = lambda _c, _u, sock: self._loop.add_writer(sock, self._writable)
        client.on_socket_unregister_write = self._written
        self._loop.add_reader(self._sock, self._readable)
        if client.want_write():
            self._loop.add_writer(self._sock, self._writable)

    def introduce(self, refused: Callable[[str, str], None]) -> None:
        """Subscribe, and say that we are here."""
        self._subscription_refused = refused
        # Retained messages are not wanted (2: do not send them); one that is published now keeps its flag.
        self._subscribe(self._spec.subscriptions, retainHandling=2)
        self._subscribe(self._spec.mirrors, retainHandling=0, noLocal=True)
        if self._spec.presence is not None:
            self._send(self._spec.presence, ONLINE, lambda _: None, retain=True)

    def _subscribe(self, topics: tuple[str, ...], **options: Any) -> None:
        for topic in topics:
            wanted: dict[str, Any] = {"qos": 1}
            if self._is_5:
                wanted = {"options": SubscribeOptions(qos=1, retainAsPublished=True, **options)}
            _, mid = self._client.subscribe(topic, **wanted)
            if mid is not None:
                self._subscribing[mid] = topic

    def room(self) -> int:
        """How many more may be on the way, but for what is kept free for retained messages: a backlog of
        facts takes every place as it falls free."""
        kept_free = min(2, self._window // 4)
        return max(0, self._free() - kept_free)

    def publish(self, topic: str, payload: bytes, done: Done, *, retain: bool = False) -> bool:
        """Hand over one QoS 1 message; False where there is no room for it."""
        room = self._free() if retain else self.room()
        return room > 0 and self._send(topic, payload, done, retain=retain)

    def _free(self) -> int:
        return 0 if self._ended.done() else self._window - len(self._on_the_way)

    def _send(self, topic: str, payload: bytes, done: Done, *, retain: bool = False) -> bool:
        if not self._on_the_way:
            self._last_answer = self._loop.time()
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        self._on_the_way[sent.mid] = done
        return True

    async def watch(self) -> None:
        """Look after keepalive and acknowledgements until the end, which is a BrokerLost."""
        tick = min(1.0, self._spec.keepalive_s / 4, self._spec.ack_timeout_s / 4)
        while not self._ended.done():
            await asyncio.wait({self._ended}, timeout=tick)
            self._client.loop_misc()
            silent_for = self._loop.time() - self._last_answer
            if self._on_the_way and silent_for > self._spec.ack_timeout_s and not self._ended.done():
                raise BrokerLost(f"has acknowledged nothing for {silent_for:.0f} s")
        self._ended.result()

    def close(self) -> None:
        """Give everything back; safe at any time, also while the executor is still at it.

        Without a DISCONNECT, so that the broker publishes the last will (MQTT 5, 3.1.2.5).
        """
        self._is_closed = True
        for future in (self.accepted, self._ended):
            if future.done() and not future.cancelled():
                future.exception()
            future.cancel()
        if self._sock is not None:
            self._unwatch()
            self._close_socket()

    def _close_socket(self) -> None:
        client = self._client
        client.on_socket_close = client.on_socket_register_write = client.on_socket_unregister_write = None
        sock = client.socket()
        if sock is not None:
            sock.close()

    def _unwatch(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock)
            self._loop.remove_writer(self._sock)

    # ------------------------------------------------------------ called by the loop and by paho

    def _readable(self) -> None:
        try:
            self._client.loop_read()
            # One TLS record may bring several packets; the socket announces only the first.
            while isinstance(self._sock, ssl.SSLSocket) and self._sock.fileno() >= 0 and self._sock.pending():
                self._client.loop_read()
        except Exception as error:
            # Our own part of a callback is guarded below: what paho trips over was sent by the broker.
            self._end(BrokerLost(f"sent what is not MQTT: {error!r}"))

    def _writable(self) -> None:
        self._client.loop_write()

    def _written(self, _client: object, _data: object, sock: Any) -> None:
        self._loop.remove_writer(sock)

    def _end(self, error: Exception) -> None:
        for future in (self.accepted, self._ended):
            if not future.done():
                future.set_exception(error)

    def _on_connect(
        self,
        _client: object,
        _data: object,
        _flags: object,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._end(BrokerLost(f"refuses us: {reason}; check username, password_file and its access list"))
            return
        # MQTT 5, 3.2.2.3.3: 65,535 where the broker says nothing.
        self._window = min(self._spec.window, getattr(properties, "ReceiveMaximum", 65_535))
        if not self.accepted.done():
            self.accepted.set_result(None)

    def _on_disconnect(
        self, _client: object, _data: object, flags: paho.DisconnectFlags, reason: ReasonCode, _p: object
    ) -> None:
        by_broker = flags.is_disconnect_packet_from_server
        self._end(BrokerLost(f"{'closed the connection' if by_broker else 'connection lost'}: {reason}"))

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        try:
            self._listener.heard(topic, bytes(message.payload), retained=message.retain)
        except Exception as bug:
            self._end(bug)

    def _on_publish(self, _client: object, _data: object, mid: int, reason: ReasonCode, _p: object) -> None:
        self._last_answer = self._loop.time()
        done = self._on_the_way.pop(mid, None)
        try:
            if done is not None:
                done(str(reason) if reason.is_failure else None)
        except Exception as bug:
            self._end(bug)

    def _on_subscribe(
        self, _client: object, _data: object, mid: int, reasons: list[ReasonCode], _p: object
    ) -> None:
        topic = self._subscribing.pop(mid, None)
        for reason in reasons:
            if topic is not None and reason.is_failure and self._subscription_refused is not None:
                self._subscription_refused(topic, str(reason))
