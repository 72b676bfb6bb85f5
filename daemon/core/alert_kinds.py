"""Every kind of alert and how grave it is, with the words that people read.

The law of this file: as in `daemon.core.reasons`, which hands these on: no free text decides anything.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    NOTICE = "notice"
    WARNING = "warning"
    URGENT = "urgent"


class AlertKind(StrEnum):
    DEVICE_FAILED = "device_failed"
    CARD_PLATE_MISMATCH = "card_plate_mismatch"
    ANTI_PASSBACK = "anti_passback"
    BOOM_DID_NOT_RISE = "boom_did_not_rise"
    BOOM_DID_NOT_LOWER = "boom_did_not_lower"
    BOOM_LEFT_UP = "boom_left_up"
    PASSAGE_UNCONFIRMED = "passage_unconfirmed"
    PASSED_WITHOUT_GRANT = "passed_without_grant"
    TAILGATING = "tailgating"
    BOOM_MOVED_BY_HAND = "boom_moved_by_hand"
    LANE_BLOCKED = "lane_blocked"
    BOOM_OPEN_TOO_LONG = "boom_open_too_long"
    QUEUE_AT_LANE = "queue_at_lane"
    FIRE = "fire"
    LEDGER_RESTORED = "ledger_restored"
    WATCH_LISTED = "watch_listed"
    DANGEROUS_GOODS = "dangerous_goods"
    LARGE_VEHICLE_ENTERS = "large_vehicle_enters"
    PERMIT_ENDS_SOON = "permit_ends_soon"
    CARD_WITH_TWO_PLATES = "card_with_two_plates"
    AT_TWO_LANES = "at_two_lanes"
    STOPPED_CARD_USED = "stopped_card_used"
    RELEASED_UNIDENTIFIED = "released_unidentified"
    SUCCESSOR_OVERDUE = "successor_overdue"
    UNPAID_RELEASE = "unpaid_release"
    OWES_FROM_BEFORE = "owes_from_before"
    RECEIPT_NOT_PRINTED = "receipt_not_printed"
    PERIMETER = "perimeter"
    PANIC = "panic"
    TAMPER = "tamper"
    DUTY_MISSED = "duty_missed"
    ROUNDS_PAUSED = "rounds_paused"
    COMMANDS_FORGED = "commands_forged"
    SIBLING_CUT_OFF = "sibling_cut_off"
    SIBLING_DOUBTFUL = "sibling_doubtful"
    STAYS_IN_CONFLICT = "stays_in_conflict"
    LEFT_TWICE = "left_twice"
    CARD_AT_TWO_GATES = "card_at_two_gates"
    ENTERED_UNHEARD = "entered_unheard"


class Words(NamedTuple):
    zh: str
    en: str


ALERT_WORDS: dict[AlertKind, Words] = {
    AlertKind.DEVICE_FAILED: Words("设备故障", "device fault"),
    AlertKind.CARD_PLATE_MISMATCH: Words("卡与车不符", "card and car do not match"),
    AlertKind.ANTI_PASSBACK: Words("进出不成对", "in and out do not alternate"),
    AlertKind.BOOM_DID_NOT_RISE: Words("抬杆失败", "the boom did not rise"),
    AlertKind.BOOM_DID_NOT_LOWER: Words("落杆失败", "the boom did not come down"),
    AlertKind.BOOM_LEFT_UP: Words("启动时道闸未落", "the boom was found up at the start"),
    AlertKind.PASSAGE_UNCONFIRMED: Words("放行后未见通过", "let through, but never seen passing"),
    AlertKind.PASSED_WITHOUT_GRANT: Words("未放行而通过", "passed without a grant"),
    AlertKind.WATCH_LISTED: Words("观察名单车辆出现", "a car of the watch list is here"),
    AlertKind.DANGEROUS_GOODS: Words("危险品车辆被拒", "dangerous goods refused"),
    AlertKind.LARGE_VEHICLE_ENTERS: Words("大型车辆进场", "a large vehicle comes in"),
    AlertKind.PERMIT_ENDS_SOON: Words("通行证即将到期", "a permit ends soon"),
    AlertKind.CARD_WITH_TWO_PLATES: Words("一卡两车", "one card with two plates"),
    AlertKind.AT_TWO_LANES: Words("同一车牌或卡同时在两条车道", "one plate or card at two lanes at once"),
    AlertKind.RELEASED_UNIDENTIFIED: Words("无卡车未登记证件即放行", "let out without card and document"),
    AlertKind.STOPPED_CARD_USED: Words("有人使用挂失或停用的卡", "a lost or blocked card was used"),
    AlertKind.TAILGATING: Words("尾随闯闸", "a second car through on one grant"),
    AlertKind.BOOM_MOVED_BY_HAND: Words("道闸被人为移动", "the boom moved without an order"),
    AlertKind.LANE_BLOCKED: Words("车辆久停杆下", "a car stands under the boom too long"),
    AlertKind.BOOM_OPEN_TOO_LONG: Words("道闸久未落下", "the boom has been open too long"),
    AlertKind.QUEUE_AT_LANE: Words("车道前排队", "a queue in front of the lane"),
    AlertKind.FIRE: Words("火警，全部道闸抬起", "fire: every barrier is up"),
    AlertKind.LEDGER_RESTORED: Words("账本损坏，已从备份恢复", "ledger damaged, restored from a copy"),
    AlertKind.UNPAID_RELEASE: Words("未收费放行", "let out without paying"),
    AlertKind.OWES_FROM_BEFORE: Words("欠费车辆进场", "a car that owes from before comes in"),
    AlertKind.RECEIPT_NOT_PRINTED: Words("收据未打印", "a receipt was not printed"),
    AlertKind.SUCCESSOR_OVERDUE: Words("接班人未到", "nobody has come for the shift"),
    AlertKind.PERIMETER: Words("周界报警", "perimeter alarm"),
    AlertKind.PANIC: Words("紧急按钮", "panic button"),
    AlertKind.TAMPER: Words("机箱被打开", "cabinet tampered with"),
    AlertKind.DUTY_MISSED: Words("勤务漏做", "a scheduled duty was missed"),
    AlertKind.SIBLING_CUT_OFF: Words("与另一门失去联系", "another gate of the site is cut off"),
    AlertKind.SIBLING_DOUBTFUL: Words(
        "另一门的账本前后不符", "another gate's ledger does not go on as it did"
    ),
    AlertKind.STAYS_IN_CONFLICT: Words("同一车（证）从两门进场", "one car or permit came in at two gates"),
    AlertKind.LEFT_TWICE: Words("同一次停放从两门出场", "one stay has ended at two gates"),
    AlertKind.CARD_AT_TWO_GATES: Words("一卡同时出现在两门", "one card at two gates at once"),
    AlertKind.ENTERED_UNHEARD: Words(
        "记录在场而又进场，另一门失联未能核实", "inside by the record and in again, while a gate is cut off"
    ),
    AlertKind.ROUNDS_PAUSED: Words("时钟不可信，巡查计时暂停", "rounds pause: no clock to go by"),
    AlertKind.COMMANDS_FORGED: Words("有人伪造远程指令", "somebody forges commands"),
}
