"""What people read on the panel, Chinese first, and which buttons are theirs.

The law of this file: tables beside those of `daemon.core.reasons`, no logic beyond looking a word up; a
value without words shows itself.
"""

from __future__ import annotations

from daemon.core.reasons import ALERT_WORDS, REASON_WORDS, AlertKind, Reason, Words
from daemon.core.signals import Boom, LaneAction, LoopState
from daemon.core.state import Phase
from daemon.reports.periods import By

BOOM_WORDS: dict[Boom, Words] = {
    Boom.UP: Words("抬起", "up"),
    Boom.DOWN: Words("落下", "down"),
    Boom.MOVING: Words("运行中", "moving"),
    Boom.UNKNOWN: Words("不明", "unknown"),
}

LOOP_WORDS: dict[LoopState, Words] = {
    LoopState.FREE: Words("无车", "free"),
    LoopState.OCCUPIED: Words("有车", "occupied"),
    LoopState.UNKNOWN: Words("不明", "unknown"),
}

PHASE_WORDS: dict[Phase, Words] = {
    Phase.IDLE: Words("空闲", "idle"),
    Phase.IDENTIFYING: Words("识别中", "identifying"),
    Phase.HELD: Words("等待处理", "waits for you"),
    Phase.GRANTED: Words("已放行", "let through"),
    Phase.PASSING: Words("通过中", "passing"),
}

DIRECTION_WORDS: dict[str, Words] = {
    "entry": Words("入口", "entry"),
    "exit": Words("出口", "exit"),
}

MODE_WORDS: dict[str, Words] = {
    "card_and_plate": Words("认卡认车", "card and plate"),
    "plate_only": Words("认车牌", "plate"),
    "card_only": Words("认卡", "card"),
}

GRAIN_WORDS: dict[By, Words] = {
    "hour": Words("时", "hour"),
    "day": Words("日", "day"),
    "month": Words("月", "month"),
    "shift": Words("班次", "shift"),
}

ORDER_WORDS: dict[str, Words] = {
    "raise": Words("已令抬杆", "raise ordered"),
    "lower": Words("已令落杆", "lower ordered"),
    "stop": Words("已令停止", "stop ordered"),
}

ACTION_WORDS: dict[LaneAction, Words] = {
    "open": Words("抬杆", "open"),
    "close": Words("落杆", "close"),
    "stop": Words("停止", "stop"),
    "release": Words("放行", "let through"),
    "refuse": Words("拒绝", "refuse"),
}

QUICK_REASONS: dict[LaneAction, tuple[Words, ...]] = {
    "release": (
        Words("业主本人，已核对", "resident, checked"),
        Words("访客已登记", "visitor registered"),
        Words("忘带卡", "card left at home"),
        Words("车牌识别有误", "plate misread"),
        Words("送货、服务车辆", "delivery or service"),
        Words("物业同意", "office agrees"),
    ),
    "refuse": (
        Words("未登记", "not registered"),
        Words("卡与车不符", "card and car differ"),
        Words("拒绝登记", "would not register"),
        Words("走错车道", "wrong lane"),
        Words("司机自行离开", "driver turns back"),
        Words("业主不同意", "resident does not agree"),
    ),
    "open": (
        Words("警车、消防、救护", "emergency vehicle"),
        Words("设备故障", "device fault"),
        Words("无牌或非机动车", "no plate, or no car"),
        Words("值班领导指示", "shift leader says so"),
        Words("检修测试", "maintenance"),
    ),
    "close": (
        Words("车已离开", "the car has gone"),
        Words("误抬杆", "raised by mistake"),
        Words("检修测试", "maintenance"),
    ),
    "stop": (Words("紧急停止", "emergency stop"),),
}
"""One click each; the Chinese words are what the ledger keeps as the guard's note."""

PRINT_WORDS: dict[str, Words] = {
    "ordered": Words("打印中", "being printed"),
    "printed": Words("已打印", "printed"),
    "sent": Words("已送出，打印机不回话", "sent to a printer that gives no answers"),
    "not_printed": Words("未打印", "not printed"),
}

DECISION_WORDS: dict[str, Words] = {
    "granted": Words("放行", "let through"),
    "refused": Words("拒绝", "refused"),
    "held": Words("待处理", "held"),
}

OUTCOME_WORDS: dict[str, Words] = {
    "passed": Words("已通过", "passed"),
    "left": Words("已退出", "backed away"),
    "refused": Words("已拒绝", "sent away"),
    "interrupted": Words("系统重启中断", "interrupted by a restart"),
    "unconfirmed": Words("未见通过", "never seen passing"),
    "forced": Words("未放行闯入", "drove through without a grant"),
}

ROLE_WORDS: dict[str, Words] = {
    "guard": Words("门岗", "guard"),
    "leader": Words("班长", "shift leader"),
    "supervisor": Words("主管", "supervisor"),
    "office": Words("物业办", "office"),
    "installer": Words("安装维护", "installer"),
}

DEVICE_WORDS: dict[str, Words] = {
    "reader": Words("读卡器", "card reader"),
    "camera": Words("摄像机", "camera"),
    "barrier": Words("道闸", "barrier"),
    "button": Words("手动按钮", "push button"),
    "loop.safety": Words("防砸地感", "safety loop"),
    "loop.approach": Words("来车地感", "approach loop"),
    "sign": Words("显示屏", "sign"),
    "printer": Words("收据打印机", "receipt printer"),
    "fire": Words("消防信号", "fire input"),
    "broker": Words("物业服务器", "broker"),
    "vision": Words("车牌识别", "vision"),
    "store": Words("账本", "ledger"),
    "clock": Words("时钟", "clock"),
}


CAR_DECIDED = REASON_WORDS[Reason.OTHER_CAR_HELD]
STAY_OVER = Words("所选车辆已不在场内", "the chosen car is not inside any more")


def reason_words(value: Reason | str | None) -> Words | None:
    if value is None:
        return None
    try:
        return REASON_WORDS[Reason(value)]
    except (ValueError, KeyError):
        return Words(str(value), "")


def alert_words(value: AlertKind) -> Words:
    return ALERT_WORDS.get(value, Words(value.value, ""))


def device_words(device: str, lane_names: dict[str, str]) -> Words:
    """`entry-1.camera` as "东门入口 摄像机"; a device nobody has words for keeps its name."""
    lane, _, part = device.partition(".")
    if lane in lane_names and part in DEVICE_WORDS:
        words = DEVICE_WORDS[part]
        return Words(f"{lane_names[lane]} {words.zh}", f"{lane} {words.en}")
    if lane == "sibling":
        return Words(f"另一门 {part}", f"gate {part}")
    return DEVICE_WORDS.get(device, Words(device, ""))
