"""What every sign keeps: the LED board on a serial port and over TCP, the simulated one, the one for bays.

Behind the LED drivers is a board (drivers/simulated/sign.py) that takes only frames that fit their sum.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.errors import DeviceLost
from drivers.protocols import Context, SignText
from drivers.signs import frames
from drivers.signs.led_voice import LedVoiceOptions, LedVoiceSign
from drivers.signs.remaining_spaces import RemainingSpacesOptions, RemainingSpacesSign
from drivers.signs.simulated import SimulatedSign, SimulatedSignOptions
from drivers.simulated.sign import SignModel, SimulatedSignOnPort, sign_at
from drivers.simulated.terminal import Terminal
from tests.rigs.hand_timers import HandTimers

WELCOME = SignText(("欢迎光临", "粤B12345"), "欢迎光临")


def context(folder: Path) -> Context:
    return Context(
        name="entry-1.sign",
        lane="entry-1",
        run_dir=folder,
        config_dir=folder,
        call_later=HandTimers().call_later,
    )


# ---------------------------------------------------------------- frames


def test_the_voice_of_the_documents_example_is_ours_to_the_byte() -> None:
    example = "00 64 FF FF 30 09 01 BB B6 D3 AD B9 E2 C1 D9 32 58"
    assert frames.voice("欢迎光临") == bytes.fromhex(example)


def test_the_sum_is_the_one_of_modbus() -> None:
    assert frames.crc16(b"123456789") == 0x4B37  # the check value of CRC-16/MODBUS in every catalogue


def test_lines_and_voice_are_laid_out_field_by_field() -> None:
    frame = frames.lines_and_voice(["欢迎", "A1"], "谢谢", stays_s=10, colour="red", address=3)
    lines = "00 00 00 0A 01 FF 00 00 00 04 BB B6 D3 AD 0D" + "01 00 00 0A 01 FF 00 00 00 02 41 31 00"
    data = bytes.fromhex("00 02" + lines + "0A 04 D0 BB D0 BB 00")
    assert frame[:6] == bytes([3, 0x64, 0xFF, 0xFF, 0x6E, len(data)])
    assert frame[6:-2] == data
    assert frame[-2:] == frames.crc16(frame[:-2]).to_bytes(2, "little")


def test_the_bays_of_the_documents_example_are_ours_to_the_byte() -> None:
    assert frames.spaces(888, "green") == bytes.fromhex("3A 00 78 03 01 B6 0A")


@given(st.lists(st.text(max_size=60), max_size=8), st.text(max_size=80))
def test_whatever_is_to_be_shown_fits_a_frame_and_comes_through(lines: list[str], voice: str) -> None:
    board = SignModel()
    frame = frames.lines_and_voice(lines, voice, stays_s=60)
    assert len(frame) <= 255 + 8
    board.receive(frame)
    assert board.rubbish == []
    assert all(
        shown == frames.gbk(line, frames.LINE_BYTES).decode("gbk")
        for shown, line in zip(board.lines, lines, strict=False)
    )


def test_a_long_text_is_cut_at_a_whole_character() -> None:
    assert frames.gbk("车" * 20, 31) == "车".encode("gbk") * 15
    assert frames.gbk("a\x1b\n€𠮷b", 32) == b"a??" + "€".encode("gbk", "replace") + b"?b"


# ---------------------------------------------------------------- LED boards


class Rig:
    """A driver, and the board behind it."""

    model: SignModel
    sign: Any

    def look(self) -> None: ...
    def unplug(self) -> None: ...
    def plug_in(self) -> None: ...

    def sends(self, text: SignText) -> None:
        self.sign.show(text)
        self.works()

    def works(self) -> None:
        for _ in range(1000):
            is_sent = self.sign.work()
            self.look()
            if is_sent:
                break
        else:
            raise AssertionError("it never took the text")
        before = self.model.frames
        for _ in range(100):
            self.look()
            if self.model.frames > before:
                break

    def keeps_sending(self, text: SignText) -> None:
        """A broken network line is noticed by the second writing, not by the first."""
        for _ in range(10):
            self.sends(text)

    def finish(self) -> None:
        self.sign.close()
        self.unplug()


class SerialRig(Rig):
    def __init__(self, folder: Path) -> None:
        self._behind = SimulatedSignOnPort(folder / "by-id")
        self.model = self._behind.model
        self.sign = LedVoiceSign(LedVoiceOptions(port=str(folder / "by-id")), context(folder))

    def look(self) -> None:
        self._behind.terminal.look()

    def unplug(self) -> None:
        self._behind.unplug()

    def plug_in(self) -> None:
        self._behind.terminal.plug_in()


class SimulatedRig(SerialRig):
    def __init__(self, folder: Path) -> None:
        self._behind = sign_at(folder, "entry-1")
        self.model = self._behind.model
        self.sign = SimulatedSign(SimulatedSignOptions(), context(folder))


class TcpRig(Rig):
    def __init__(self, folder: Path) -> None:
        self.model = SignModel()
        self._door = socket.create_server(("127.0.0.1", 0))
        self._address = self._door.getsockname()
        self._line: socket.socket | None = None
        self.sign = LedVoiceSign(LedVoiceOptions(port=f"tcp://127.0.0.1:{self._address[1]}"), context(folder))

    def look(self) -> None:
        if self._line is None and select.select([self._door], [], [], 0.01)[0]:
            self._line = self._door.accept()[0]
        if self._line is not None and select.select([self._line], [], [], 0.001)[0]:
            self.model.receive(self._line.recv(65536))

    def unplug(self) -> None:
        for end in (self._line, self._door):
            if end is not None:
                end.close()
        self._line = None
        self.model.lose_power()

    def plug_in(self) -> None:
        self._door = socket.create_server(self._address)


@pytest.fixture(params=[SerialRig, SimulatedRig, TcpRig])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = request.param(tmp_path)
    yield made
    made.finish()


def test_it_shows_the_lines_and_says_the_voice_once(rig: Rig) -> None:
    rig.sign.open()
    rig.sends(WELCOME)
    assert rig.model.lines == WELCOME.lines
    rig.sends(SignText(WELCOME.lines))
    assert rig.model.lines == WELCOME.lines
    assert rig.model.said == [WELCOME.voice]
    assert rig.model.rubbish == []


def test_of_two_texts_at_once_the_newer_counts(rig: Rig) -> None:
    rig.sign.open()
    rig.sign.show(SignText(("请稍候",), "请稍候"))
    rig.sends(WELCOME)
    assert rig.model.lines == WELCOME.lines
    assert rig.model.said == ["欢迎光临"]


def test_lines_that_the_board_has_not_are_left_out(rig: Rig) -> None:
    rig.sign.open()
    rig.sends(SignText(("一", "二", "三")))
    assert rig.model.lines == ("一", "二")


def test_an_unplugged_sign_is_lost_and_shows_again_once_it_is_back(rig: Rig) -> None:
    rig.sign.open()
    rig.sends(WELCOME)
    rig.unplug()
    with pytest.raises(DeviceLost, match="has gone"):
        rig.keeps_sending(WELCOME)
    rig.sign.close()
    rig.plug_in()
    rig.sign.open()
    rig.sends(SignText(("请刷卡",)))
    assert rig.model.lines == ("请刷卡",)


def test_closing_is_safe_before_opening_and_twice(rig: Rig) -> None:
    rig.sign.close()
    rig.sign.open()
    rig.sign.show(WELCOME)
    rig.sign.close()
    rig.sign.close()
    with pytest.raises(DeviceLost, match="not open"):
        rig.sign.work()
    rig.sign.open()
    assert rig.sign.work()  # what was to be shown before has been forgotten


# ---------------------------------------------------------------- free bays


@pytest.mark.parametrize(
    ("free", "frame"),
    [
        (888, "3A 00 78 03 01 B6 0A"),
        (9, "3A 01 09 00 01 45 0A"),
        (0, "3A 02 00 00 01 3D 0A"),
        (None, "3A 02 00 00 01 3D 0A"),
        (70_000, "3A 00 FF FF 01 39 0A"),
    ],
)
def test_a_sign_for_bays_shows_their_number_in_the_colour_of_how_few_there_are(
    tmp_path: Path, free: int | None, frame: str
) -> None:
    heard = bytearray()
    terminal = Terminal(tmp_path / "by-id", heard.extend)
    sign = RemainingSpacesSign(RemainingSpacesOptions(port=str(terminal.port)), context(tmp_path))
    sign.open()
    sign.show(SignText(("余位",), "余位", free))
    assert sign.work()
    for _ in range(1000):
        terminal.look()
        if heard:
            break
    sign.close()
    terminal.unplug()
    assert bytes(heard) == bytes.fromhex(frame)


@pytest.mark.parametrize("options", [LedVoiceOptions, RemainingSpacesOptions])
@pytest.mark.parametrize(("port", "words"), [("/dev/ttyUSB0", "by-path"), ("tcp://sign:1", "name server")])
def test_a_port_that_cannot_be_relied_on_is_refused(options: Any, port: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        options(port=port)
