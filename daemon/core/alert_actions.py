"""What whoever sees an alert is to do about it, Chinese first (R35).

The law of this file: one line a kind, for the person who is there; the watch list says itself what to do.
"""

from __future__ import annotations

from daemon.core.alert_kinds import AlertKind, Words

ALERT_ACTIONS: dict[AlertKind, Words] = {
    AlertKind.DEVICE_FAILED: Words(
        "到现场查看电源和接线；修好之前改人工放行并登记",
        "look at its power and cables; until it works, let cars through by hand and write them down",
    ),
    AlertKind.CARD_PLATE_MISMATCH: Words(
        "扣住车辆，核对持卡人、车牌与照片，再决定放行或拒绝",
        "hold the car; compare driver, plate and pictures, then let through or refuse",
    ),
    AlertKind.ANTI_PASSBACK: Words(
        "查看上一次进出的照片；车确实在场（不在场）再放行并重置",
        "look at the pictures of its last way in or out; let through with resync only if that is so",
    ),
    AlertKind.AT_TWO_LANES: Words(
        "对照两条车道的照片，先扣住牌证不符的一辆，再通知班长",
        "compare the pictures of both lanes; hold the car whose plate and papers differ, tell the leader",
    ),
    AlertKind.BOOM_DID_NOT_RISE: Words(
        "到车道查看道闸；必要时用手动手柄抬杆，引导车辆走其他车道",
        "go to the barrier; raise it by its handle if need be, send cars to another lane",
    ),
    AlertKind.BOOM_DID_NOT_LOWER: Words(
        "到车道看杆下是否有车或障碍，派人值守，报修",
        "see what is under the boom, leave somebody there, have it repaired",
    ),
    AlertKind.BOOM_LEFT_UP: Words(
        "确认杆下无车后，在面板上落杆", "see that nothing is under the boom, then lower it at the panel"
    ),
    AlertKind.PASSAGE_UNCONFIRMED: Words(
        "看照片确认车辆是否已通过；查地感", "see in the pictures whether it went through; check the loop"
    ),
    AlertKind.PASSED_WITHOUT_GRANT: Words(
        "记下车牌与去向，通知巡逻拦查", "note plate and direction, have the patrol stop it"
    ),
    AlertKind.TAILGATING: Words(
        "记下后车车牌与去向，通知巡逻拦查", "note the second car's plate, have the patrol stop it"
    ),
    AlertKind.BOOM_MOVED_BY_HAND: Words(
        "到车道查看是谁动了道闸，登记原因", "see who moved the boom, write down why"
    ),
    AlertKind.LANE_BLOCKED: Words(
        "请司机驶离；车坏了则设警示并引导其他车辆",
        "ask the driver to move on; if it broke down, warn and lead others round it",
    ),
    AlertKind.BOOM_OPEN_TOO_LONG: Words(
        "派人看守车道，确认杆下无车后落杆", "have the lane watched; lower the boom when nothing is under it"
    ),
    AlertKind.QUEUE_AT_LANE: Words(
        "到车道疏导，必要时开另一条车道", "clear the queue, open another lane if need be"
    ),
    AlertKind.FIRE: Words(
        "按消防预案疏散，消防车优先；火情解除后由班长在面板复位",
        "follow the fire plan, fire engines first; a shift leader resets it at the panel afterwards",
    ),
    AlertKind.LEDGER_RESTORED: Words(
        "通知物业办核对账目，更换存储卡", "tell the office to compare the books; replace the SD card"
    ),
    AlertKind.WATCH_LISTED: Words(
        "不放行，立即报班长，按名单上的处置办法", "keep the boom down, tell the shift leader, do as listed"
    ),
    AlertKind.DANGEROUS_GOODS: Words(
        "劝返车辆，保持距离，报主管与物业办", "send it away, keep your distance, tell supervisor and office"
    ),
    AlertKind.LARGE_VEHICLE_ENTERS: Words(
        "沿途岗位引导至批准区域", "posts on the way: lead it to the area it was approved for"
    ),
    AlertKind.PERMIT_ENDS_SOON: Words(
        "提醒车主到物业办续期", "remind the holder to have it renewed at the office"
    ),
    AlertKind.CARD_WITH_TWO_PLATES: Words(
        "核对持卡人，查是否借卡；报物业办", "check the holder, ask whether the card was lent; tell the office"
    ),
    AlertKind.STOPPED_CARD_USED: Words(
        "收回此卡，登记持卡人，报物业办", "take the card in, write down who had it, tell the office"
    ),
    AlertKind.RELEASED_UNIDENTIFIED: Words(
        "班长核实放行经过，补登证件", "the shift leader finds out why, and has the document registered"
    ),
    AlertKind.SUCCESSOR_OVERDUE: Words(
        "联系接班人；班长安排顶班，当班者不得离岗", "call the successor or stand in; nobody leaves the post"
    ),
    AlertKind.UNPAID_RELEASE: Words("核实放行原因，向车主追收", "find out why, and collect from the holder"),
    AlertKind.OWES_FROM_BEFORE: Words(
        "提醒司机补缴前次停车费", "remind the driver of what is owed from before"
    ),
    AlertKind.RECEIPT_NOT_PRINTED: Words(
        "查看打印机和纸；修好后补打收据",
        "look at the printer and its paper; print the receipt again afterwards",
    ),
    AlertKind.PERIMETER: Words("派巡逻到该处查看，调看监控", "send the patrol there, look at the cameras"),
    AlertKind.PANIC: Words("立即派人支援，必要时报 110", "send help at once, call 110 if need be"),
    AlertKind.TAMPER: Words("派人查看机箱，核对施工人员", "have the cabinet looked at, ask who works there"),
    AlertKind.DUTY_MISSED: Words(
        "补做并登记；班长查明原因", "make up for it and write it down; the shift leader finds out why"
    ),
    AlertKind.SIBLING_CUT_OFF: Words(
        "检查该门的电源与网络；其间进出各自记录，恢复后自动对账",
        "look at that gate's power and network; each goes on alone and they settle up afterwards",
    ),
    AlertKind.SIBLING_DOUBTFUL: Words(
        "在该门运行 gatepost ledger verify，查明账本是否更换或损坏",
        "run 'gatepost ledger verify' there: its ledger was replaced or damaged",
    ),
    AlertKind.STAYS_IN_CONFLICT: Words(
        "对照两门照片，查明是否有复制的卡或牌；后进场的一次有效",
        "compare the pictures of both gates for a copied card or plate; the later entry stands",
    ),
    AlertKind.LEFT_TWICE: Words(
        "对照两门出场照片，查明哪一辆无入场记录",
        "compare the pictures of both exits: one of the two cars has no entry on record",
    ),
    AlertKind.CARD_AT_TWO_GATES: Words(
        "停用该卡，通知持卡人到物业核对", "block the card and have its holder come to the office"
    ),
    AlertKind.ENTERED_UNHEARD: Words(
        "失联的门恢复后仍未解除的，查该车是否出过场",
        "still open once that gate is heard again: find out whether the car had left",
    ),
    AlertKind.COMMANDS_FORGED: Words(
        "通知物业办和安装人员：查是谁在服务器上冒充，必要时换密钥",
        "tell office and installer: find out who pretends to be them at the broker, renew keys if need be",
    ),
    AlertKind.ROUNDS_PAUSED: Words(
        "校准时钟或恢复网络；其间按纸质表巡查",
        "set the clock or bring the network back; go by paper meanwhile",
    ),
}
