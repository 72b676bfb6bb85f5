"""Every reason for a grant, a refusal, a hold, an order or an alert, with the words that people read.

The law of this file: no free text decides anything. What the guard, the driver and the office read is looked
up here, Chinese first.
"""

from __future__ import annotations

from enum import StrEnum

from daemon.core.alert_kinds import ALERT_WORDS as ALERT_WORDS
from daemon.core.alert_kinds import AlertKind as AlertKind
from daemon.core.alert_kinds import Severity as Severity
from daemon.core.alert_kinds import Words as Words


class Reason(StrEnum):
    # granted
    PERMIT_CARD_AND_PLATE = "permit_card_and_plate"
    PERMIT_CARD = "permit_card"
    PERMIT_PLATE = "permit_plate"
    TEMPORARY_PASS = "temporary_pass"  # noqa: S105 - a pass, not a password
    TEMPORARY_EXIT = "temporary_exit"
    GUARD = "guard"
    # held or refused
    CARD_UNKNOWN = "card_unknown"
    CARD_MISSING = "card_missing"
    PLATE_MISSING = "plate_missing"
    PLATE_UNREADABLE = "plate_unreadable"
    PLATE_UNKNOWN = "plate_unknown"
    CARD_PLATE_MISMATCH = "card_plate_mismatch"
    TOO_FAR_APART = "too_far_apart"
    ALREADY_INSIDE = "already_inside"
    NOT_INSIDE = "not_inside"
    NO_MATCHING_STAY = "no_matching_stay"
    LANE_NOT_ALLOWED = "lane_not_allowed"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    CLOSED_BY_GUARD = "closed_by_guard"
    # why an order was given, or not
    CAR_CLEARED = "car_cleared"
    GRANT_LAPSED = "grant_lapsed"
    LOOP_OCCUPIED_WHILE_LOWERING = "loop_occupied_while_lowering"
    SAFETY_LOOP_OCCUPIED = "safety_loop_occupied"
    SAFETY_LOOP_UNKNOWN = "safety_loop_unknown"
    NO_CAR_HELD = "no_car_held"
    OTHER_CAR_HELD = "other_car_held"
    REASON_NEEDED = "reason_needed"
    CAR_BEING_LET_THROUGH = "car_being_let_through"
    NO_SUCH_LANE = "no_such_lane"
    ROLE_NOT_ALLOWED = "role_not_allowed"
    # release slips
    SLIP_NUMBER_TAKEN = "slip_number_taken"
    SLIP_FOR_NOBODY = "slip_for_nobody"
    SLIP_UNKNOWN = "slip_unknown"
    SLIP_USED = "slip_used"
    SLIP_CANCELLED = "slip_cancelled"
    SLIP_EXPIRED = "slip_expired"
    SLIP_OF_ANOTHER = "slip_of_another"
    # special cars, validity, bays
    WATCH_LISTED = "watch_listed"
    DANGEROUS_GOODS = "dangerous_goods"
    LARGE_NEEDS_APPROVAL = "large_needs_approval"
    LARGE_APPROVED = "large_approved"
    EXEMPT_VEHICLE = "exempt_vehicle"
    LEADER_DECIDES = "leader_decides"
    SUPERVISOR_DECIDES = "supervisor_decides"
    OUTSIDE_HOURS = "outside_hours"
    EXPIRES_SOON = "expires_soon"
    BAYS_FULL = "bays_full"
    NOT_LISTED = "not_listed"
    WATCH_INCOMPLETE = "watch_incomplete"
    APPROVAL_FOR_NOBODY = "approval_for_nobody"
    APPROVAL_INCOMPLETE = "approval_incomplete"
    APPROVAL_NUMBER_TAKEN = "approval_number_taken"
    BAY_GROUP_WRONG = "bay_group_wrong"
    BAY_GROUP_UNKNOWN = "bay_group_unknown"
    NO_BAY_ASSIGNED = "no_bay_assigned"
    # lists
    LIST_IS_EMPTY = "list_is_empty"
    LIST_CONTRADICTS_ITSELF = "list_contradicts_itself"
    # money
    CHARGE_UNPAID = "charge_unpaid"
    CHARGE_DOUBTFUL = "charge_doubtful"
    CHARGE_UNKNOWN = "charge_unknown"
    NO_TARIFF = "no_tariff"
    NOTHING_DUE = "nothing_due"
    PAID_ALREADY = "paid_already"
    PAYMENT_KNOWN = "payment_known"
    STAY_UNKNOWN = "stay_unknown"
    AMOUNT_WRONG = "amount_wrong"
    REFERENCE_NEEDED = "reference_needed"
    CLASS_UNKNOWN = "class_unknown"
    RECEIPT_UNKNOWN = "receipt_unknown"
    RECEIPT_VOID = "receipt_void"
    CREDIT_SPENT = "credit_spent"
    CASH_NOT_COUNTED = "cash_not_counted"
    HAND_IN_UNKNOWN = "hand_in_unknown"
    # lanes held open, locked, in a fire; and cars that nobody let through
    FIRE = "fire"
    NO_FIRE = "no_fire"
    FIRE_INPUT_NOT_QUIET = "fire_input_not_quiet"
    LANE_HELD_OPEN = "lane_held_open"
    LANE_NOT_HELD_OPEN = "lane_not_held_open"
    LANE_LOCKED = "lane_locked"
    LANE_NOT_LOCKED = "lane_not_locked"
    END_IS_PAST = "end_is_past"
    DATE_WRONG = "date_wrong"
    TIME_UNKNOWN = "time_unknown"
    COUNT_WRONG = "count_wrong"
    # cards
    CARD_LOST = "card_lost"
    CARD_BLOCKED = "card_blocked"
    CARD_RETURNED = "card_returned"
    CARD_NOT_RETURNED = "card_not_returned"
    CARD_TAKEN = "card_taken"
    CARD_KNOWN = "card_known"
    CARD_NOT_IN_STOCK = "card_not_in_stock"
    CARD_IS_TEMPORARY = "card_is_temporary"
    CARD_NOT_OUT = "card_not_out"
    CARD_NOT_STOPPED = "card_not_stopped"
    CARD_NUMBER_WRONG = "card_number_wrong"
    CARD_AMBIGUOUS = "card_ambiguous"
    HAS_A_CARD = "has_a_card"
    # no card, no pass; findings
    IDENTITY_CHECKED = "identity_checked"
    IDENTITY_NEEDED = "identity_needed"
    IDENTITY_KNOWN = "identity_known"
    NO_SUCH_IDENTITY = "no_such_identity"
    IDENTITY_SEALED = "identity_sealed"
    DOCUMENT_NUMBER_WRONG = "document_number_wrong"
    PICTURE_NEEDED = "picture_needed"
    NO_SUCH_FINDING = "no_such_finding"
    # change of car
    PLATE_SUBSTITUTED = "plate_substituted"
    PLATE_TAKEN = "plate_taken"
    PLATE_WRONG = "plate_wrong"
    DOCUMENT_NEEDED = "document_needed"
    PERIOD_IS_OVER = "period_is_over"
    NO_SUCH_SUBSTITUTION = "no_such_substitution"
    SUBSTITUTED_ALREADY = "substituted_already"
    CONFIRMED_ALREADY = "confirmed_already"
    SECOND_PERSON_NEEDED = "second_person_needed"
    # visitors and contractors
    VISITOR_ADMITTED = "visitor_admitted"
    VISITOR_EXPECTED = "visitor_expected"
    HOUSEHOLD_UNKNOWN = "household_unknown"
    RESIDENT_KNOWN = "resident_known"
    NO_SUCH_VISIT = "no_such_visit"
    VISIT_OF_NOBODY = "visit_of_nobody"
    VISIT_CANCELLED = "visit_cancelled"
    VISIT_EXPIRED = "visit_expired"
    CODE_UNKNOWN = "code_unknown"
    CODE_USED = "code_used"
    CODE_TAKEN = "code_taken"
    CODE_TOO_SHORT = "code_too_short"
    CONTRACTOR_PASS = "contractor_pass"  # noqa: S105 - a pass, not a password
    PASS_EXPIRED = "pass_expired"  # noqa: S105 - a pass, not a password
    PASS_NOT_YET_VALID = "pass_not_yet_valid"  # noqa: S105 - a pass, not a password
    PASS_WITHDRAWN = "pass_withdrawn"  # noqa: S105 - a pass, not a password
    PASS_UNKNOWN = "pass_unknown"  # noqa: S105 - a pass, not a password
    PASS_OF_ANOTHER = "pass_of_another"  # noqa: S105 - a pass, not a password
    PASS_NUMBER_TAKEN = "pass_number_taken"  # noqa: S105 - a pass, not a password
    PASS_FOR_NOBODY = "pass_for_nobody"  # noqa: S105 - a pass, not a password
    PERMIT_UNKNOWN = "permit_unknown"
    FEE_WRONG = "fee_wrong"
    FEE_OF_NOBODY = "fee_of_nobody"
    # shifts
    ALREADY_ON_DUTY = "already_on_duty"
    ALREADY_ARRIVED = "already_arrived"
    NOT_ON_DUTY = "not_on_duty"
    NOT_ARRIVED = "not_arrived"
    SUCCESSOR_NOT_SIGNED = "successor_not_signed"
    STAFF_CARD_UNKNOWN = "staff_card_unknown"
    HANDOVER_NOT_LISTED = "handover_not_listed"
    HANDOVER_CHANGED = "handover_changed"
    EQUIPMENT_UNCHECKED = "equipment_unchecked"
    EQUIPMENT_UNKNOWN = "equipment_unknown"
    SHIFT_UNKNOWN = "shift_unknown"
    # the logbook
    TEXT_NEEDED = "text_needed"
    POST_NEEDED = "post_needed"
    NAME_NEEDED = "name_needed"
    ENTRY_UNKNOWN = "entry_unknown"
    ENTRY_DONE = "entry_done"
    ENTRY_WRITTEN_ALREADY = "entry_written_already"
    ENTRY_PASSED_ON = "entry_passed_on"
    NO_COMPLAINT = "no_complaint"
    CALL_BACK_NEEDED = "call_back_needed"
    # alerts
    ALERT_NOT_OPEN = "alert_not_open"
    ALERT_ACKNOWLEDGED = "alert_acknowledged"
    ALREADY_SENT = "already_sent"
    CAUSE_LASTS = "cause_lasts"
    CASH_WRONG = "cash_wrong"
    # rounds
    DUTY_UNKNOWN = "duty_unknown"
    DUTY_OF_A_LEADER = "duty_of_a_leader"
    CHECKED_IN_ALREADY = "checked_in_already"
    # commands from outside
    LIMIT_SWITCHES_UNKNOWN = "limit_switches_unknown"
    NO_SWITCH_TELLS = "no_switch_tells"
    BOOM_NOT_THERE = "boom_not_there"
    GATE_RESTARTED = "gate_restarted"
    TIME_KNOWN = "time_known"
    TARIFF_WRONG = "tariff_wrong"
    TARIFF_REWRITTEN = "tariff_rewritten"


REASON_WORDS: dict[Reason, Words] = {
    Reason.PERMIT_CARD_AND_PLATE: Words("卡与车牌相符", "card and plate belong to one permit"),
    Reason.PERMIT_CARD: Words("卡有效", "the card has a permit"),
    Reason.PERMIT_PLATE: Words("车牌已登记", "the plate has a permit"),
    Reason.TEMPORARY_PASS: Words("临时车放行", "temporary pass"),
    Reason.TEMPORARY_EXIT: Words("临时车出场", "temporary car leaves"),
    Reason.GUARD: Words("门岗放行", "let through by the guard"),
    Reason.CARD_UNKNOWN: Words("卡未登记", "the card has no permit"),
    Reason.CARD_MISSING: Words("未刷卡", "this car needs its card"),
    Reason.PLATE_MISSING: Words("未识别到车牌", "no plate was seen"),
    Reason.PLATE_UNREADABLE: Words("车牌无法辨认", "a plate was seen but could not be read"),
    Reason.PLATE_UNKNOWN: Words("车牌未登记", "the plate has no permit"),
    Reason.CARD_PLATE_MISMATCH: Words("卡与车不符", "the card belongs to another car"),
    Reason.TOO_FAR_APART: Words("刷卡与车牌识别间隔过久", "card and plate were shown too far apart"),
    Reason.ALREADY_INSIDE: Words("该车已在场内", "already inside"),
    Reason.NOT_INSIDE: Words("该车不在场内", "not inside"),
    Reason.NO_MATCHING_STAY: Words("无入场记录", "no entry on record"),
    Reason.LANE_NOT_ALLOWED: Words("不得走此车道", "not allowed in this lane"),
    Reason.NOT_YET_VALID: Words("通行证未生效", "the permit is not valid yet"),
    Reason.EXPIRED: Words("通行证已过期", "the permit has expired"),
    Reason.CLOSED_BY_GUARD: Words("门岗已落杆", "the guard has closed the boom"),
    Reason.CAR_CLEARED: Words("车辆已通过", "the car has cleared the boom"),
    Reason.GRANT_LAPSED: Words("放行后未通过", "let through, but did not go"),
    Reason.LOOP_OCCUPIED_WHILE_LOWERING: Words("落杆遇车，回升", "a car under the boom while lowering"),
    Reason.SAFETY_LOOP_OCCUPIED: Words("杆下有车，不可落杆", "a car is under the boom"),
    Reason.SAFETY_LOOP_UNKNOWN: Words("防砸地感状态不明，不可落杆", "the safety loop cannot be read"),
    Reason.NO_CAR_HELD: Words("没有等待处理的车辆", "no car is waiting for a decision"),
    Reason.OTHER_CAR_HELD: Words("该车已处理", "that car has been decided already"),
    Reason.REASON_NEEDED: Words("须填写原因", "a reason is needed"),
    Reason.CAR_BEING_LET_THROUGH: Words("车辆正在通过", "a car is being let through"),
    Reason.NO_SUCH_LANE: Words("没有这条车道", "no such lane"),
    Reason.ROLE_NOT_ALLOWED: Words("无此权限", "this role may not do it"),
    Reason.SLIP_NUMBER_TAKEN: Words("放行条号已用过", "a slip of that number exists"),
    Reason.SLIP_FOR_NOBODY: Words("放行条须写明车牌或姓名", "a slip needs a plate or a person"),
    Reason.SLIP_UNKNOWN: Words("查无此放行条", "no such release slip"),
    Reason.SLIP_USED: Words("放行条已使用", "the slip was used already"),
    Reason.SLIP_CANCELLED: Words("放行条已作废", "the slip was cancelled"),
    Reason.SLIP_EXPIRED: Words("放行条已过期", "the slip has expired"),
    Reason.SLIP_OF_ANOTHER: Words("放行条不是此车（人）的", "the slip is for another car or person"),
    Reason.WATCH_LISTED: Words("观察名单车辆", "on the watch list"),
    Reason.DANGEROUS_GOODS: Words("危险品车辆，禁止入内", "carries dangerous goods"),
    Reason.LARGE_NEEDS_APPROVAL: Words("大型车辆须物业批准", "a large vehicle needs an approval"),
    Reason.LARGE_APPROVED: Words("大型车辆已获批准", "a large vehicle with an approval"),
    Reason.EXEMPT_VEHICLE: Words("免检车辆放行", "an exempt vehicle"),
    Reason.LEADER_DECIDES: Words("须班长处理", "a shift leader decides"),
    Reason.SUPERVISOR_DECIDES: Words("须主管处理", "a supervisor decides"),
    Reason.OUTSIDE_HOURS: Words("不在准入时段", "outside the hours of the permit"),
    Reason.EXPIRES_SOON: Words("通行证即将到期", "the permit ends soon"),
    Reason.BAYS_FULL: Words("车位已满", "all bays of the group are taken"),
    Reason.NOT_LISTED: Words("名单上没有", "not on the list"),
    Reason.WATCH_INCOMPLETE: Words("须写明号码和处置办法", "needs a number, and what to do"),
    Reason.APPROVAL_FOR_NOBODY: Words("批准单须写明车牌或单位", "an approval needs a plate or a company"),
    Reason.APPROVAL_INCOMPLETE: Words("批准单时段或区域有误", "an approval needs a time window and an area"),
    Reason.APPROVAL_NUMBER_TAKEN: Words("批准单号已用过", "an approval of that number exists"),
    Reason.BAY_GROUP_WRONG: Words("车位组名称或数量有误", "a bay group needs a name and 0 bays or more"),
    Reason.BAY_GROUP_UNKNOWN: Words("没有这个车位组", "no such bay group"),
    Reason.NO_BAY_ASSIGNED: Words("未分配车位", "has no bay"),
    Reason.LIST_IS_EMPTY: Words("名单是空的，未作改动", "the list is empty, and nothing was changed"),
    Reason.LIST_CONTRADICTS_ITSELF: Words(
        "名单中有重复，未作改动", "two rows share what is one's own; nothing was changed"
    ),
    Reason.CHARGE_UNPAID: Words("停车费未付", "the charge is not paid"),
    Reason.CHARGE_DOUBTFUL: Words("停放时间存疑，请门岗核定", "the time inside is in doubt"),
    Reason.CHARGE_UNKNOWN: Words("查无此账单", "no such charge"),
    Reason.NO_TARIFF: Words("本场不收费", "this site has no tariff"),
    Reason.NOTHING_DUE: Words("没有应付款", "nothing is due"),
    Reason.PAID_ALREADY: Words("已付清，在免费离场时间内", "paid, and still within the time to leave"),
    Reason.PAYMENT_KNOWN: Words("该笔付款已记账", "this payment is on record already"),
    Reason.STAY_UNKNOWN: Words("场内没有此车", "no such car inside"),
    Reason.AMOUNT_WRONG: Words("金额与应收不符", "not the amount that is due"),
    Reason.REFERENCE_NEEDED: Words("须写明付款单号", "the number of the payment is needed"),
    Reason.CLASS_UNKNOWN: Words("收费标准没有此车型或优惠", "the tariff has no such class or discount"),
    Reason.RECEIPT_UNKNOWN: Words("查无此收据", "no such receipt"),
    Reason.RECEIPT_VOID: Words("收据已作废", "the receipt is void already"),
    Reason.CREDIT_SPENT: Words("预付款已使用", "what was paid in advance is used already"),
    Reason.CASH_NOT_COUNTED: Words("现金未清点", "the cash has not been counted"),
    Reason.HAND_IN_UNKNOWN: Words("没有这笔待签收的现金", "no such cash is on its way"),
    Reason.FIRE: Words("火警，道闸保持抬起", "fire: the booms stay up"),
    Reason.NO_FIRE: Words("没有火警", "there is no fire alarm"),
    Reason.FIRE_INPUT_NOT_QUIET: Words("消防信号未解除", "the fire input is not quiet"),
    Reason.LANE_HELD_OPEN: Words("车道常开中", "the lane is held open"),
    Reason.LANE_NOT_HELD_OPEN: Words("车道未设常开", "the lane is not held open"),
    Reason.LANE_LOCKED: Words(
        "车道已锁，须班长或主管", "the lane is locked: a leader or supervisor opens it"
    ),
    Reason.LANE_NOT_LOCKED: Words("车道未锁", "the lane is not locked"),
    Reason.END_IS_PAST: Words("结束时间已过", "that end is past"),
    Reason.DATE_WRONG: Words("年份须在 2000 至 2199 之间", "a year lies between 2000 and 2199"),
    Reason.TIME_UNKNOWN: Words("时钟未校准，无法定时", "the clock cannot be trusted with a time of day"),
    Reason.COUNT_WRONG: Words(
        "数目不可为负，也不可过大", "a count is neither negative nor beyond all measure"
    ),
    Reason.CARD_LOST: Words("卡已挂失", "the card was reported lost"),
    Reason.CARD_BLOCKED: Words("卡已停用", "the card is blocked"),
    Reason.CARD_RETURNED: Words("卡已退还", "the card was returned"),
    Reason.CARD_NOT_RETURNED: Words("临时卡未交还", "the temporary card was not given back"),
    Reason.CARD_TAKEN: Words("卡已发出", "the card is out with somebody else"),
    Reason.CARD_KNOWN: Words("卡已入库", "the card is in the stock already"),
    Reason.CARD_NOT_IN_STOCK: Words("卡未入库", "the card never came into the stock"),
    Reason.CARD_IS_TEMPORARY: Words("此卡为临时卡", "that is a temporary card"),
    Reason.CARD_NOT_OUT: Words("卡未发出", "the card is not out"),
    Reason.CARD_NOT_STOPPED: Words("卡未挂失或停用", "the card is neither lost nor blocked"),
    Reason.CARD_NUMBER_WRONG: Words("卡号与所选格式不符", "no card number of that presentation"),
    Reason.CARD_AMBIGUOUS: Words("卡号对应多张卡", "the number fits several cards"),
    Reason.HAS_A_CARD: Words("已有卡", "has a card already"),
    Reason.IDENTITY_CHECKED: Words("证件已登记，班长同意", "document registered, the shift leader agreed"),
    Reason.IDENTITY_NEEDED: Words(
        "无卡须登记证件并经班长同意", "no card: a document and a leader's word first"
    ),
    Reason.IDENTITY_KNOWN: Words("证件已登记", "the driver is registered already"),
    Reason.IDENTITY_SEALED: Words("证件号已密封，由物业自行打开", "sealed: the office opens it itself"),
    Reason.NO_SUCH_IDENTITY: Words("查无此证件登记", "no such registration"),
    Reason.DOCUMENT_NUMBER_WRONG: Words("姓名或证件号有误", "name or document number is wrong"),
    Reason.PICTURE_NEEDED: Words("须有照片", "a picture is needed"),
    Reason.NO_SUCH_FINDING: Words("查无此待办情况", "no such open finding"),
    Reason.PLATE_SUBSTITUTED: Words("该车已换车，原车牌停用", "another car stands for this one now"),
    Reason.PLATE_TAKEN: Words("车牌已登记在他人名下", "the plate belongs to another permit"),
    Reason.PLATE_WRONG: Words("车牌格式不对", "that is no plate"),
    Reason.DOCUMENT_NEEDED: Words("须填写车主、凭证和照片", "owner, document and photo are needed"),
    Reason.PERIOD_IS_OVER: Words("期限已过", "the period is over"),
    Reason.NO_SUCH_SUBSTITUTION: Words("查无此换车登记", "no such change of car"),
    Reason.SUBSTITUTED_ALREADY: Words("已有换车登记", "another change of car is open"),
    Reason.CONFIRMED_ALREADY: Words("已确认", "confirmed already"),
    Reason.SECOND_PERSON_NEEDED: Words("登记人不得自己确认", "another person has to confirm it"),
    Reason.VISITOR_ADMITTED: Words("访客已核对", "the visitor was checked"),
    Reason.VISITOR_EXPECTED: Words("访客已预约", "the visitor is expected"),
    Reason.HOUSEHOLD_UNKNOWN: Words("住户登记中查无此人", "the register knows nobody of that name there"),
    Reason.RESIDENT_KNOWN: Words("住户已登记", "is registered there already"),
    Reason.NO_SUCH_VISIT: Words("查无此预约", "no such visit"),
    Reason.VISIT_OF_NOBODY: Words("预约须有车牌或访客码", "a visit needs a plate or a code"),
    Reason.VISIT_CANCELLED: Words("预约已取消", "the visit was cancelled"),
    Reason.VISIT_EXPIRED: Words("预约已过期", "the visit has expired"),
    Reason.CODE_UNKNOWN: Words("访客码无效", "no such code"),
    Reason.CODE_USED: Words("访客码已使用", "the code was used already"),
    Reason.CODE_TAKEN: Words("访客码已用过，请换一个", "the code was given before: take another"),
    Reason.CODE_TOO_SHORT: Words("访客码至少六位", "a code has six characters at least"),
    Reason.CONTRACTOR_PASS: Words("施工证有效", "the contractor's pass holds"),
    Reason.PASS_EXPIRED: Words("施工证已过期", "the contractor's pass has expired"),
    Reason.PASS_NOT_YET_VALID: Words("施工证未生效", "the contractor's pass is not valid yet"),
    Reason.PASS_WITHDRAWN: Words("施工证已收回", "the contractor's pass was withdrawn"),
    Reason.PASS_UNKNOWN: Words("查无此施工证", "no such contractor's pass"),
    Reason.PASS_OF_ANOTHER: Words("施工证不是此人的", "the pass is another person's"),
    Reason.PASS_NUMBER_TAKEN: Words("施工证号已用过", "a pass of that number exists"),
    Reason.PASS_FOR_NOBODY: Words(
        "施工证须写明姓名和住户（工程）", "a pass needs a person and a household or job"
    ),
    Reason.PERMIT_UNKNOWN: Words("查无此通行证", "no such permit"),
    Reason.FEE_WRONG: Words("费用不可为负，也不可过大", "a fee is neither negative nor beyond all measure"),
    Reason.FEE_OF_NOBODY: Words(
        "此卡没有持卡人，无人可收费", "nobody has that card: there is nobody to charge"
    ),
    Reason.ALREADY_ON_DUTY: Words("已在岗", "is on duty already"),
    Reason.ALREADY_ARRIVED: Words("已签到", "has signed on already"),
    Reason.NOT_ON_DUTY: Words("不在岗", "is not on duty"),
    Reason.NOT_ARRIVED: Words("接班人须先签到", "the successor signs on first"),
    Reason.SUCCESSOR_NOT_SIGNED: Words("接班人未签字，不得离岗", "nobody leaves before the successor signs"),
    Reason.STAFF_CARD_UNKNOWN: Words("不是员工卡", "no card of the staff"),
    Reason.HANDOVER_NOT_LISTED: Words("交班清单未备", "there is no handover list yet"),
    Reason.HANDOVER_CHANGED: Words("清单有新增，请重看后再签", "something new is open: read the list again"),
    Reason.EQUIPMENT_UNCHECKED: Words("装备未清点", "the equipment has not been checked"),
    Reason.EQUIPMENT_UNKNOWN: Words("装备清单无此项", "not on the equipment list"),
    Reason.SHIFT_UNKNOWN: Words("该时刻没有班次", "no shift begins at that time"),
    Reason.TEXT_NEEDED: Words("须写明内容", "say what it is"),
    Reason.POST_NEEDED: Words("须写明转交给谁", "say to whom"),
    Reason.NAME_NEEDED: Words("须写明派谁去", "say who goes"),
    Reason.ENTRY_UNKNOWN: Words("查无此记录", "no such entry"),
    Reason.ENTRY_DONE: Words("该记录已办结", "the entry is done already"),
    Reason.ENTRY_WRITTEN_ALREADY: Words("刚刚已记录", "written a moment ago"),
    Reason.ENTRY_PASSED_ON: Words("已转交该岗", "passed on there already"),
    Reason.NO_COMPLAINT: Words("不是投诉", "not a complaint"),
    Reason.CALL_BACK_NEEDED: Words("投诉须先回访，业主满意方可办结", "call the resident back first"),
    Reason.ALERT_NOT_OPEN: Words("没有这条未结告警", "no such alert is open"),
    Reason.ALERT_ACKNOWLEDGED: Words("告警已有人确认", "acknowledged already"),
    Reason.ALREADY_SENT: Words("已派此人", "that one is on the way"),
    Reason.CAUSE_LASTS: Words("原因未消除，不可结案", "its cause is not over"),
    Reason.CASH_WRONG: Words("现金数额不对", "no amount of cash"),
    Reason.DUTY_UNKNOWN: Words("没有这项勤务", "no such duty"),
    Reason.DUTY_OF_A_LEADER: Words("须由班长签到", "a shift leader does this"),
    Reason.CHECKED_IN_ALREADY: Words("刚刚已签到", "checked in a moment ago"),
    Reason.LIMIT_SWITCHES_UNKNOWN: Words(
        "限位状态不明，不可远程落杆", "no limit switch can be read from afar"
    ),
    Reason.NO_SWITCH_TELLS: Words("已下令，无限位可证实", "ordered; no limit switch can confirm it"),
    Reason.BOOM_NOT_THERE: Words("限位未到，栏杆未就位", "the limit switch did not confirm it in time"),
    Reason.GATE_RESTARTED: Words("门岗重启，未能证实", "the gate was restarted before it was confirmed"),
    Reason.TIME_KNOWN: Words("时钟已校准，不再接受他人报时", "the gate knows the time itself"),
    Reason.TARIFF_WRONG: Words("收费标准有误", "the tariff is not right"),
    Reason.TARIFF_REWRITTEN: Words("已生效的版本不可改写，须另立版本", "a version in force is not rewritten"),
}
