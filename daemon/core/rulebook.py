"""What the gate must do, one line a rule: the duties of gate posts, parking posts, patrols and control rooms.

Tests name the rule that they drive with `@pytest.mark.rule("R02")`, a scenario in its first line;
`gatepost rulebook` puts both side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    zh: str
    en: str


SECTIONS: Final[tuple[tuple[str, str, tuple[Rule, ...]], ...]] = (
    (
        "谁可以通行",
        "Who may pass",
        (
            Rule("R01", "一车一卡", "one car, one card"),
            Rule("R02", "认卡认车，相符才放行", "card and car of one permit, together"),
            Rule("R03", "换车须授权，到期自止", "another car only by two people, for a time"),
            Rule("R04", "卡的发放、退还、挂失，按库存清点", "cards counted, issued, returned, lost"),
            Rule("R05", "进出须成对", "in and out alternate"),
            Rule("R06", "自有车位与共用车位", "owned and shared bays"),
            Rule("R07", "有效期、车道与时段", "validity, lanes and hours"),
            Rule("R08", "观察名单：留车，班长处理", "watch list: kept, a leader decides"),
            Rule("R09", "警、消、救、军车免检", "exempt vehicles"),
            Rule("R10", "大型车凭批准进入", "large vehicles by approval"),
            Rule("R11", "危险品车辆拒绝", "dangerous goods refused"),
            Rule("R12", "装修、送货凭有期限的证", "contractors on dated passes"),
            Rule("R13", "访客先核对住户再登记", "visitors checked against the residents"),
        ),
    ),
    (
        "临时停车与收费",
        "Temporary parking and money",
        (
            Rule("R14", "临时车入场即记", "a temporary car gets a pass"),
            Rule("R15", "出场核对，对不上给出候选", "compared at the exit, or candidates shown"),
            Rule("R16", "按公示标准计费，可逐行解释", "the posted tariff, explained line by line"),
            Rule("R17", "收据连号", "receipts without a gap"),
            Rule("R18", "钱账可查，无账不办", "nothing with money off the ledger"),
            Rule("R19", "当班现金清点上交", "cash counted and handed in each shift"),
            Rule("R20", "无卡者查证件并经班长同意", "no card: a document and a leader"),
            Rule("R21", "其他付款方式，付后限时离场", "other means of payment, grace to leave"),
        ),
    ),
    (
        "车道上的车与物",
        "Goods and vehicles in the lane",
        (
            Rule("R22", "放行条，一次有效", "release slips, good once"),
            Rule("R23", "车况登记，告知车主", "condition and findings, the owner told"),
            Rule("R24", "车道保持畅通", "the lane kept clear"),
            Rule("R25", "跟车与闯杆", "tailgating and forced entry"),
            Rule("R26", "杆不落在车上", "the boom never comes down on a car"),
            Rule("R27", "车队常开，到时自止", "held open for a convoy, for a time"),
            Rule("R28", "人工抬落停，留名留因", "by hand, always with who and why"),
        ),
    ),
    (
        "看护、报警、记录",
        "Watch, alarm, record",
        (
            Rule("R29", "每次通行留影", "each passage on camera"),
            Rule("R30", "录像外出须批准", "footage leaves only with approval"),
            Rule("R31", "故障必报", "faults are reported"),
            Rule("R32", "火警全开", "fire opens everything"),
            Rule("R33", "其他报警输入", "other alarm contacts"),
            Rule("R34", "消防通道不占用", "the fire lane kept free"),
            Rule("R35", "监控室：确认、派人、跟进、升级", "control room: seen, sent, followed up"),
            Rule("R36", "车位状况", "how full the car park is"),
        ),
    ),
    (
        "当班",
        "Duty",
        (
            Rule("R37", "上岗与交接", "shifts and handover"),
            Rule("R38", "巡查按时", "rounds on time"),
            Rule("R39", "登记簿", "the logbook"),
            Rule("R40", "报表", "reports"),
            Rule("R41", "物业的名单：整份检查，整份生效", "the office's lists, checked and taken whole"),
        ),
    ),
    (
        "贯穿全局",
        "Around all of it",
        (
            Rule("R42", "断网照常，事后补齐", "local first, reported later"),
            Rule("R43", "时间不可信也不错收", "no wrong fee from a wrong clock"),
            Rule("R44", "各有其权", "roles"),
            Rule("R45", "多门同一本账", "several gates of one site"),
        ),
    ),
)

RULES: Final[tuple[Rule, ...]] = tuple(rule for _, _, rules in SECTIONS for rule in rules)
