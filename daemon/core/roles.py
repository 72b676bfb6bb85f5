"""Who may do what (R44): one table, and the only place that asks for a role.

What a driver may do, he does with card and plate; an installer wires the gate and judges no car.
"""

from __future__ import annotations

from typing import Literal, get_args

from daemon.core import (
    alerts,
    bays,
    cards,
    commands,
    contractors,
    findings,
    fire,
    goods,
    hold_open,
    identity,
    logbook,
    lot,
    money,
    posted,
    register,
    rounds,
    shifts,
    special,
    substitution,
    till,
    visits,
)
from daemon.core.reasons import Reason
from daemon.core.signals import LaneAction, Request

Role = Literal["guard", "leader", "supervisor", "office", "installer"]
ROLES: tuple[Role, ...] = get_args(Role)

_ON_DUTY: frozenset[Role] = frozenset({"guard", "leader", "supervisor"})
_OFFICE: frozenset[Role] = frozenset({"supervisor", "office"})
_LEADERS: frozenset[Role] = frozenset({"leader", "supervisor"})
_ANY: frozenset[Role] = _ON_DUTY | _OFFICE
_ANSWERABLE: frozenset[Role] = _OFFICE | {"leader"}
"""Whoever answers for what a guard hands out."""

MAY: dict[type[Request], frozenset[Role]] = {
    goods.IssueSlip: _OFFICE,
    goods.UseSlip: _ON_DUTY,
    goods.CancelSlip: _ANY,
    special.ListWatched: _ANSWERABLE,
    special.UnlistWatched: _ANSWERABLE,
    special.ClassifyCar: _OFFICE,
    special.UnclassifyCar: _OFFICE,
    special.ApproveLarge: _OFFICE,
    special.WithdrawApproval: _OFFICE,
    special.DeclareCar: _ON_DUTY,
    special.ExemptCar: _ON_DUTY,
    register.GivePermits: _OFFICE,
    register.GiveHouseholds: _OFFICE,
    register.GiveStaff: _OFFICE,
    register.GiveWatchlist: _OFFICE,
    posted.GiveTariff: _OFFICE,
    bays.SetBayGroup: _OFFICE,
    bays.AssignBay: _OFFICE,
    bays.UnassignBay: _OFFICE,
    cards.ReceiveCard: _ANSWERABLE,
    cards.IssueCard: _ANSWERABLE,
    cards.HandOutCard: _ON_DUTY,
    cards.ReturnCard: _ANY,
    cards.LoseCard: _ANY,
    cards.BlockCard: _ANY,
    cards.UnblockCard: _ANSWERABLE,
    cards.CountCards: _ANY,
    identity.RegisterIdentity: _ON_DUTY,
    identity.AgreeRelease: _LEADERS,
    identity.CompareIdentity: frozenset({"office"}),
    findings.RegisterDamage: _ON_DUTY,
    findings.RegisterFinding: _ON_DUTY,
    findings.OwnerInformed: _ANY,
    substitution.RegisterSubstitution: _ON_DUTY,
    substitution.ConfirmSubstitution: _LEADERS,
    substitution.EndSubstitution: _ANY,
    visits.RegisterResident: _OFFICE,
    visits.RemoveResident: _OFFICE,
    visits.AnnounceVisit: _ANY,
    visits.CancelVisit: _ANY,
    visits.AdmitVisitor: _ON_DUTY,
    visits.AdmitByCode: _ON_DUTY,
    contractors.IssuePass: _OFFICE,
    contractors.WithdrawPass: _ANY,
    contractors.CheckPass: _ON_DUTY,
    money.QuoteStay: _ANY,
    money.RateStay: _ANY,
    money.TakePayment: _ON_DUTY,
    money.ConfirmPayment: frozenset({"office"}),
    money.TopUp: _OFFICE,
    money.WaiveCharge: _ANSWERABLE,
    money.VoidReceipt: frozenset({"supervisor"}),
    money.ReprintReceipt: _ANY,
    till.CountCash: _ON_DUTY,
    till.HandInCash: _ON_DUTY,
    till.AcknowledgeCash: frozenset({"office"}),
    shifts.SignOn: _ON_DUTY,
    shifts.SignOff: _ON_DUTY,
    shifts.CheckEquipment: _ON_DUTY,
    shifts.PrepareHandover: _ON_DUTY,
    shifts.SignHandover: _ON_DUTY,
    shifts.StandIn: _LEADERS,
    shifts.PlanShift: _LEADERS | _OFFICE,
    hold_open.HoldOpen: _LEADERS,
    hold_open.EndHoldOpen: _LEADERS,
    hold_open.LockLane: _LEADERS,
    hold_open.UnlockLane: _LEADERS,
    fire.ResetFire: _LEADERS,
    lot.Recount: _ON_DUTY,
    lot.EndStay: _ANSWERABLE,
    logbook.WriteEntry: _ANY,
    logbook.FollowUpEntry: _ANY,
    logbook.PassOnEntry: _ANY,
    logbook.CallBack: _ANY,
    logbook.FinishEntry: _ANY,
    alerts.AcknowledgeAlert: _ANY,
    alerts.SendSomeone: _ANY,
    alerts.FollowUpAlert: _ANY,
    alerts.CloseAlert: _ANY,
    rounds.CheckIn: _ON_DUTY,
    commands.TakePicture: _ANY,
    commands.ResendFacts: _OFFICE,
    commands.OfferTime: _ANSWERABLE,
}


def may(role: Role, request: Request) -> bool:
    """True where that role may ask for it; what the table does not name, nobody may."""
    return may_ask(role, type(request))


def may_ask(role: Role, request: type[Request]) -> bool:
    """As `may`, for any request of that kind."""
    return role in MAY.get(request, frozenset())


MAY_MOVE: dict[str, frozenset[Role]] = {
    "open": _ANY,
    "stop": _ANY,
    "close": _LEADERS,
    "release": _ON_DUTY,
    "refuse": _ON_DUTY,
}
"""Who may have a boom moved, or a car decided, that he does not see: by a command from outside."""


def may_move(role: Role, action: str) -> bool:
    return role in MAY_MOVE.get(action, frozenset())


MAY_AT_LANE: dict[LaneAction, frozenset[Role]] = {
    "open": _ON_DUTY | {"installer"},
    "close": _ON_DUTY | {"installer"},
    "stop": _ON_DUTY | {"installer"},
    "release": _ON_DUTY,
    "refuse": _ON_DUTY,
}
"""Who may at the gate itself: the office is not there; whoever installs moves booms and judges no cars."""


MAY_DECIDE: dict[Reason, tuple[frozenset[Role], Reason]] = {
    Reason.LANE_LOCKED: (frozenset({"leader", "supervisor"}), Reason.LANE_LOCKED),
    Reason.WATCH_LISTED: (frozenset({"leader", "supervisor"}), Reason.LEADER_DECIDES),
    Reason.DANGEROUS_GOODS: (frozenset({"supervisor"}), Reason.SUPERVISOR_DECIDES),
    Reason.LARGE_NEEDS_APPROVAL: (frozenset({"supervisor"}), Reason.SUPERVISOR_DECIDES),
}
"""The holds that not everybody on duty may end, and what anybody else is told. All others are the guard's."""


def who_decides(role: Role, held_for: Reason | None) -> Reason | None:
    """Why this role may not end that hold; None where it may."""
    row = MAY_DECIDE.get(held_for) if held_for is not None else None
    return None if row is None or role in row[0] else row[1]
