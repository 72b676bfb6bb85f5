"""How a guard gets in, and how nobody else does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from daemon.panel import auth
from daemon.panel.auth import (
    NotSignedIn,
    Sessions,
    SignedIn,
    add_account,
    ensure_first_account,
    form_token,
    make_secret,
    password_fits,
)
from daemon.store.errors import StoreError
from tests.panel.conftest import PASSWORD, Visitor
from tests.panel.guardhouse import Guardhouse, guardhouse


async def test_a_gate_makes_its_first_account_once_and_tells_the_password_once(house: Guardhouse) -> None:
    assert len(house.first_password) == 14
    assert ensure_first_account(house.store.accounts) is None
    account = house.store.accounts.get("guard")
    assert account is not None
    assert account.must_change
    assert house.first_password not in account.secret


async def test_two_gates_do_not_share_a_first_password(house: Guardhouse, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with guardhouse(tmp_path / "other") as other:
        assert other.first_password != house.first_password


async def test_the_one_time_password_must_be_replaced_before_anything_else(visitor: Visitor) -> None:
    answer = await visitor.sign_in("guard", visitor.house.first_password)
    assert (answer.status, answer.headers["Location"]) == (303, "/")

    for path in ("/", "/passages", "/lanes/entry-1/open"):
        answer = await visitor.get(path)
        assert (answer.status, answer.headers["Location"]) == (303, "/password")
    assert (await visitor.get("/live", Accept="text/event-stream")).status == 403

    await visitor.read_token("/password")
    answer = await visitor.post("/password", old=visitor.house.first_password, new=PASSWORD, again=PASSWORD)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert (await visitor.get("/")).status == 200


@pytest.mark.parametrize(
    ("new", "again", "why"),
    [
        ("short", "short", "至少 8 位"),
        ("long enough", "something else", "不一致"),
        ("aaaaaaaaaa", "aaaaaaaaaa", "过于简单"),
        (PASSWORD, PASSWORD, "不可与旧密码相同"),
    ],
)
async def test_a_bad_new_password_is_refused_with_the_reason(
    guard: Visitor, new: str, again: str, why: str
) -> None:
    answer = await guard.post("/password", old=PASSWORD, new=new, again=again)
    assert answer.status == 422
    assert why in await answer.text()


async def test_changing_the_password_ends_every_other_session(guard: Visitor) -> None:
    async with TestClient(TestServer(guard.house.app, host="127.0.0.1")) as elsewhere:
        other = Visitor(guard.house, elsewhere)
        await other.sign_in("guard", PASSWORD)
        assert (await other.get("/")).status == 200

        assert (
            await guard.post("/password", old="not it", new="新的密码-2027", again="新的密码-2027")
        ).status == 422
        assert (await other.get("/")).status == 200
        assert (
            await guard.post("/password", old=PASSWORD, new="新的密码-2027", again="新的密码-2027")
        ).status == 303
        assert (await other.get("/")).status == 303
    assert (await guard.get("/")).status == 200


async def test_a_wrong_password_and_an_unknown_name_read_the_same(visitor: Visitor) -> None:
    wrong = await visitor.sign_in("guard", "wrong")
    unknown = await visitor.sign_in("nobody", "wrong")
    assert wrong.status == unknown.status == 401
    assert "姓名或密码不对" in await wrong.text()
    assert "姓名或密码不对" in await unknown.text()


async def test_guessing_gets_slower_and_waiting_helps(visitor: Visitor) -> None:
    await visitor.start_work("李师傅")
    for _ in range(3):
        assert (await visitor.sign_in_anew("李师傅", "guess")).status == 401

    # Now even the right password has to wait; the time is told.
    answer = await visitor.sign_in_anew("李师傅", PASSWORD)
    assert answer.status == 429
    assert answer.headers["Retry-After"] == "1"
    assert "1 秒后再试" in await answer.text()

    visitor.house.clock.advance(timedelta(seconds=1))
    assert (await visitor.sign_in_anew("李师傅", "guess")).status == 401
    visitor.house.clock.advance(timedelta(seconds=1))
    assert (await visitor.sign_in_anew("李师傅", PASSWORD)).headers["Retry-After"] == "1"
    visitor.house.clock.advance(timedelta(seconds=1))
    assert (await visitor.sign_in_anew("李师傅", PASSWORD)).status == 303


async def test_who_guesses_elsewhere_does_not_keep_the_guards_out_of_their_own_pc(house: Guardhouse) -> None:
    house.store.accounts.set_secret("guard", make_secret(PASSWORD))
    sessions = Sessions(house.store.accounts, house.clock)
    at_the_gate, elsewhere = "192.168.1.20", "192.168.1.66"
    assert isinstance(await sessions.sign_in("guard", PASSWORD, at_the_gate), SignedIn)

    for _ in range(20):
        house.clock.advance(timedelta(seconds=61))
        assert isinstance(await sessions.sign_in("guard", "guess", elsewhere), NotSignedIn)

    assert isinstance(await sessions.sign_in("guard", PASSWORD, at_the_gate), SignedIn)
    new = await sessions.sign_in("guard", PASSWORD, "192.168.1.77")
    assert isinstance(new, NotSignedIn), "an address that nobody knows waits with the guesser"
    assert new.pause > timedelta()


async def test_guesses_at_the_guards_own_pc_have_to_wait_there(house: Guardhouse) -> None:
    house.store.accounts.set_secret("guard", make_secret(PASSWORD))
    sessions = Sessions(house.store.accounts, house.clock)
    await sessions.sign_in("guard", PASSWORD, "192.168.1.20")
    for _ in range(3):
        await sessions.sign_in("guard", "guess", "192.168.1.20")
    answer = await sessions.sign_in("guard", PASSWORD, "192.168.1.20")
    assert isinstance(answer, NotSignedIn)
    assert answer.pause == timedelta(seconds=1)


async def test_the_log_says_who_tried_and_never_a_password(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        await visitor.sign_in("guard", "wrong-secret")
        await visitor.sign_in("secret-in-the-name-field", "x")
        await visitor.start_work()
    told = [record.getMessage() for record in caplog.records if record.name == "daemon.panel.auth"]
    assert told == [
        "panel: wrong password for guard from 127.0.0.1",
        "panel: wrong password for an unknown name from 127.0.0.1",
        "panel: guard signed in from 127.0.0.1",
    ]


async def test_signing_in_anew_ends_the_session_that_the_browser_had(guard: Visitor) -> None:
    accounts = guard.house.store.accounts
    accounts.add("班长", "leader", make_secret(PASSWORD), must_change=False)
    old = {cookie.key: cookie.value for cookie in guard.client.session.cookie_jar}
    page = await (await guard.get("/login")).text()
    assert page == "", "who is signed in is sent to work"

    # A login page that was left open in another tab still sends its form.
    token = form_token(old["gatepost_visit_east"])
    given = old["gatepost_east"]
    assert (await guard.post("/login", token=token, name="班长", password=PASSWORD)).status == 303

    new = {cookie.key: cookie.value for cookie in guard.client.session.cookie_jar}
    assert new["gatepost_east"] != given
    guard.client.session.cookie_jar.update_cookies(old, guard.client.make_url("/"))
    assert (await guard.get("/")).headers["Location"] == "/login"


async def test_a_session_that_is_over_is_over_on_a_full_disk_too(
    guard: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_digest: str) -> None:
        raise StoreError("accounts: disk is full; nothing was written")

    monkeypatch.setattr(guard.house.store.accounts, "close_session", full)
    guard.house.clock.advance(timedelta(hours=13))
    assert (await guard.get("/")).headers["Location"] == "/login"


def test_the_pause_grows_to_a_minute_and_no_further(clock: auth.Now) -> None:
    throttle = auth.Throttle(clock)
    pauses = []
    for _ in range(12):
        throttle.failed(["name x"])
        pauses.append(throttle.pause(["name x"]) // timedelta(seconds=1))
    assert pauses == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert throttle.pause(["name y"]) == timedelta()


async def test_the_session_cookie_is_for_this_site_and_not_for_scripts(visitor: Visitor) -> None:
    answer = await visitor.sign_in("guard", visitor.house.first_password)
    cookie = answer.cookies["gatepost_east"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert not cookie["secure"]  # over http a secure cookie would never come back


async def test_a_session_lasts_one_shift_and_survives_a_restart(tmp_path: Path) -> None:
    async with guardhouse(tmp_path) as house:
        async with TestClient(TestServer(house.app, host="127.0.0.1")) as client:
            visitor = Visitor(house, client)
            await visitor.start_work()
            cookies = {cookie.key: cookie.value for cookie in client.session.cookie_jar}
        clock = house.clock

    async with (
        guardhouse(tmp_path, clock) as again,
        TestClient(TestServer(again.app, host="127.0.0.1"), cookies=cookies) as client,
    ):
        visitor = Visitor(again, client)
        assert (await visitor.get("/")).status == 200

        clock.step_wall(timedelta(days=400))  # the clock is set: no shift has passed
        assert (await visitor.get("/")).status == 200

        clock.advance(timedelta(hours=12, seconds=1))
        assert (await visitor.get("/")).headers["Location"] == "/login"


async def test_signing_out_ends_the_session_at_the_gate_too(guard: Visitor) -> None:
    cookies = {cookie.key: cookie.value for cookie in guard.client.session.cookie_jar}
    assert (await guard.post("/logout")).headers["Location"] == "/login"

    guard.client.session.cookie_jar.update_cookies(cookies, guard.client.make_url("/"))
    assert (await guard.get("/")).headers["Location"] == "/login"


def test_a_secret_fits_its_password_alone_however_it_was_typed() -> None:
    secret = make_secret("Ｐass密码-1")  # a full-width P, as an input method gives it
    assert password_fits("Pass密码-1", secret)
    assert not password_fits("pass密码-1", secret)
    assert make_secret("Pass密码-1") != secret, "each secret has a salt of its own"


async def test_names_may_be_chinese_and_are_taken_once(house: Guardhouse) -> None:
    add_account(house.store.accounts, " 张三 ", "leader")
    assert house.store.accounts.get("张三") is not None
    with pytest.raises(ValueError, match="exists already"):
        add_account(house.store.accounts, "张三", "guard")
    with pytest.raises(ValueError, match="no role 'boss'"):
        house.store.accounts.add("李四", "boss", "x")  # type: ignore[arg-type]  # what a command line may give
    with pytest.raises(ValueError, match="printable"):
        add_account(house.store.accounts, "\n", "guard")
