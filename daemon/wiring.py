"""From config.yaml to objects: which driver, which edge, which lane.

The law of this file: everything is made here and nothing is opened; `daemon.app` runs it. With the check of
config.yaml and the vision process's own wiring the only place that looks into `drivers.registry`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from daemon.config import Config
from daemon.config.model import DeviceConfig, LaneConfig, OfficeConfig
from daemon.config.post import shift_rules
from daemon.config.tariffs import book_in
from daemon.core.printing import PRINTER
from daemon.core.receipt_paper import Letterhead, PaperLine, Receipt, on_paper, rows
from daemon.core.signals import Actor, DirectoryGiven, Instant, Loop, Permit, Signal
from daemon.core.state import LaneRules, SiteRules, State
from daemon.edges.billboards import Billboard
from daemon.edges.cards import read_cards
from daemon.edges.contacts import watch_alarm, watch_boom, watch_button, watch_loop
from daemon.edges.fire import watch_fire
from daemon.edges.printing import ReceiptPrinter
from daemon.evidence.sealing import sealer
from daemon.mqtt.frigate import Watched
from daemon.runtime.clock import Clock
from daemon.vision.spec import LaneSpec, VisionSpec
from drivers import registry
from drivers.protocols import Barrier, Contact, Context, Sign

Up = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Edge:
    """One device and the coroutine that listens to it, to be run under the supervisor."""

    device: str
    lane: str | None
    role: str
    run: Callable[[Up], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where this gate keeps its things."""

    data: Path
    """Ledger and copies."""
    evidence: Path
    run_dir: Path
    """Sockets and scratch, private, gone after a reboot."""
    config_dir: Path


def places(config: Config, run_dir: Path) -> Places:
    data = config.folder / config.storage.folder
    return Places(data=data, evidence=data / "evidence", run_dir=run_dir, config_dir=config.folder)


def lane_rules(config: Config) -> tuple[LaneRules, ...]:
    return tuple(_rules(lane) for lane in config.lanes)


def site_rules(config: Config) -> SiteRules:
    return SiteRules(
        timezone=config.site.timezone,
        expired=config.site.expired_permits,
        expires_soon=timedelta(days=config.site.permit_notice_days),
        has_fire_input=config.fire is not None,
        bays=MappingProxyType(config.lot.counted()),
        shifts=shift_rules(config.shifts, config.staff),
        alerts=config.alerts.rules(),
        alarms=tuple(alarm.rules() for alarm in config.alarms),
        duties=tuple(duty.duty() for duty in config.duties),
        patrol_cards=tuple(card.rules() for card in config.patrol_cards),
        tariff=config.tariff,
        read_tariff=book_in,
        receipts=config.gate.id,
        gate=config.gate.id,
        siblings=tuple(config.gate.siblings),
        has_printer=config.printer is not None,
    )


def _rules(lane: LaneConfig) -> LaneRules:
    return LaneRules(
        id=lane.id,
        name=lane.name,
        direction=lane.direction,
        mode=lane.mode,
        temporary=lane.temporary,
        match_window=timedelta(seconds=lane.match_window_s),
        visitor_wait=timedelta(seconds=lane.visitor_wait_s),
        pass_timeout=timedelta(seconds=lane.pass_timeout_s),
        close_delay=timedelta(seconds=lane.close_delay_s),
        boom_travel=timedelta(seconds=lane.boom_travel_s),
        stand_limit=timedelta(seconds=lane.stand_limit_s),
        open_limit=timedelta(seconds=lane.open_limit_s),
        queue_limit=timedelta(seconds=lane.queue_limit_s),
        closes_by_itself=_closes_by_itself(lane.barrier),
        has_approach_loop=lane.loops.approach is not None,
        has_limit_switches=_has_limit_switches(lane.barrier),
    )


def _has_limit_switches(barrier: DeviceConfig) -> bool:
    """A gpio barrier may be wired without; every other one reports where its boom is."""
    return barrier.driver != "gpio" or {"up_limit", "down_limit"} <= barrier.options.keys()


def _closes_by_itself(barrier: DeviceConfig) -> bool:
    """A gpio barrier without a close relay comes down when its own controller says so."""
    return barrier.driver == "gpio" and "close" not in barrier.options


def directory(config: Config, now: Instant) -> DirectoryGiven:
    """The permits of config.yaml as the list that holds from now on."""
    return DirectoryGiven(
        at=now,
        actor=Actor(name="config.yaml", role="office"),
        permits=tuple(
            Permit(
                id=permit.id,
                card=permit.card,
                plate=permit.plate,
                holder=permit.holder,
                household=permit.household,
                lanes=tuple(permit.lanes),
                valid_from=permit.valid_from,
                valid_until=permit.valid_until,
                hours=permit.hours,
            )
            for permit in config.permits
        ),
    )


def devices(
    config: Config, where: Places, *, post: Callable[[Signal], None], clock: Clock
) -> tuple[dict[str, Barrier], dict[str, Contact], list[Edge]]:
    """Every barrier and every safety loop by its lane, and an edge for each device that is listened to."""
    barriers: dict[str, Barrier] = {}
    safety_loops: dict[str, Contact] = {}
    edges: list[Edge] = []
    heard: dict[str, Any] = {"post": post, "clock": clock}
    for lane in config.lanes:
        make = partial(_make, lane=lane.id, where=where)
        name = f"{lane.id}.barrier"
        barrier: Barrier = make("barrier", lane.barrier, name)
        barriers[lane.id] = barrier
        edges.append(Edge(name, lane.id, "barrier", partial(watch_boom, barrier, lane.id, **heard)))
        for loop, wanted in ((Loop.SAFETY, lane.loops.safety), (Loop.APPROACH, lane.loops.approach)):
            if wanted is not None:
                name = f"{lane.id}.loop.{loop}"
                contact: Contact = make("input", wanted, name)
                if loop is Loop.SAFETY:
                    safety_loops[lane.id] = contact
                edges.append(
                    Edge(name, lane.id, "loop", partial(watch_loop, contact, lane.id, loop, **heard))
                )
        if lane.button is not None:
            name = f"{lane.id}.button"
            button = make("input", lane.button, name)
            edges.append(Edge(name, lane.id, "button", partial(watch_button, button, lane.id, **heard)))
        if lane.reader is not None:
            name = f"{lane.id}.reader"
            reader = make("reader", lane.reader, name)
            edges.append(Edge(name, lane.id, "reader", partial(read_cards, reader, lane.id, **heard)))
    for alarm in config.alarms:
        name = f"alarm.{alarm.id}"
        watched = _make("input", alarm.input, name, lane=alarm.id, where=where)
        edges.append(Edge(name, None, "alarm", partial(watch_alarm, watched, alarm.id, **heard)))
    return barriers, safety_loops, edges


def fire_input(
    config: Config,
    where: Places,
    barriers: Iterable[Barrier],
    *,
    post: Callable[[Signal], None],
    clock: Clock,
) -> tuple[Contact, Edge] | None:
    """The contact of the fire panel, which tells the barriers itself; None where the site has none."""
    if config.fire is None:
        return None
    contact: Contact = _make("input", config.fire, "fire", lane="", where=where)
    run = partial(watch_fire, contact, tuple(barriers), post=post, clock=clock)
    return contact, Edge("fire", None, "fire", run)


def billboards(
    config: Config, where: Places, *, state: Callable[[], State], clock: Clock
) -> list[tuple[Billboard, Edge]]:
    """The sign of each lane that has one."""
    found: list[tuple[Billboard, Edge]] = []
    for lane in config.lanes:
        if lane.sign is not None:
            name = f"{lane.id}.sign"
            sign: Sign = _make("sign", lane.sign, name, lane=lane.id, where=where)
            billboard = Billboard(sign, lane.id, state=state, clock=clock)
            found.append((billboard, Edge(name, lane.id, "sign", billboard.run)))
    return found


def receipt_printer(
    config: Config,
    where: Places,
    *,
    receipt: Callable[[int], Receipt | None],
    state: Callable[[], State],
    post: Callable[[Signal], None],
    clock: Clock,
) -> tuple[ReceiptPrinter, Edge] | None:
    """The gate's printer; `receipt` finds one by its number. None where the gate has none."""
    if config.printer is None:
        return None

    def paper(number: int, copy: int, columns: int) -> tuple[PaperLine, ...]:
        found = receipt(number)
        assert found is not None, f"receipt {number} was ordered onto paper, and there is none"
        head = Letterhead.of(config.site.name, state())
        return on_paper(rows(found, head, copy), columns)

    device = _make("printer", config.printer, PRINTER, lane="", where=where)
    printer = ReceiptPrinter(device, paper=paper, post=post, clock=clock)
    return printer, Edge(PRINTER, None, "printer", printer.run)


def _make(role: registry.Role, wanted: DeviceConfig, name: str, *, lane: str, where: Places) -> Any:
    kind = registry.driver(role, wanted.driver)
    context = Context(
        name=name,
        lane=lane,
        run_dir=where.run_dir,
        config_dir=where.config_dir,
        call_later=lambda delay_s, callback: asyncio.get_running_loop().call_later(delay_s, callback),
    )
    return kind(kind.Options(**wanted.options), context)


def vision(config: Config, where: Places) -> VisionSpec:
    """What the vision process is told; it makes its cameras itself."""
    return VisionSpec(
        evidence=where.evidence,
        run_dir=where.run_dir,
        config_dir=where.config_dir,
        lanes=tuple(_eyes(lane, lane.camera) for lane in config.lanes if lane.camera is not None),
        recogniser=config.vision.recogniser.driver,
        recogniser_options=config.vision.recogniser.options,
        frames_per_second=config.vision.frames_per_second,
        settle_after_s=config.vision.settle_after_s,
        agree=config.vision.agree,
        memory_limit_mb=config.vision.memory_limit_mb,
    )


def _eyes(lane: LaneConfig, camera: DeviceConfig) -> LaneSpec:
    return LaneSpec(
        lane=lane.id,
        camera=camera.driver,
        options=camera.options,
        region=lane.region,
        has_approach_loop=lane.loops.approach is not None,
    )


def cameras_elsewhere(config: Config) -> dict[str, Watched]:
    """Which lane each camera of a Frigate NVR looks at."""
    return {
        lane.frigate.camera: Watched(
            lane=lane.id,
            min_score=lane.frigate.min_score,
            max_age=timedelta(seconds=lane.frigate.max_age_s),
        )
        for lane in config.lanes
        if lane.frigate is not None
    }


def sealer_for(config: Config) -> Callable[[Signal], Signal]:
    """What keeps document numbers from everybody but the office."""
    return sealer(config.office.seal if config.office is not None else None)


def office_at(config: Config, office: OfficeConfig) -> OfficeConfig:
    """The office's section with its files found from config.yaml's folder."""
    files = {
        key: config.folder / path
        for key in ("password_file", "ca_file", "cert_file", "key_file", "keys")
        if (path := getattr(office, key)) is not None
    }
    return office.model_copy(update=files)
