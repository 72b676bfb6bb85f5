"""What is asked about people and cards, as lines of a `.gate` file; each begins with who asks.

物业 入库 0A1B2C3D4E                          office stocks 0A1B2C3D4E
门岗 挂失 62E3086CED 收费 20 元 换发 0A1B2C3D4E  guard loses 62E3086CED fee 20 yuan for 0A1B2C3D4E
门岗 换车 王 用 粤B99999 8 小时 车主在场 王小明   guard swaps 王 to 粤B99999 for 8 h owner_present 王小明
门岗 访客 赵六 访 3-1201 张三                  guard admits 赵六 to 3-1201 张三
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from daemon.core.cards import BlockCard, LoseCard, ReceiveCard, UnblockCard
from daemon.core.contractors import IssuePass
from daemon.core.findings import OwnerInformed, RegisterFinding
from daemon.core.identity import AgreeRelease, RegisterIdentity
from daemon.core.signals import Request
from daemon.core.substitution import ConfirmSubstitution, RegisterSubstitution
from daemon.core.visits import AdmitByCode, AdmitVisitor, AnnounceVisit, RegisterResident

if TYPE_CHECKING:
    from daemon.scenario.desk_words import Here

_CARD = r"(?P<card>[0-9A-F]+)"
_PLATE = r"(?P<plate>\S+)"
_WHY = r"(?P<why>.+)"
_HOME = r"(?P<unit>\S+) (?P<name>\S+)"

SENTENCES: tuple[tuple[str, str], ...] = (
    ("receive", rf"(入库|stocks) {_CARD}( (?P<use>临时|temporary))?"),
    ("lose", rf"挂失 {_CARD}( 收费 (?P<yuan>\d+) 元)?( 换发 (?P<other>[0-9A-F]+))?"),
    ("lose", rf"loses {_CARD}( fee (?P<yuan>\d+) yuan)?( for (?P<other>[0-9A-F]+))?"),
    ("block", rf"(停卡|blocks) {_CARD} {_WHY}"),
    ("unblock", rf"(复用|unblocks) {_CARD} {_WHY}"),
    (
        "change",
        rf"换车 (?P<permit>\S+) 用 {_PLATE} (?P<hours>\d+) 小时 (?P<basis>车主在场|书面授权) (?P<owner>\S+)",
    ),
    (
        "change",
        rf"swaps (?P<permit>\S+) to {_PLATE} for (?P<hours>\d+) h (?P<basis>[a-z_]+) (?P<owner>\S+)",
    ),
    ("confirm_change", r"(确认换车|confirms the swap) (?P<number>\S+)"),
    ("resident", rf"(登记住户|registers) {_HOME}"),
    (
        "announce",
        rf"预约 (?P<visitor>\S+) 访 {_HOME} (车牌 {_PLATE}|访客码 (?P<code>\S+)) (?P<hours>\d+) 小时",
    ),
    (
        "announce",
        rf"expects (?P<visitor>\S+) at {_HOME} (plate {_PLATE}|code (?P<code>\S+)) for (?P<hours>\d+) h",
    ),
    ("admit", rf"访客 (?P<visitor>\S+) 访 {_HOME}"),
    ("admit", rf"admits (?P<visitor>\S+) to {_HOME}"),
    ("code", r"(访客码|takes code) (?P<code>\S+)"),
    ("crew", rf"施工证 (?P<number>\S+) (?P<person>\S+) 车牌 {_PLATE} 做 (?P<job>\S+) (?P<hours>\d+) 小时"),
    (
        "crew",
        rf"gives pass (?P<number>\S+) to (?P<person>\S+) plate {_PLATE} for (?P<job>\S+) (?P<hours>\d+) h",
    ),
    ("identity", r"(登记证件|registers document) (?P<person>\S+) (?P<document_number>\S+)"),
    ("agree", rf"(同意无卡放行|agrees) {_WHY}"),
    (
        "finding",
        rf"(登记|notes) {_PLATE} (?P<what>漏油|车窗未关|占消防道|leaking|fire_lane) (在|at) (?P<place>\S+)",
    ),
    ("informed", r"(?P<told>已告知|未联系上|told|missed) (?P<number>F\d+) (?P<how>\S+)"),
)

_BASIS: dict[str, Any] = {"车主在场": "owner_present", "书面授权": "written_authorisation"}
_WHAT: dict[str, Any] = {"漏油": "leaking", "车窗未关": "door_or_window_open", "占消防道": "fire_lane"}

Words = Mapping[str, str]


def _receive(words: Words, _here: Here) -> Request:
    return ReceiveCard(card=words["card"], use="temporary" if "use" in words else "permit", reason="采购入库")


def _lose(words: Words, _here: Here) -> Request:
    return LoseCard(
        card=words["card"],
        reason="遗失",
        fee_fen=int(words.get("yuan", "0")) * 100,
        replacement=words.get("other"),
    )


def _block(words: Words, _here: Here) -> Request:
    return BlockCard(card=words["card"], reason=words["why"])


def _unblock(words: Words, _here: Here) -> Request:
    return UnblockCard(card=words["card"], reason=words["why"])


def _change(words: Words, here: Here) -> Request:
    return RegisterSubstitution(
        permit=words["permit"],
        plate=words["plate"],
        basis=_BASIS.get(words["basis"], words["basis"]),
        owner=words["owner"],
        document="行驶证",
        photo="change.jpg",
        valid_until=_in(words, here),
    )


def _confirm_change(words: Words, _here: Here) -> Request:
    return ConfirmSubstitution(number=words["number"])


def _resident(words: Words, _here: Here) -> Request:
    return RegisterResident(unit=words["unit"], name=words["name"])


def _announce(words: Words, here: Here) -> Request:
    return AnnounceVisit(
        unit=words["unit"],
        name=words["name"],
        visitor=words["visitor"],
        plate=words.get("plate"),
        code=words.get("code"),
        valid_until=_in(words, here),
    )


def _admit(words: Words, here: Here) -> Request:
    return AdmitVisitor(lane=here.lane, unit=words["unit"], name=words["name"], visitor=words["visitor"])


def _code(words: Words, here: Here) -> Request:
    return AdmitByCode(lane=here.lane, code=words["code"])


def _crew(words: Words, here: Here) -> Request:
    return IssuePass(
        number=words["number"],
        person=words["person"],
        household_or_job=words["job"],
        plate=words["plate"],
        valid_from=here.now,
        valid_until=_in(words, here),
    )


def _identity(words: Words, here: Here) -> Request:
    return RegisterIdentity(
        lane=here.lane,
        person=words["person"],
        document="identity_card",
        document_number=words["document_number"],
    )


def _agree(words: Words, here: Here) -> Request:
    return AgreeRelease(lane=here.lane, reason=words["why"])


def _finding(words: Words, _here: Here) -> Request:
    what = _WHAT.get(words["what"], words["what"])
    return RegisterFinding(plate=words["plate"], what=what, place=words["place"], picture="finding.jpg")


def _informed(words: Words, _here: Here) -> Request:
    was_told = words["told"] in ("已告知", "told")
    return OwnerInformed(number=words["number"], was_told=was_told, how=words["how"])


def _in(words: Words, here: Here) -> Any:
    return here.now + timedelta(hours=int(words["hours"]))


REQUESTS: dict[str, Callable[[Words, Here], Request]] = {
    "receive": _receive,
    "lose": _lose,
    "block": _block,
    "unblock": _unblock,
    "change": _change,
    "confirm_change": _confirm_change,
    "resident": _resident,
    "announce": _announce,
    "admit": _admit,
    "code": _code,
    "crew": _crew,
    "identity": _identity,
    "agree": _agree,
    "finding": _finding,
    "informed": _informed,
}
