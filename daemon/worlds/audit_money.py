"""What must hold of the money in a ledger, told from its rows alone: asked, taken, receipted, let off, owed.

The law of this file: as in `daemon.worlds.audit`. How long a car was inside is reckoned from the world's own
time, and what that costs by `daemon.worlds.fees`; the gate's word is only what is judged. A price that the
gate itself calls doubtful may be too low, and never too high.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from daemon.worlds.fees import claims_of, fee
from daemon.worlds.reader import Row
from daemon.worlds.tariffs import Posted
from daemon.worlds.truth import Truth

_SLACK_S = 1.0
"""Whole seconds are sold."""

_MAY_WAIVE = frozenset({"leader", "supervisor", "office"})
_FREE = frozenset({"fire", "exempt_vehicle"})
"""Why a car may leave that nobody asked for money."""


@dataclass(slots=True)
class _Account:
    """What one visit was asked for, and what has come of it."""

    plate: str
    entry: Row
    claims: frozenset[str] = frozenset()
    total: int = 0
    quote: Row | None = None
    paid: int = 0
    waived: int = 0
    settled: Row | None = None
    is_inside: bool = True

    @property
    def due(self) -> int:
        return max(0, self.total - self.paid - self.waived)


@dataclass(slots=True)
class Shift:
    """What one shift has taken, in fen."""

    cash: int = 0
    qr: int = 0
    transfer: int = 0
    handed_in: int = 0

    def comes(self, means: str, fen: int) -> None:
        setattr(self, means, getattr(self, means) + fen)


@dataclass(slots=True)
class MoneyAudit:
    """One walk over all rows. `posted` is None where parking costs nothing."""

    truth: Truth
    posted: Posted | None
    directions: Mapping[str, str]
    shifts: dict[int, Shift] = field(default_factory=lambda: defaultdict(Shift))
    references: dict[str, int] = field(default_factory=dict)
    """Payments from outside: fen by reference."""
    _shift: int = 0
    _accounts: dict[str, _Account] = field(default_factory=dict)
    _arrears: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """By plate, and the stay or the lost card that it is owed for."""
    _credit: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _receipts: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Payments by their receipt's number; those that were voided are None in `_void`."""
    _void: set[int] = field(default_factory=set)
    _unreceipted: Row | None = None
    _owing: tuple[Row, str, int] | None = None
    """A car has left owing so much: row, stay, fen."""
    _reasons: dict[str, str] = field(default_factory=dict)
    """Why each passage was let through."""
    _alerts: set[str] = field(default_factory=set)
    _hand_ins: dict[int, int] = field(default_factory=dict)

    def walk(self, rows: list[Row]) -> Iterator[str]:
        for row in rows:
            yield from self._unsaid(row)
            check = _CHECKS.get(row.kind)
            if check is not None:
                yield from (f"row {row.seq} {row.kind}: {what}" for what in check(self, row))
        if self._unreceipted is not None:
            yield f"row {self._unreceipted.seq}: money was taken, and no receipt was given"

    def _unsaid(self, row: Row) -> Iterator[str]:
        """What the row before has promised, and this one must be."""
        if self._unreceipted is not None and row.kind != "receipt_issued":
            yield f"row {self._unreceipted.seq}: money was taken, and no receipt was given"
            self._unreceipted = None

    # ------------------------------------------------------------ what a stay costs

    def _stay_opened(self, row: Row) -> Iterator[str]:
        if row.body["stay_kind"] == "temporary":
            self._accounts[row.body["stay_id"]] = _Account(plate=row.body["plate"], entry=row)
        yield from ()

    def _permit_ended_inside(self, row: Row) -> Iterator[str]:
        """From then on, in the time of this boot, it is a stay like any other."""
        ended = replace(row, body={**row.body, "at": row.body["ended"]})
        if row.body["stay_id"] in self._accounts:
            yield f"{row.body['stay_id']} is charged already"
        if ended.mono_s > row.mono_s:
            yield "it has not ended yet"
        self._accounts[row.body["stay_id"]] = _Account(plate=row.body["plate"], entry=ended)

    def _stay_rated(self, row: Row) -> Iterator[str]:
        account = self._accounts.get(row.body["stay_id"])
        if account is None:
            yield f"{row.body['stay_id']} is no visit"
            return
        account.claims, account.settled = frozenset(row.body["claims"]), None

    def _charge_quoted(self, row: Row) -> Iterator[str]:
        body, account = row.body, self._accounts.get(row.body["stay_id"])
        if account is None:
            yield f"{body['stay_id']} is no visit"
            return
        account.total, account.quote, account.settled = body["total_fen"], row, None
        if body["due_fen"] != account.due:
            yield f"{body['due_fen']} fen due, and {account.due} are"
        owed = sum(fen for (plate, _), fen in self._arrears.items() if plate == account.plate)
        if body["arrears_fen"] != owed:
            yield f"{body['arrears_fen']} fen from before, and {owed} are owed"
        if self.posted is None:
            yield "a price, and none is posted"
            return
        right = self._right_fees(account, row)
        total = body["total_fen"]
        is_right = total <= max(right) if body["flags"] else total in right
        if not is_right:
            stayed_s = self.truth.at_s(row) - self.truth.at_s(account.entry)
            yield f"{total} fen for {stayed_s:.1f} s, and it is {sorted(right)}"

    def _right_fees(self, account: _Account, row: Row) -> set[int]:
        """What the stay may cost: blocks are sold by whole seconds, so a second more or less is no error."""
        assert self.posted is not None
        stayed_s = int(self.truth.at_s(row) - self.truth.at_s(account.entry))
        claims = account.claims | claims_of(account.plate)
        came: set[datetime] = {self.truth.right(account.entry) + timedelta(seconds=s) for s in (-1, 0, 1)}
        if account.entry.is_trusted:
            # A clock that is believed and wrong is wrong for everybody who reads it.
            came.add(account.entry.wall)
        return {fee(self.posted, begun, max(stayed_s + s, 0), claims) for begun in came for s in (-1, 0, 1)}

    # ------------------------------------------------------------ money that comes and goes

    def _payment_taken(self, row: Row) -> Iterator[str]:
        body = row.body
        self._unreceipted = row
        if body["receipt"] in self._receipts:
            yield f"receipt {body['receipt']} has been given before"
        if body["receipt"] != len(self._receipts) + 1:
            yield f"receipt {body['receipt']} follows {len(self._receipts)}"
        self._receipts[body["receipt"]] = body
        if body["fen"] <= 0 or body["fen"] != sum(one["fen"] for one in body["shares"]) + body["credit_fen"]:
            yield f"{body['fen']} fen are not what its parts add up to"
        reference = body["reference"]
        if reference and reference in self.references:
            yield f"payment {reference} has been taken before"
        if reference:
            self.references[reference] = body["fen"]
        self.shifts[self._shift].comes(body["means"], body["fen"])
        for share in body["shares"]:
            if share["owed"] == "charge":
                yield from self._pays(row, share["stay_id"], share["fen"])
            else:
                yield from self._owes_less(body["plate"], _key(share), share["fen"])
        self._credit[body["plate"]] += body["credit_fen"]

    def _pays(self, row: Row, stay_id: str, fen: int, *, waived: int = 0) -> Iterator[str]:
        account = self._accounts.get(stay_id)
        if account is None:
            yield f"{stay_id} is no visit"
            return
        if not 0 < fen + waived <= account.due:
            yield f"{fen + waived} fen for {stay_id}, which owes {account.due}"
        account.paid += fen
        account.waived += waived
        if account.due == 0:
            account.settled = row

    def _owes_less(self, plate: str, stay_id: str, fen: int) -> Iterator[str]:
        if not 0 < fen <= self._arrears[plate, stay_id]:
            yield f"{fen} fen for {stay_id}, which left owing {self._arrears[plate, stay_id]}"
        self._arrears[plate, stay_id] -= fen

    def _receipt_issued(self, row: Row) -> Iterator[str]:
        taken, self._unreceipted = self._unreceipted, None
        if taken is None or taken.body["at"] != row.body["at"]:
            yield "no money was taken for it"
            return
        for name, of_payment in (("number", "receipt"), ("fen", "fen"), ("means", "means")):
            if row.body[name] != taken.body[of_payment]:
                yield f"its {name} is {row.body[name]}, the payment's {taken.body[of_payment]}"

    def _receipt_voided(self, row: Row) -> Iterator[str]:
        number = row.body["number"]
        taken = self._receipts.get(number)
        if taken is None or number in self._void:
            yield f"receipt {number} {'is void already' if taken else 'was never given'}"
            return
        self._void.add(number)
        if row.body["by"]["role"] != "supervisor":
            yield f"by a {row.body['by']['role']}"
        self.shifts[self._shift].comes(taken["means"], -taken["fen"])
        for share in taken["shares"]:
            account = self._accounts.get(share["stay_id"])
            if share["owed"] == "charge" and account is not None and account.is_inside:
                account.paid -= share["fen"]
                account.settled = None
            else:
                self._arrears[taken["plate"], _key(share)] += share["fen"]
        self._credit[taken["plate"]] -= taken["credit_fen"]
        if self._credit[taken["plate"]] < 0:
            yield f"{taken['plate']} has used what is given back"

    def _credit_used(self, row: Row) -> Iterator[str]:
        body = row.body
        if body["fen"] > self._credit[body["plate"]]:
            yield f"{body['fen']} fen, and {body['plate']} has {self._credit[body['plate']]}"
        self._credit[body["plate"]] -= body["fen"]
        yield from self._pays(row, body["stay_id"], body["fen"])

    def _charge_waived(self, row: Row) -> Iterator[str]:
        body = row.body
        if body["by"]["role"] not in _MAY_WAIVE or not body["why"].strip():
            yield f"by a {body['by']['role']}, for the reason {body['why']!r}"
        if body["owed"] == "charge":
            yield from self._pays(row, body["stay_id"], 0, waived=body["fen"])
        else:
            yield from self._owes_less(body["plate"], _key(body), body["fen"])

    def _card_fee_charged(self, row: Row) -> Iterator[str]:
        self._arrears[row.body["plate"], row.body["card"]] += row.body["fen"]
        yield from ()

    # ------------------------------------------------------------ who leaves

    def _alert_raised(self, row: Row) -> Iterator[str]:
        self._alerts.add(row.body["alert_id"])
        yield from ()

    def _alert_cleared(self, row: Row) -> Iterator[str]:
        self._alerts.discard(row.body["alert_id"])
        yield from ()

    def _access_granted(self, row: Row) -> Iterator[str]:
        body = row.body
        self._reasons[str(row.passage)] = body["reason"]
        account = self._accounts.get(body["stay_id"] or "")
        if account is None or self.directions.get(str(row.lane)) != "exit" or self.posted is None:
            return
        if body["by"] is None and body["reason"] == "temporary_exit":
            yield from self._goes_by_rule(row, account)
        elif body["by"] is not None and account.due and not self._is_alerted(body["stay_id"]):
            yield f"{account.due} fen are due, and no alert says that it was let out"

    def _goes_by_rule(self, row: Row, account: _Account) -> Iterator[str]:
        if account.due:
            yield f"{account.due} fen are due"
        elif account.quote is None or account.quote.passage != row.passage:
            if account.settled is None:
                yield "nobody has told it a price"
            elif not self._may_be_in_grace(account.settled, row):
                left_s = self.truth.at_s(row) - self.truth.at_s(account.settled)
                yield f"it has paid {left_s:.1f} s ago"

    def _may_be_in_grace(self, settled: Row, row: Row) -> bool:
        assert self.posted is not None
        if settled.boot != row.boot and not (self.truth.knows(settled) and self.truth.knows(row)):
            return True  # nobody can tell how long ago that is
        return self.truth.at_s(row) - self.truth.at_s(settled) <= self.posted.grace_s + _SLACK_S

    def _is_alerted(self, stay_id: str) -> bool:
        return f"unpaid_release:{stay_id}" in self._alerts

    def _arrears_left(self, row: Row) -> Iterator[str]:
        body = row.body
        account = self._accounts.get(body["stay_id"])
        if account is None:
            yield f"{body['stay_id']} is no visit"
            return
        if body["fen"] != account.due:
            yield f"{body['fen']} fen, and {account.due} are due"
        if not self._is_alerted(body["stay_id"]):
            yield "no alert says that it was let out"
        self._arrears[body["plate"], body["stay_id"]] += body["fen"]
        account.waived += body["fen"]  # owed by the plate from now on

    def _stay_closed(self, row: Row) -> Iterator[str]:
        account = self._accounts.get(row.body["stay_id"])
        if account is None:
            return
        reason = self._reasons.get(str(row.passage), "forced")
        if row.body["how"] == "exit" and self.posted is not None and reason not in _FREE:
            yield from self._leaves(row, account)
        account.is_inside = False

    def _leaves(self, row: Row, account: _Account) -> Iterator[str]:
        if self._reasons.get(str(row.passage)) == "temporary_exit":
            return  # it was let go owing nothing; what is asked while it drives is for nobody
        if account.due:
            yield f"{account.due} fen are due, and nothing is said of them"
        elif account.quote is None and min(self._right_fees(account, row)) > 0:
            yield f"nobody has asked it for {min(self._right_fees(account, row))} fen"

    # ------------------------------------------------------------ the drawer

    def _shift_started(self, row: Row) -> Iterator[str]:
        self._shift = row.body["number"]
        yield from ()

    def _in_drawer(self, number: int) -> int:
        return self.shifts[number].cash - self.shifts[number].handed_in

    def _cash_counted(self, row: Row) -> Iterator[str]:
        body = row.body
        if body["expected_fen"] != self._in_drawer(body["shift"]):
            yield f"{body['expected_fen']} fen expected, and {self._in_drawer(body['shift'])} have come in"
        if body["difference_fen"] != body["counted_fen"] - body["expected_fen"]:
            yield f"a difference of {body['difference_fen']} fen"
        if body["difference_fen"] and not body["explanation"].strip():
            yield "a difference, and nobody explains it"

    def _cash_handed_in(self, row: Row) -> Iterator[str]:
        body = row.body
        if body["number"] != len(self._hand_ins) + 1:
            yield f"number {body['number']} follows {len(self._hand_ins)}"
        self._hand_ins[body["number"]] = body["fen"]
        if body["expected_fen"] != self._in_drawer(body["shift"]):
            yield f"{body['expected_fen']} fen, and {self._in_drawer(body['shift'])} were in the drawer"
        self.shifts[body["shift"]].handed_in += body["expected_fen"]

    def _cash_acknowledged(self, row: Row) -> Iterator[str]:
        fen = self._hand_ins.pop(row.body["number"], None)
        if fen != row.body["handed_in_fen"]:
            yield f"hand-in {row.body['number']} was of {fen} fen"
        self._hand_ins[row.body["number"]] = -1  # once is enough


def _key(share: dict[str, Any]) -> str:
    return str(share["stay_id"] or share["card"])


_Check = Callable[[MoneyAudit, Row], Iterator[str]]
_CHECKS: dict[str, _Check] = {
    name: getattr(MoneyAudit, f"_{name}")
    for name in (
        "stay_opened", "permit_ended_inside", "stay_rated", "charge_quoted", "payment_taken",
        "receipt_issued", "receipt_voided", "credit_used",
        "charge_waived", "card_fee_charged", "alert_raised", "alert_cleared",
        "access_granted", "arrears_left", "stay_closed", "shift_started", "cash_counted",
        "cash_handed_in", "cash_acknowledged",
    )
}  # fmt: skip
