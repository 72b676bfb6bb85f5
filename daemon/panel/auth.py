"""Who is at the panel: passwords, sessions and the price of guessing.

The law of this file: a password is never kept, logged or compared but through scrypt; a session token
exists in the browser's cookie alone, the gate keeps its digest; every failed try makes the next one wait
longer. There is no default password anywhere.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import secrets
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from daemon.core.reasons import Words
from daemon.core.signals import Actor, Instant
from daemon.panel.gate import Now
from daemon.store.accounts import Accounts, Role
from daemon.store.errors import StoreError

log = logging.getLogger(__name__)

SESSION_LIFE = timedelta(hours=12)
"""One shift."""

SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 5
"""Of the settings that OWASP's Password Storage Cheat Sheet holds equal, the one that needs only 16 MiB."""

FREE_TRIES = 3
LONGEST_PAUSE = timedelta(seconds=60)
THROTTLED_KEYS = 2000
KNOWN_PLACES = 200

PASSWORD_MIN, PASSWORD_MAX = 8, 128
NAME_MAX = 32

# Without 0, 1, i, l, o: it is read from a console and typed once.
_ONE_TIME_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


# ---------------------------------------------------------------- passwords


def make_secret(password: str) -> str:
    """What is kept instead of the password: `scrypt$N$r$p$salt$key`. Takes a noticeable time, on purpose."""
    salt = secrets.token_bytes(16)
    key = _scrypt(password, salt, SCRYPT_N, SCRYPT_R, SCRYPT_P)
    return f"scrypt${SCRYPT_N}${SCRYPT_R}${SCRYPT_P}${_b64(salt)}${_b64(key)}"


def password_fits(password: str, secret: str) -> bool:
    """Constant-time in the password. Raises ValueError for a secret that `make_secret` did not make."""
    scheme, n, r, p, salt, key = secret.split("$")
    if scheme != "scrypt":
        raise ValueError(f"account secret of unknown scheme {scheme!r}; scrypt is the only one")
    made = _scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(made, base64.b64decode(key))


def password_problem(new: str, *, name: str, old: str) -> Words | None:
    """Why `new` cannot be the password of `name`; None where it can."""
    if len(new) < PASSWORD_MIN:
        return Words(f"新密码至少 {PASSWORD_MIN} 位", f"at least {PASSWORD_MIN} characters")
    if len(new) > PASSWORD_MAX:
        return Words(f"新密码最多 {PASSWORD_MAX} 位", f"at most {PASSWORD_MAX} characters")
    if _plain(new) == _plain(old):
        return Words("新密码不可与旧密码相同", "must differ from the old one")
    if _plain(new).casefold() == _plain(name).casefold() or len(set(new)) < 3:
        return Words("新密码过于简单", "too easy to guess")
    return None


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(_plain(password).encode(), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=32)


def _plain(text: str) -> str:
    # The same keys give different code points on different input methods; NFKC makes them one.
    return unicodedata.normalize("NFKC", text)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


# ---------------------------------------------------------------- accounts


def ensure_first_account(accounts: Accounts, *, name: str = "guard", role: Role = "guard") -> str | None:
    """Where nobody has an account yet, make one; returns its one-time password, to be printed once."""
    return add_account(accounts, name, role) if accounts.count() == 0 else None


def add_account(accounts: Accounts, name: str, role: Role) -> str:
    """A new account; returns its one-time password. Raises ValueError for a bad or taken name."""
    name = clean_name(name)
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
        raise ValueError(f"account name {name!r}: 1 to {NAME_MAX} printable characters, Chinese is welcome")
    password = one_time_password()
    accounts.add(name, role, make_secret(password), must_change=True)
    return password


def one_time_password() -> str:
    """Three groups of four, 59 bits: behind the throttle more than enough until it is replaced."""
    return "-".join("".join(secrets.choice(_ONE_TIME_LETTERS) for _ in range(4)) for _ in range(3))


def clean_name(name: str) -> str:
    return _plain(name).strip()


# ---------------------------------------------------------------- throttling


class Throttle:
    """Back-off for guesses: the first three failures are free, then 1, 2, 4… up to 60 s for each key.

    A key is a name or an address, and nobody is locked out for good.
    """

    def __init__(self, clock: Now) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, timedelta]] = OrderedDict()

    def pause(self, keys: Sequence[str]) -> timedelta:
        """How long a try with these keys has to wait from now; zero where it may go on."""
        now = self._clock.now().mono
        return max(timedelta(), *(self._until(key) - now for key in keys))

    def failed(self, keys: Sequence[str]) -> None:
        now = self._clock.now().mono
        for key in keys:
            count = self._failures.get(key, (0, now))[0] + 1
            self._failures[key] = (count, now)
            self._failures.move_to_end(key)
        while len(self._failures) > THROTTLED_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._failures.pop(key, None)

    def _until(self, key: str) -> timedelta:
        count, last = self._failures.get(key, (0, timedelta()))
        if count < FREE_TRIES:
            return timedelta()
        doubled = timedelta(seconds=2 ** min(count - FREE_TRIES, 10))
        return last + min(doubled, LONGEST_PAUSE)


# ---------------------------------------------------------------- sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is signed in."""

    name: str
    role: Role
    must_change: bool
    token: str

    @property
    def actor(self) -> Actor:
        return Actor(name=self.name, role=self.role)


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str


@dataclass(frozen=True, slots=True)
class NotSignedIn:
    """`pause` is how long the next try has to wait; zero where name and password were looked at."""

    pause: timedelta


class Sessions:
    """Signing in and out. Scrypt runs in a thread, one at a time: guesses cost the gate's loop nothing.

    Who has signed in from an address before waits there for that address's failures alone: somebody who
    guesses elsewhere cannot keep the guards out of their own PC.
    """

    def __init__(self, accounts: Accounts, clock: Now) -> None:
        self._accounts = accounts
        self._clock = clock
        self._throttle = Throttle(clock)
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()
        self._nobody = make_secret(secrets.token_hex(16))

    async def sign_in(self, name: str, password: str, address: str) -> SignedIn | NotSignedIn:
        name = clean_name(name)[:NAME_MAX]
        keys = [f"address {address}"]
        if (name, address) not in self._known:
            keys.append(f"name {name}")
        async with self._one_at_a_time:
            pause = self._throttle.pause(keys)
            if pause > timedelta():
                return NotSignedIn(pause)
            account = self._accounts.get(name)
            # An unknown name costs the same time as a wrong password.
            secret = self._nobody if account is None else account.secret
            fits = await asyncio.to_thread(password_fits, password[:PASSWORD_MAX], secret)
            if account is None or not fits:
                self._throttle.failed(keys)
                # An unknown name may be a password in the wrong field: it is not written down.
                log.warning(
                    "panel: wrong password for %s from %s", name if account else "an unknown name", address
                )
                return NotSignedIn(timedelta())
            self._throttle.succeeded(keys)
        self._remember(name, address)
        log.info("panel: %s signed in from %s", name, address)
        return SignedIn(self._open(account.name))

    def _remember(self, name: str, address: str) -> None:
        self._known[name, address] = None
        self._known.move_to_end((name, address))
        while len(self._known) > KNOWN_PLACES:
            self._known.popitem(last=False)

    def who(self, token: str | None) -> Person | None:
        """The person of this token; None where the session is closed, stale or never was."""
        if not token:
            return None
        session = self._accounts.session(_digest(token))
        if session is None:
            return None
        age = age_of(session.since, self._clock.now())
        if age is None or age > SESSION_LIFE:
            with suppress(StoreError):  # a full disk keeps the row; that it is over does not hang on it
                self._accounts.close_session(_digest(token))
            return None
        account = session.account
        return Person(name=account.name, role=account.role, must_change=account.must_change, token=token)

    def sign_out(self, person: Person) -> None:
        self._accounts.close_session(_digest(person.token))

    async def change_password(self, person: Person, old: str, new: str) -> SignedIn | Words:
        """Every session of the account ends, and a new one is opened; or the words say why not."""
        problem = password_problem(new, name=person.name, old=old)
        if problem is not None:
            return problem
        keys = (f"name {person.name}",)
        async with self._one_at_a_time:
            pause = self._throttle.pause(keys)
            if pause > timedelta():
                return pause_words(pause)
            account = self._accounts.get(person.name)
            if account is None or not await asyncio.to_thread(
                password_fits, old[:PASSWORD_MAX], account.secret
            ):
                self._throttle.failed(keys)
                return Words("旧密码不对", "the old password is wrong")
            self._throttle.succeeded(keys)
            secret = await asyncio.to_thread(make_secret, new)
        self._accounts.set_secret(account.name, secret)
        log.info("panel: %s has a new password", account.name)
        return SignedIn(self._open(account.name))

    def _open(self, name: str) -> str:
        token = secrets.token_urlsafe(32)
        self._accounts.open_session(_digest(token), name, self._clock.now())
        return token


def age_of(since: Instant, now: Instant) -> timedelta | None:
    """How long ago `since` was; None where two boots and an untrusted clock leave it open."""
    if since.boot == now.boot:
        return now.mono - since.mono
    if not (since.trusted and now.trusted) or now.wall < since.wall:
        return None
    return now.wall - since.wall


def pause_words(pause: timedelta) -> Words:
    seconds = -(-pause // timedelta(seconds=1))
    return Words(f"尝试过多，请 {seconds} 秒后再试", f"too many tries, wait {seconds} s")


def form_token(cookie: str) -> str:
    """What a form must carry beside this cookie: made from it, so that there is nothing more to keep."""
    return hmac.new(to_bytes(cookie), b"gatepost panel form", hashlib.sha256).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(to_bytes(token)).hexdigest()


def to_bytes(text: str) -> bytes:
    """What a client sent, as it sent it: headers that are no UTF-8 come with surrogates in their text."""
    return text.encode("utf-8", "surrogateescape")
