"""Bugs on purpose where money is asked, taken, let off and counted; see `daemon.worlds.plants`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from daemon.core import accounts, cashier, charges, till
from daemon.core.case import Grant, Hold
from daemon.core.draft import Draft
from daemon.core.money import ArrearsLeft, ChargeWaived, PaymentTaken, ReceiptIssued, VoidReceipt, WaiveCharge
from daemon.core.reasons import AlertKind, Reason
from daemon.core.signals import Instant
from daemon.core.state import State
from daemon.core.table import Table
from daemon.core.tariff import stay
from daemon.core.tariff.quote import _cuts
from daemon.store import tables
from daemon.worlds.planting import Bug, Swap, anybody_may, at_start, everywhere, no_alert, unsaid

# ---------------------------------------------------------------- what a stay costs


def billing_by_raw_wall_clock() -> list[Swap]:
    own = stay.parked_between

    def parked(entered: Instant, left: Instant, **named: Any) -> Any:
        named.pop("boots", None)
        came, went = (
            replace(at, boot=boot, trusted=True) for at, boot in ((entered, "came"), (left, "went"))
        )
        return own(came, went, **named)

    return everywhere(own, parked)


def daily_cap_forgotten() -> list[Swap]:
    return everywhere(_cuts, lambda *_given: {})


def a_second_begun_is_a_block_begun() -> list[Swap]:
    own = stay.parked_between

    def parked(*given: Any, **named: Any) -> Any:
        found = own(*given, **named)
        return replace(found, elapsed=found.elapsed + timedelta(seconds=5))

    return everywhere(own, parked)


def grace_never_ends() -> list[Swap]:
    return everywhere(charges.is_in_grace, lambda account, _at: account.settled is not None)


# ---------------------------------------------------------------- money that comes and goes


def payment_not_idempotent() -> list[Swap]:
    own = cashier._confirm

    def confirm(draft: Draft, *given: Any) -> Any:
        draft.state = replace(draft.state, money=replace(draft.state.money, references=Table()))
        return own(draft, *given)

    return everywhere(own, confirm)


def duplicate_receipt_number_after_restart() -> list[Swap]:
    def one_back(state: State) -> State:
        given = max(state.money.receipts_issued - 1, 0)
        return replace(state, money=replace(state.money, receipts_issued=given))

    def forgiving(own: Callable[..., None]) -> Callable[..., None]:
        def write(*given: Any) -> None:
            with suppress(Exception):  # the tables themselves would refuse a second one
                own(*given)

        return write

    kinds = (PaymentTaken, ReceiptIssued)
    forgave: dict[Any, Any] = {
        **tables.PROJECTIONS,
        **{kind: forgiving(tables.PROJECTIONS[kind]) for kind in kinds},
    }
    return [(tables, "PROJECTIONS", forgave), *at_start(one_back)]


def credit_is_never_used_up() -> list[Swap]:
    own = accounts._credited
    return everywhere(own, lambda money, plate, fen: own(money, plate, max(fen, 0)))


def takings_of_codes_belong_to_no_shift() -> list[Swap]:
    own = till._moved
    return everywhere(own, lambda kept, means, fen: kept if means == "qr" else own(kept, means, fen))


# ---------------------------------------------------------------- no hand in the till


def waiver_without_a_row() -> list[Swap]:
    return [unsaid(ChargeWaived)]


def leaves_owing_without_a_row() -> list[Swap]:
    return [unsaid(ArrearsLeft)]


def unpaid_release_without_an_alert() -> list[Swap]:
    return [no_alert(AlertKind.UNPAID_RELEASE)]


def anybody_voids_a_receipt() -> list[Swap]:
    return anybody_may(VoidReceipt)


def anybody_waives_a_charge() -> list[Swap]:
    return anybody_may(WaiveCharge)


def whoever_waits_at_the_exit_goes() -> list[Swap]:
    own = charges.charged

    def charged(case: Any, at: Any) -> Any:
        verdict = own(case, at)
        is_held = isinstance(verdict, Hold)
        return Grant(reason=Reason.TEMPORARY_EXIT, stay=at) if is_held else verdict

    return everywhere(own, charged)


BUGS: dict[str, Bug] = {
    bug.__name__: bug
    for bug in (
        billing_by_raw_wall_clock,
        daily_cap_forgotten,
        a_second_begun_is_a_block_begun,
        grace_never_ends,
        payment_not_idempotent,
        duplicate_receipt_number_after_restart,
        credit_is_never_used_up,
        takings_of_codes_belong_to_no_shift,
        waiver_without_a_row,
        leaves_owing_without_a_row,
        unpaid_release_without_an_alert,
        anybody_voids_a_receipt,
        anybody_waives_a_charge,
        whoever_waits_at_the_exit_goes,
    )
}
