"""Draws a simulated lane: asphalt, a car seen from the front, and a number plate that real engines read.

The law of this file: pure functions of their arguments, OpenCV alone, no picture or font file. What depends
on the seed is drawn once and kept; what depends on the instant (noise, time stamp) is laid over a copy.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from drivers.protocols import Image
    from drivers.simulated.scene import PlateColour, Scene

WIDTH, HEIGHT = 1280, 720

Bgr = tuple[int, int, int]


def _floats(values: ArrayLike) -> NDArray[np.float32]:
    return np.asarray(values, np.float32)


def _pixels(values: NDArray[Any]) -> Image:
    return cast("Image", np.clip(values, 0, 255).astype(np.uint8))


# ---------------------------------------------------------------- the plate face

_PX_PER_MM = 2
_FACE_HEIGHT_MM = 140
_GLYPH_HEIGHT_MM = 90


class _Layout(NamedTuple):
    """Millimetres: where characters stand on a face of 140 mm height. Face and glyph sizes as in GA 36."""

    width: int
    glyph_widths: tuple[int, ...]
    gap: float
    gap_after_second: float
    margin: float


_LAYOUTS = {
    7: _Layout(width=440, glyph_widths=(45,) * 7, gap=12, gap_after_second=34, margin=15.5),
    8: _Layout(width=480, glyph_widths=(45,) + (43,) * 7, gap=9, gap_after_second=49, margin=15.5),
}


class _Paint(NamedTuple):
    top: Bgr
    bottom: Bgr
    ink: Bgr


_PAINTS: dict[PlateColour, _Paint] = {
    "blue": _Paint((165, 75, 15), (165, 75, 15), (245, 245, 245)),
    "green": _Paint((232, 242, 228), (105, 200, 75), (25, 25, 25)),
    "yellow": _Paint((25, 180, 245), (25, 180, 245), (20, 20, 20)),
    "white": _Paint((238, 238, 238), (238, 238, 238), (25, 25, 25)),
    "black": _Paint((30, 28, 28), (30, 28, 28), (240, 240, 240)),
}
_RED_INK: Bgr = (40, 30, 200)
_RED_ON_WHITE = frozenset("警")


@lru_cache(maxsize=128)
def _glyph(char: str, width: int, height: int) -> Image:
    """One character as coverage 0 to 255, stretched to fill its box as plate lettering does."""
    size = 160
    canvas = np.zeros((2 * size, 2 * size, 3), np.uint8)
    # "uni" draws a plain zero; the stroked one of "sans" is read as 8.
    cv2.putText(canvas, char, (size // 2, size + size // 2), (255, 255, 255), cv2.FontFace("uni"), size, 400)
    # The built-in face has one weight, thinner than plate lettering: strokes of about 10 mm in 90.
    spread = 3 if ord(char) > 0x7F else 5
    coverage = cv2.dilate(canvas[:, :, 0], cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (spread, spread)))
    x, y, w, h = cv2.boundingRect(coverage)
    tight = coverage[y : y + h, x : x + w]
    narrow = char in "1I"
    box_width = round(0.75 * height * w / h) if narrow else width
    drawn = cv2.resize(tight, (min(box_width, width), height), interpolation=cv2.INTER_AREA)
    left = (width - drawn.shape[1]) // 2
    return cast(
        "Image", cv2.copyMakeBorder(drawn, 0, 0, left, width - left - drawn.shape[1], cv2.BORDER_CONSTANT)
    )


@lru_cache(maxsize=32)
def plate_face(text: str, colour: PlateColour) -> Image:
    """A plate seen straight on, 2 pixels a millimetre: 880 x 280 for 7 characters, 960 x 280 for 8."""
    layout, paint = _LAYOUTS[len(text)], _PAINTS[colour]
    height, width = _FACE_HEIGHT_MM * _PX_PER_MM, layout.width * _PX_PER_MM
    ramp = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None, None]
    column = _floats(paint.top) * (1 - ramp) + _floats(paint.bottom) * ramp
    face = np.repeat(column, width, axis=1)

    x_mm = layout.margin
    top = (_FACE_HEIGHT_MM - _GLYPH_HEIGHT_MM) * _PX_PER_MM // 2
    for place, (char, glyph_mm) in enumerate(zip(text, layout.glyph_widths, strict=True)):
        ink = _RED_INK if colour == "white" and char in _RED_ON_WHITE else paint.ink
        left = round(x_mm * _PX_PER_MM)
        glyph = _glyph(char, glyph_mm * _PX_PER_MM, _GLYPH_HEIGHT_MM * _PX_PER_MM)
        _lay(face[top : top + glyph.shape[0], left : left + glyph.shape[1]], glyph, ink)
        x_mm += glyph_mm
        if place == 1:
            if len(text) == 7:
                middle = (round((x_mm + layout.gap_after_second / 2) * _PX_PER_MM), height // 2)
                cv2.circle(face, middle, 5 * _PX_PER_MM, paint.ink, -1, cv2.LINE_AA)
            x_mm += layout.gap_after_second
        else:
            x_mm += layout.gap
    if colour != "green":
        cv2.rectangle(face, (6, 6), (width - 7, height - 7), paint.ink, 4, cv2.LINE_AA)
    picture = _pixels(face)
    picture.flags.writeable = False
    return picture


def _lay(area: NDArray[np.float32], coverage: Image, ink: Bgr) -> None:
    share = coverage.astype(np.float32)[:, :, None] / 255
    area[:] = area * (1 - share) + _floats(ink) * share


# ---------------------------------------------------------------- the lane


class _Look(NamedTuple):
    """What a seed decides."""

    body: Bgr
    light: float
    blur: float
    noise: float
    offset: float
    yaw: float
    roll: float
    tilt: float


_BODIES: tuple[Bgr, ...] = (
    (225, 225, 225),
    (60, 60, 62),
    (160, 162, 165),
    (40, 40, 150),
    (120, 70, 40),
    (95, 110, 120),
)


def _look(seed: int) -> _Look:
    draw = np.random.default_rng(abs(seed))
    return _Look(
        body=_BODIES[int(draw.integers(len(_BODIES)))],
        light=float(draw.uniform(0.6, 1.1)),
        blur=float(draw.uniform(0.0, 0.8)),
        noise=float(draw.uniform(2.0, 6.0)),
        offset=float(draw.uniform(-90, 90)),
        yaw=float(draw.uniform(-0.12, 0.12)),
        roll=float(draw.uniform(-0.06, 0.06)),
        tilt=float(draw.uniform(0.03, 0.12)),
    )


@lru_cache(maxsize=1)
def _road() -> Image:
    """The empty lane: a wall, asphalt with its grain, two lane marks and a kerb."""
    grain = np.random.default_rng(7).normal(0, 5, (HEIGHT, WIDTH, 1)).astype(np.float32)
    ramp = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None, None]
    scene = np.repeat(85 + 40 * ramp, WIDTH, axis=1) * _floats([1.0, 1.0, 0.98])
    horizon = 170
    scene[:horizon] = _floats([150, 158, 160]) - 30 * ramp[:horizon]
    scene = np.asarray(cv2.GaussianBlur(scene + grain, (0, 0), 0.8), np.float32)
    for outer, inner in ((430, 452), (850, 828)):
        foot = 640 + (outer - 640) * 3
        line = np.array(
            [(outer, horizon), (inner, horizon), (foot + (inner - outer) * 3, HEIGHT), (foot, HEIGHT)]
        )
        cv2.fillPoly(scene, [line], (195, 200, 200), cv2.LINE_AA)
    cv2.rectangle(scene, (0, horizon - 12), (WIDTH, horizon), (95, 100, 104), -1)
    return _pixels(scene)


# A car front in units of its own width, from the middle of its foot, y upwards.
_BODY = (
    (-0.5, 0.05),
    (-0.5, 0.42),
    (-0.46, 0.5),
    (-0.36, 0.80),
    (0.36, 0.80),
    (0.46, 0.5),
    (0.5, 0.42),
    (0.5, 0.05),
)
_GLASS = ((-0.42, 0.5), (-0.33, 0.76), (0.33, 0.76), (0.42, 0.5))
_GRILLE = ((-0.26, 0.30), (-0.24, 0.39), (0.24, 0.39), (0.26, 0.30))
_BUMPER = ((-0.49, 0.08), (-0.49, 0.14), (0.49, 0.14), (0.49, 0.08))
_LAMPS = tuple(
    tuple((side * x, y) for x, y in ((0.29, 0.32), (0.30, 0.39), (0.46, 0.42), (0.47, 0.35)))
    for side in (-1, 1)
)
_WHEELS = tuple(
    tuple((side * x, y) for x, y in ((0.34, 0.0), (0.34, 0.08), (0.48, 0.08), (0.48, 0.0)))
    for side in (-1, 1)
)
_PLATE_MIDDLE = 0.22
_CAR_WIDTH_MM = 1800


def _near(scene: Scene) -> float:
    """Size in the picture, 1.0 at the stop line; a car at the far end is about a third of that."""
    return 1.0 / (1.0 + 2.0 * scene.distance)


@lru_cache(maxsize=8)
def _still(scene: Scene) -> Image:
    """Everything but noise and time stamp."""
    look = _look(scene.seed)
    frame = _road().copy()
    if scene.plate is not None:
        _car(frame, scene.plate, scene, look)
    lit = cv2.convertScaleAbs(frame, alpha=look.light, beta=4)
    if look.blur > 0.3:
        lit = cv2.GaussianBlur(lit, (0, 0), look.blur)
    return cast("Image", lit)


def _car(frame: Image, plate: str, scene: Scene, look: _Look) -> None:
    near = _near(scene)
    width = 760 * near
    foot = _floats([640 + look.offset * near, 210 + 480 * near])

    def at(points: tuple[tuple[float, float], ...]) -> NDArray[np.int32]:
        return np.array([foot + _floats([x, -y]) * width for x, y in points], np.int32)

    shade = tuple(int(c * 0.7) for c in look.body)
    cv2.ellipse(
        frame,
        (int(foot[0]), int(foot[1])),
        (int(width * 0.53), int(width * 0.05)),
        0,
        0,
        360,
        (45, 45, 45),
        -1,
    )
    for wheel in _WHEELS:
        cv2.fillPoly(frame, [at(wheel)], (22, 22, 22), cv2.LINE_AA)
    for shape, paint in (
        (_BODY, look.body),
        (_GLASS, (58, 52, 46)),
        (_GRILLE, (35, 35, 35)),
        (_BUMPER, shade),
        (_LAMPS[0], (235, 240, 240)),
        (_LAMPS[1], (235, 240, 240)),
    ):
        cv2.fillPoly(frame, [at(shape)], paint, cv2.LINE_AA)
    _mount(
        frame,
        plate_face(plate, scene.colour),
        look,
        middle=foot + _floats([0, -_PLATE_MIDDLE * width]),
        px_per_mm=width / _CAR_WIDTH_MM,
    )


def _mount(frame: Image, face: Image, look: _Look, *, middle: NDArray[np.float32], px_per_mm: float) -> None:
    """Warp the plate face onto the car, seen a little from above and from one side."""
    height, width = face.shape[:2]
    half = _floats([width, height]) / _PX_PER_MM * px_per_mm / 2
    turn = _floats([[np.cos(look.roll), -np.sin(look.roll)], [np.sin(look.roll), np.cos(look.roll)]])
    corners = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        depth = 1 + look.yaw * x - look.tilt * -y * 0.5
        corners.append(turn @ (half * _floats([x, y]) * _floats([1, depth])) + middle)
    target = _floats(corners)
    left, top = np.maximum(np.floor(target.min(axis=0)).astype(int) - 2, 0)
    right, bottom = np.ceil(target.max(axis=0)).astype(int) + 3
    area = frame[top:bottom, left:right]
    # Shrink first by areas: a warp alone would drop the thin strokes of the province character.
    scale = min(1.0, 2.0 * float(half[0]) * 2 / width)
    small = cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    h, w = small.shape[:2]
    source = _floats([(0, 0), (w, 0), (w, h), (0, h)])
    matrix = cv2.getPerspectiveTransform(source, target - _floats([left, top]))
    size = (area.shape[1], area.shape[0])
    warped = cv2.warpPerspective(small, matrix, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full((h, w), 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR)
    share = mask.astype(np.float32)[:, :, None] / 255
    area[:] = _pixels(area * (1 - share) + warped * share)


# ---------------------------------------------------------------- the instant


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.int16]:
    """Sensor noise of unit 16, larger than a frame, so that each instant can cut its own piece."""
    noise = np.random.default_rng(11).normal(0, 16, (HEIGHT + 64, WIDTH + 64, 1))
    return np.repeat(noise.astype(np.int16), 3, axis=2)


def draw(scene: Scene, now_ns: int) -> Image:
    """The picture at that instant; see `drivers.simulated.scene.render`."""
    look = _look(scene.seed)
    place = np.random.default_rng(now_ns & 0xFFFF_FFFF)
    top, left = int(place.integers(64)), int(place.integers(64))
    noise = _noise()[top : top + HEIGHT, left : left + WIDTH]
    frame = _pixels(cv2.scaleAdd(noise, look.noise / 16, _still(scene).astype(np.int16)))
    stamp = f"SIM {timedelta(seconds=now_ns // 10**9)}.{now_ns // 10**7 % 100:02d}"
    cv2.putText(frame, stamp, (21, 41), (20, 20, 20), cv2.FontFace("uni"), 26, 400)
    cv2.putText(frame, stamp, (20, 40), (250, 250, 250), cv2.FontFace("uni"), 26, 400)
    return frame
