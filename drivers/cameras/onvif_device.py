"""Asks an ONVIF device where its pictures are.

The law of this file: two services, five questions, each with a timeout; nothing is subscribed to and nothing
is written. (`ONVIFCamera` of onvif-zeep opens an event subscription on every connection and never ends it;
cameras run out of them. The two services are therefore made one by one.) Whatever address the device claims
to have, only the configured host is talked to: cameras answer with 0.0.0.0 or the address of another network,
and the login must not follow them there.
Source: ONVIF Core and Media Service Specifications (GetSystemDateAndTime, GetCapabilities, GetProfiles,
GetStreamUri, GetSnapshotUri).
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from drivers.errors import DeviceLost, DeviceUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drivers.cameras.login import Login

_DEVICE_WSDL = "devicemgmt.wsdl"


class LoginRefused(Exception):
    """The device answered that the login is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Where the pictures of one profile are; None where the device does not offer them."""

    profile: str
    stream_url: str | None
    snapshot_url: str | None


def pictures(host: str, port: int, login: Login | None, *, profile: str | None, timeout_s: float) -> Pictures:
    """Ask the device. `profile` is a token or a name; None for the first that has video.

    Raises LoginRefused, DeviceLost (no answer, not understood) or DeviceUnusable (no such profile).
    """
    with _library_kept_quiet():
        import requests
        from zeep.exceptions import Error, Fault, TransportError
    where = f"{host}:{port}"
    try:
        return _asked(host, port, login, profile=profile, timeout_s=timeout_s)
    except requests.ConnectionError as problem:
        why = "no answer" if isinstance(problem, requests.Timeout) else "connection refused or cut"
        raise DeviceLost(
            f"ONVIF 设备无法连接 / ONVIF device {where}: {why}; is ONVIF on, is the port right?"
        ) from None
    except requests.Timeout:
        raise DeviceLost(
            f"ONVIF 设备不应答 / ONVIF device {where}: accepts the connection but stays silent "
            f"for {timeout_s:g} s"
        ) from None
    except (TransportError, Fault) as problem:
        if getattr(problem, "status_code", None) == 401 or "NotAuthorized" in _fault_codes(problem):
            raise LoginRefused(where) from None
        raise DeviceLost(
            f"ONVIF 设备报错 / ONVIF device {where}: {problem.message or problem!r:.200}"
        ) from None
    except (Error, requests.RequestException) as problem:
        raise DeviceLost(f"ONVIF 应答无法理解 / ONVIF device {where}: {problem!r:.200}") from None


def _asked(host: str, port: int, login: Login | None, *, profile: str | None, timeout_s: float) -> Pictures:
    where = f"{host}:{port}"
    with _transport(login, timeout_s) as transport:
        device = _service("devicemgmt", f"http://{where}/onvif/device_service", login, transport)
        ahead = _clock_difference(device.GetSystemDateAndTime())
        media_url = _media_url(device.GetCapabilities(Category="Media"), where)
        media = _service("media", _at_host(media_url, host, port), login, transport, ahead=ahead)
        token = _chosen(media.GetProfiles() or (), profile, where)
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        stream = _uri(media.GetStreamUri, StreamSetup=setup, ProfileToken=token)
        snapshot = _uri(media.GetSnapshotUri, ProfileToken=token)
    return Pictures(
        profile=token,
        stream_url=_at_host(stream, host) if stream else None,
        snapshot_url=_at_host(snapshot, host) if snapshot else None,
    )


@contextmanager
def _transport(login: Login | None, timeout_s: float) -> Iterator[Any]:
    import requests
    from requests.auth import HTTPDigestAuth
    from zeep.transports import Transport

    with requests.Session() as session:
        session.trust_env = False
        if login is not None:
            # For devices that want the login in HTTP instead of, or beside, the SOAP header.
            session.auth = HTTPDigestAuth(login.username, login.password)
        make: Any = Transport
        yield make(session=session, timeout=timeout_s, operation_timeout=timeout_s)


def _service(
    name: str, url: str, login: Login | None, transport: Any, *, ahead: timedelta | None = None
) -> Any:
    with _library_kept_quiet():
        from onvif import SERVICES, ONVIFService
    return ONVIFService(
        url,
        login.username if login else "",
        login.password if login else "",
        str(wsdl_folder() / SERVICES[name]["wsdl"]),
        no_cache=True,
        dt_diff=ahead,
        binding_name=f"{{{SERVICES[name]['ns']}}}{SERVICES[name]['binding']}",
        transport=transport,
    ).ws_client


def _media_url(capabilities: Any, where: str) -> str:
    if capabilities is None or capabilities.Media is None:
        raise DeviceUnusable(
            f"设备没有媒体服务 / ONVIF device {where}: offers no media service, is it a camera?"
        )
    return str(capabilities.Media.XAddr)


def _chosen(offered: Any, wanted: str | None, where: str) -> str:
    """The token of the profile wanted, among those with video."""
    profiles = [p for p in offered if p.VideoEncoderConfiguration is not None]
    chosen = next((p for p in profiles if wanted in (None, p.token, p.Name)), None)
    if chosen is None:
        found = ", ".join(f"{p.token} ({p.Name})" for p in profiles) or "none"
        raise DeviceUnusable(
            f"没有此视频配置 / ONVIF device {where}: no video profile {wanted!r}; it has: {found}"
        )
    return str(chosen.token)


def _uri(ask: Any, **question: Any) -> str | None:
    """The address, or None where the device knows no such question: snapshots are optional in ONVIF."""
    from zeep.exceptions import Fault

    try:
        answer = ask(**question)
    except Fault as fault:
        if "NotAuthorized" in _fault_codes(fault):
            raise
        return None
    return answer.Uri if answer is not None else None


def _fault_codes(problem: Any) -> str:
    codes = [getattr(problem, "code", None), *(getattr(problem, "subcodes", None) or ())]
    return " ".join(str(code) for code in codes if code is not None)


def _clock_difference(answer: Any) -> timedelta | None:
    """How far the device's clock is ahead of ours: its login digest holds for a few seconds only."""
    stamp = getattr(answer, "UTCDateTime", None)
    if stamp is None:
        return None
    try:
        theirs = datetime(
            stamp.Date.Year,
            stamp.Date.Month,
            stamp.Date.Day,
            stamp.Time.Hour,
            stamp.Time.Minute,
            stamp.Time.Second,
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return theirs - datetime.now(UTC)


def _at_host(url: str, host: str, port: int | None = None) -> str:
    """The device's address for something, with the host (and port) that we know to be right."""
    parts = urlsplit(url)
    known = port or parts.port
    return parts._replace(netloc=f"{host}:{known}" if known else host).geturl()


def wsdl_folder() -> Path:
    """Where onvif-zeep's service descriptions were installed. Raises DeviceUnusable where they are missing.

    The wheel puts them into a top-level folder `wsdl` beside the package; `pip install --user`, `--target`
    and Debian's layout put it elsewhere, and then the list of installed files knows.
    """
    try:
        listed = [file.locate() for file in files("onvif-zeep") or () if file.name == _DEVICE_WSDL]
    except PackageNotFoundError:
        listed = []
    with _library_kept_quiet():
        import onvif
    beside = Path(onvif.__file__).resolve().parent.parent / "wsdl" / _DEVICE_WSDL
    for place in (*map(Path, map(str, listed)), beside):
        if place.is_file():
            return place.resolve().parent
    raise DeviceUnusable(
        f"缺少 ONVIF 服务描述 / {_DEVICE_WSDL} of onvif-zeep not found (looked at {beside.parent}): "
        "install onvif-zeep again"
    )


@contextmanager
def _library_kept_quiet() -> Iterator[None]:
    """onvif-zeep calls logging.basicConfig when imported, which does nothing where a handler is there."""
    root, guard = logging.getLogger(), logging.NullHandler()
    root.addHandler(guard)
    try:
        yield
    finally:
        root.removeHandler(guard)
