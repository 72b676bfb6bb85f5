"""The server side of `rtsp_server`: Debian's gst-rtsp-server, run by the system's own Python.

Pushes I420 pictures from a file, live, H.264, and writes the instant of each (CLOCK_BOOTTIME, milliseconds)
into its top rows as 40 black or white blocks. Commands on stdin: live, frozen, black.
"""

from __future__ import annotations

import json
import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 versions come first

SETUP = json.loads(sys.argv[1])
WIDTH, HEIGHT, FPS = SETUP["width"], SETUP["height"], SETUP["fps"]
STAMP_BITS, STAMP_ROWS = 40, 16
LUMA = WIDTH * HEIGHT
SIZE = LUMA * 3 // 2


def stamped(picture: bytes) -> bytes:
    now_ms = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    block = WIDTH // STAMP_BITS
    row = b"".join(
        (b"\xeb" if now_ms >> (STAMP_BITS - 1 - bit) & 1 else b"\x10") * block for bit in range(STAMP_BITS)
    )
    return row * STAMP_ROWS + picture[len(row) * STAMP_ROWS :]


class Pictures:
    def __init__(self) -> None:
        with open(SETUP["pictures"], "rb") as file:
            content = file.read()
        self.pictures = [content[at : at + SIZE] for at in range(0, len(content), SIZE)]
        self.mode = "live"
        self.last = b""
        self.count = 0

    def next(self) -> bytes:
        self.count += 1
        if self.mode != "frozen" or not self.last:
            dark = b"\x10" * LUMA + b"\x80" * (SIZE - LUMA)
            picture = dark if self.mode == "black" else self.pictures[self.count % len(self.pictures)]
            self.last = stamped(picture)
        return self.last


SOURCE = Pictures()


def feed(_factory, media) -> None:
    source = media.get_element().get_child_by_name("pictures")
    began = time.monotonic_ns()

    def push() -> bool:
        buffer = Gst.Buffer.new_wrapped(SOURCE.next())
        buffer.pts = buffer.dts = time.monotonic_ns() - began
        buffer.duration = Gst.SECOND // FPS
        return source.emit("push-buffer", buffer) == Gst.FlowReturn.OK

    GLib.timeout_add(1000 // FPS, push)


def obey(channel, _condition) -> bool:
    line = channel.readline().strip()
    SOURCE.mode = line or SOURCE.mode
    return bool(line)


def main() -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        "( appsrc name=pictures is-live=true format=time "
        f"caps=video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={FPS}/1 "
        f"! x264enc tune=zerolatency speed-preset=ultrafast pass=quant quantizer=24 key-int-max={10 * FPS} "
        "! video/x-h264,profile=baseline ! rtph264pay name=pay0 pt=96 config-interval=1 )"
    )
    # A shared pipeline answers 503 while the last client's is being taken down.
    factory.set_shared(False)
    factory.connect("media-configure", feed)
    if SETUP["username"]:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "user")
        if SETUP["digest"]:
            gi.require_version("GstRtsp", "1.0")
            from gi.repository import GstRtsp

            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(SETUP["username"], SETUP["password"], token)
        else:
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(SETUP["username"], SETUP["password"]), token)
        server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        for right in ("media.factory.access", "media.factory.construct"):
            permissions.add_permission_for_role("user", right, True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN, obey)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


main()
