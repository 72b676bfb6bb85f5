"""A fact as one line for people, Chinese first. Without plates and cards: a terminal is not the ledger."""

from __future__ import annotations

from datetime import tzinfo

from daemon.core.reasons import ALERT_WORDS, REASON_WORDS, AlertKind, Reason, Words
from daemon.mqtt.messages import FactMessage

KIND_WORDS: dict[str, Words] = {
    "gate_started": Words("门岗启动", "gate started"),
    "loop_reported": Words("地感", "loop"),
    "boom_moved": Words("栏杆位置", "boom"),
    "device_failed": Words("设备失联", "device lost"),
    "device_recovered": Words("设备恢复", "device back"),
    "permit_granted": Words("发放通行证", "permit granted"),
    "permit_withdrawn": Words("收回通行证", "permit withdrawn"),
    "permit_rejected": Words("通行证冲突", "permit rejected"),
    "passage_opened": Words("来车", "car arrived"),
    "card_presented": Words("刷卡", "card presented"),
    "plate_seen": Words("识别车牌", "plate seen"),
    "plate_corrected": Words("纠正车牌", "plate corrected"),
    "access_granted": Words("放行", "let through"),
    "access_refused": Words("拒绝通行", "refused"),
    "car_held": Words("等待处理", "held for the guard"),
    "car_under_boom": Words("车在杆下", "car under the boom"),
    "passage_closed": Words("通行结束", "passage over"),
    "stay_opened": Words("入场", "car is in"),
    "stay_closed": Words("出场", "car is out"),
    "boom_raise_ordered": Words("抬杆", "boom up"),
    "boom_lower_ordered": Words("落杆", "boom down"),
    "boom_stop_ordered": Words("停杆", "boom stop"),
    "action_refused": Words("操作被拒", "action refused"),
    "picture_kept": Words("留存图片", "picture kept"),
    "fact_lost": Words("记录未能保存", "a fact was lost"),
    "charge_quoted": Words("停车费报价", "charge quoted"),
    "stay_rated": Words("核定车型优惠", "class or discount of a car established"),
    "payment_taken": Words("收款", "payment taken"),
    "receipt_issued": Words("开具收据", "receipt issued"),
    "receipt_voided": Words("收据作废", "receipt voided"),
    "receipt_reprinted": Words("收据补印", "receipt printed again"),
    "credit_used": Words("预付款抵扣", "paid from credit"),
    "charge_waived": Words("减免", "charge waived"),
    "arrears_left": Words("欠费离场", "left without paying"),
    "cash_counted": Words("清点现金", "cash counted"),
    "cash_handed_in": Words("上交现金", "cash handed in"),
    "cash_acknowledged": Words("现金签收", "cash acknowledged"),
    "car_forced_in": Words("未放行车辆驶入", "drove in without a grant"),
    "hold_open_started": Words("车道常开", "lane held open"),
    "hold_open_ended": Words("车道常开结束", "lane held open no more"),
    "lane_locked": Words("锁定车道", "lane locked"),
    "lane_unlocked": Words("车道解锁", "lane unlocked"),
    "fire_input_changed": Words("消防信号", "fire input"),
    "fire_alarmed": Words("火警", "fire"),
    "fire_was_reset": Words("火警复位", "fire over"),
    "lot_recounted": Words("清点车辆", "cars counted"),
    "lot_changed": Words("余位", "bays"),
    "alert_raised": Words("告警", "alert"),
    "alert_cleared": Words("告警解除", "alert over"),
}
"""A kind that is not here is shown by its own name: an old office meets new gates."""

_DETAILS = ("device", "loop", "state", "boom", "direction", "outcome", "action")
"""The plain words of a body that tell something and name nobody."""


def line(fact: FactMessage, trouble: str | None, zone: tzinfo | None = None) -> str:
    """`06-01 16:00:00 east #12 entry-1 放行 let through: 卡与车牌相符 card and plate belong…`"""
    when = f"{fact.at.wall.astimezone(zone):%m-%d %H:%M:%S}{'' if fact.at.trusted else '?'}"
    words = KIND_WORDS.get(fact.kind)
    parts = [when, fact.gate, f"#{fact.seq}", fact.lane or "-", " ".join(words) if words else fact.kind]
    why = _why(fact) or " ".join(
        str(fact.body[key]) for key in _DETAILS if isinstance(fact.body.get(key), str)
    )
    text = " ".join(parts) + (f": {why}" if why else "")
    if fact.historical:
        text += " （补传 historical）"
    if trouble is not None:
        text += f" ！！账本不符 chain broken: {trouble}"
    return "".join(char if char.isprintable() else "�" for char in text)


def _why(fact: FactMessage) -> str:
    match fact.body:
        case {"reason": str(reason)} if reason in {*Reason}:
            return " ".join(REASON_WORDS[Reason(reason)])
        case {"alert": str(alert)} if alert in {*AlertKind}:
            return " ".join(ALERT_WORDS[AlertKind(alert)])
        case _:
            return ""
