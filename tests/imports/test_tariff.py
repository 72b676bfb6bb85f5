"""The tariff of the office: checked as the file of config.yaml is, in force at once and over every start."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.tariffs import EXAMPLES, book_in, load_book
from daemon.core.evolve import evolve_all
from daemon.core.posted import GiveTariff, TariffGiven
from daemon.core.reasons import Reason
from daemon.core.receipt_paper import Letterhead
from daemon.core.state import SiteRules, empty_state
from daemon.mqtt.command.judge import Genuine, Refused, judge
from tests.desk.rig import GUARD, OFFICE, Desk
from tests.imports.test_command import Printed, printed, running_site
from tests.mqtt.commands import AT, SIGNERS, command, standing
from tests.tariff.rig import _HEAD

__all__ = ["printed"]

CLASSES = """\
    classes:
      small:
        label: 小型车
        free: {{minutes: 15, counts: only_within}}
        then: {{minutes: 60, yuan: {yuan}}}
"""
NEXT_YEAR = """\
  - id: v2
    effective: 2027-01-01T00:00+08:00
"""


def tariff(yuan: int = 5, *, later: int | None = None) -> str:
    text = _HEAD.format(zone="Asia/Shanghai") + CLASSES.format(yuan=yuan)
    return text if later is None else text + NEXT_YEAR + CLASSES.format(yuan=later)


def give(text: str, source: str = "tariff.yaml") -> GiveTariff:
    return GiveTariff(text=text, source=source)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, SiteRules(tariff=book_in(tariff(5)), read_tariff=book_in))


@pytest.mark.rule("R41")
def test_what_the_office_gives_is_in_force_at_once_and_over_every_start(desk: Desk) -> None:
    (given,) = desk.ask(OFFICE, give(tariff(5, later=8)))
    assert isinstance(given, TariffGiven)
    assert given.versions == ("v1", "v2")
    assert desk.state.tariff == book_in(tariff(5, later=8))
    desk.restart()
    assert desk.state.tariff == book_in(tariff(5, later=8))
    assert desk.state.register.sources["tariff"] == "tariff.yaml"
    assert desk.ask(OFFICE, give(tariff(5, later=8))) == ()
    desk.finish()


@pytest.mark.rule("R17")
def test_a_receipt_names_the_telephone_of_the_tariff_in_force(desk: Desk) -> None:
    assert Letterhead.of("花园", desk.state).complaints == "12345"
    other = tariff(5, later=8).replace('phone: "12345"', 'phone: "0755-96333"')
    desk.ask(OFFICE, give(other))
    assert Letterhead.of("花园", desk.state).complaints == "0755-96333"
    desk.finish()


@pytest.mark.rule("R41")
def test_a_tariff_that_the_file_could_not_be_is_not_taken(desk: Desk) -> None:
    assert book_in(tariff(5, later=8)) is not None
    before = desk.state
    for wrong in ("", "name: [", tariff(5).replace("minutes: 60", "minutes: 0"), tariff(5) + CLASSES):
        assert desk.why_not(OFFICE, give(wrong)) is Reason.TARIFF_WRONG
    assert desk.why_not(GUARD, give(tariff(5, later=8))) is Reason.ROLE_NOT_ALLOWED
    assert desk.state.tariff == before.tariff
    desk.finish()


@pytest.mark.rule("R16")
def test_a_version_that_has_been_in_force_is_not_rewritten(desk: Desk) -> None:
    assert desk.why_not(OFFICE, give(tariff(6))) is Reason.TARIFF_REWRITTEN
    # one that is still to come is anybody's to change
    desk.ask(OFFICE, give(tariff(5, later=8)))
    desk.ask(OFFICE, give(tariff(5, later=9)))
    assert desk.state.tariff == book_in(tariff(5, later=9))
    desk.finish()


@pytest.mark.rule("R16")
def test_a_version_that_has_been_in_force_is_not_left_out_either(desk: Desk) -> None:
    # config.yaml's own may be replaced as a whole; what the office has given is what people were asked
    desk.ask(OFFICE, give(tariff(7).replace("id: v1", "id: a")))
    assert desk.state.tariff == book_in(tariff(7).replace("id: v1", "id: a"))
    dropped = give(tariff(9).replace("id: v1", "id: b"))
    assert desk.why_not(OFFICE, dropped) is Reason.TARIFF_REWRITTEN
    desk.clock.trusted = False
    desk.ask(OFFICE, dropped)
    assert desk.state.tariff == book_in(dropped.text)
    desk.finish()


def test_a_tariff_that_this_version_cannot_read_leaves_the_one_before(desk: Desk) -> None:
    facts = [fact for _, fact in desk.store.facts()]
    odd = TariffGiven(at=desk.clock.now(), text="of 2031", source="x", name="x", versions=("v9",), by=OFFICE)
    state = evolve_all(empty_state((), desk.site), [*facts, odd])
    assert state.tariff == desk.site.tariff
    desk.finish()


def test_every_example_can_be_given(tmp_path: Path) -> None:
    for path in EXAMPLES.glob("*.yaml"):
        desk = Desk(tmp_path / path.stem, SiteRules(read_tariff=book_in))
        desk.ask(OFFICE, give(path.read_text(encoding="utf-8")))
        assert desk.state.tariff == load_book(path)
        desk.finish()


@pytest.mark.rule("R41")
def test_over_mqtt_a_wrong_tariff_comes_back_with_its_lines() -> None:
    def verdict(text: str) -> Genuine | Refused:
        one = command(SIGNERS["office"], "give_tariff", body={"text": text, "source": "t.yaml"})
        found = judge(standing(), one.payload, retained=False)
        assert isinstance(found, Genuine | Refused)
        return found

    assert isinstance(verdict(tariff(5)), Genuine)
    wrong = verdict(tariff(5).replace("minutes: 60", "minutes: 0"))
    assert isinstance(wrong, Refused)
    assert "tariff.yaml:" in wrong.detail
    assert "minutes" in wrong.detail
    assert AT.trusted


@pytest.mark.rule("R41")
async def test_from_the_command_line_into_the_running_gate(tmp_path: Path, printed: Printed) -> None:
    async with running_site(tmp_path) as site:
        site.engine.state = evolve_all(empty_state((), SiteRules(read_tariff=book_in)), [])
        file = site.file(tariff(5), "tariff.yaml")
        assert await site.imports(file, "--dry-run", what="tariff") == 0
        assert "试运行" in printed()
        assert site.engine.state.tariff is None
        assert await site.imports(file, what="tariff") == 0
        assert "v1 (2020-01-01 00:00), 已导入" in printed()
        assert site.engine.state.tariff == load_book(file)
        assert await site.imports(file, what="tariff") == 0
        assert "与现行相同" in printed()
        # a wrong file is told with its lines, and never sent
        wrong = site.file(tariff(5).replace("minutes: 60", "minutes: 0"), "wrong.yaml")
        assert await site.imports(wrong, what="tariff") == 78
        assert "wrong.yaml:" in printed()
        rewritten = site.file(tariff(6), "rewritten.yaml")
        assert await site.imports(rewritten, what="tariff") == 1
        assert "已生效的版本不可改写" in printed()
