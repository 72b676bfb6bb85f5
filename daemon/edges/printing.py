"""The receipt printer: orders in, one at a time, and of each one what became of it.

The law of this file: the engine never waits for paper; each order is answered by one `PrintReported`, also
when the printer is lost with it, and then nothing that waited is printed later by itself: whoever paid has
left. Only an order that was under way when the process ends stays open, for the next start to find.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from daemon.core.printing import TROUBLE_WORDS, ReceiptPrintOrdered
from daemon.core.receipt_paper import PaperLine
from daemon.core.signals import PrintReported, PrintTrouble
from daemon.runtime.clock import Clock
from drivers import protocols
from drivers.errors import DeviceError, DeviceLost
from drivers.protocols import Printer, PrinterAnswer

log = logging.getLogger(__name__)

GLANCE_S = 0.05
"""How often a printer that has something to do is looked at."""
CHECK_EVERY_S = 20.0
"""How often an idle one is asked how it is; network printers hang up on a line that stays silent."""
ANSWER_S = 5.0
PRINT_S = 30.0
"""How long an answer, and a whole paper, may take: 60 lines at 9600 baud take about 5 s."""

MUTE = "; one that cannot talk back needs `answers: false`"

TROUBLES: dict[PrinterAnswer, PrintTrouble] = {
    PrinterAnswer.PAPER_OUT: "paper_out",
    PrinterAnswer.COVER_OPEN: "cover_open",
    PrinterAnswer.ERROR: "error",
}


class PaperOf(Protocol):
    """Makes the paper of a receipt, or of a copy of it, for that many columns."""

    def __call__(self, number: int, copy: int, columns: int) -> Sequence[PaperLine]: ...


class Trouble(DeviceLost):
    """The printer is there, and cannot print."""

    def __init__(self, why: PrintTrouble, advice: str = "") -> None:
        words = TROUBLE_WORDS[why]
        super().__init__(f"{words.zh} {words.en}{advice}")
        self.why = why


class ReceiptPrinter:
    """`order` is called with each order once it is durable; `run` prints them, under the supervisor."""

    def __init__(
        self,
        printer: Printer,
        *,
        paper: PaperOf,
        post: Callable[[PrintReported], None],
        clock: Clock,
    ) -> None:
        self._printer = printer
        self._paper = paper
        self._post = post
        self._clock = clock
        self._orders: deque[ReceiptPrintOrdered] = deque()
        self._some = asyncio.Event()

    def order(self, order: ReceiptPrintOrdered) -> None:
        self._orders.append(order)
        self._some.set()

    async def run(self, up: Callable[[], None]) -> None:
        """Raises DeviceError; every order that has come by then is answered."""
        try:
            self._printer.open()
            await self._check()
            up()
            while True:
                await self._next_order()
                await self._check()
                if self._orders:
                    await self._print(self._orders[0])
        except Exception as failed:
            self._give_up(failed)
            raise
        finally:
            self._printer.close()

    async def _next_order(self) -> None:
        """Return when there is one, or when it is time to look after the printer."""
        self._some.clear()
        if not self._orders:
            try:
                async with asyncio.timeout(CHECK_EVERY_S):
                    await self._some.wait()
            except TimeoutError:
                pass

    async def _check(self) -> None:
        self._printer.check()
        await self._answer(ANSWER_S)

    async def _print(self, order: ReceiptPrintOrdered) -> None:
        said = self._paper(order.number, order.copy, self._printer.columns)
        self._printer.print([protocols.PaperLine(line.text, line.is_big) for line in said])
        answer = await self._answer(PRINT_S)
        self._orders.popleft()
        self._post(
            PrintReported(
                at=self._clock.now(),
                number=order.number,
                copy=order.copy,
                is_confirmed=answer is PrinterAnswer.PRINTED,
            )
        )

    async def _answer(self, within_s: float) -> PrinterAnswer:
        """What comes of what was begun. Raises DeviceError, a Trouble above all."""
        try:
            async with asyncio.timeout(within_s):
                while (answer := self._printer.work()) is None:  # noqa: ASYNC110 - a driver has no loop
                    await asyncio.sleep(GLANCE_S)
        except TimeoutError as late:
            # A loop that was held up meanwhile has not looked for long: once more.
            last = self._printer.work()
            if last is None:
                raise Trouble("no_answer", MUTE) from late
            answer = last
        if answer in TROUBLES:
            raise Trouble(TROUBLES[answer])
        return answer

    def _give_up(self, failed: Exception) -> None:
        why: PrintTrouble = "error"
        if isinstance(failed, DeviceError):
            why = failed.why if isinstance(failed, Trouble) else "lost"
        orders = list(self._orders)
        self._orders.clear()
        for order in orders:
            log.warning("receipt %d is not printed: %s", order.number, failed)
            self._post(
                PrintReported(
                    at=self._clock.now(),
                    number=order.number,
                    copy=order.copy,
                    trouble=why,
                    detail=str(failed),
                )
            )
