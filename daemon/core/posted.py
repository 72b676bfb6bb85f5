"""The tariff that the office gives (R16, R41): text as in the file, in force from then on, over every start.

The law of this file: the text is read by `SiteRules.read_tariff`, the same reading that checks config.yaml's
own file, so that what would not be taken there is not taken here. The ledger keeps the text, whoever asks
for the tariff reads it (a replay asks for no rule). What is in force already is not rewritten:
a price is changed by a version with a new id and a later moment, or nobody could say what was posted when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from daemon.core.fact import Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Instant, Request

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import SiteRules
    from daemon.core.tariff.book import Book

NAME = "tariff"
"""What it is called among the things that the office has given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveTariff(Request):
    """The whole tariff of the site, all versions of it."""

    text: str
    source: str
    """The file or the message that it came in."""
    kind: Literal["give_tariff"] = "give_tariff"


AnyRequest = GiveTariff


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffGiven(Fact):
    """From now on this is the tariff; config.yaml's own is not used any more."""

    text: str
    source: str
    name: str
    versions: tuple[str, ...]
    by: Actor
    kind: Literal["tariff_given"] = "tariff_given"


AnyFact = TariffGiven


def evolve(given: TariffGiven | None, fact: Fact) -> TariffGiven | None:
    return fact if isinstance(fact, TariffGiven) else given


def in_force(given: TariffGiven | None, rules: SiteRules) -> Book | None:
    """The office's tariff; config.yaml's own while there is none that this version of gatepost can read."""
    book = rules.read_tariff(given.text) if given is not None else None
    return rules.tariff if book is None else book


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    before, book = draft.state.tariff, draft.state.rules.read_tariff(request.text)
    if book is None:
        draft.refuse(asked, Reason.TARIFF_WRONG)
    elif before is not None and rewrites(before, book, draft.at, may_drop=draft.state.posted is None):
        draft.refuse(asked, Reason.TARIFF_REWRITTEN)
    elif book != before or draft.state.posted is None:
        draft.say(
            TariffGiven(
                at=draft.at,
                text=request.text,
                source=request.source,
                name=book.name,
                versions=tuple(version.id for version in book.versions),
                by=asked.actor,
            )
        )


def rewrites(before: Book, after: Book, at: Instant, *, may_drop: bool) -> bool:
    """True where a version that has been in force says something else now under its old id, or is gone.

    Gone may only be config.yaml's own, whose place is taken. Without a clock that can be trusted nobody knows
    which have been in force: then none is held against it.
    """
    given = {version.id: version.digest for version in after.versions}
    in_force = {version.id: version.digest for version in before.versions if version.effective <= at.wall}
    kept = in_force if not may_drop else in_force.keys() & given.keys()
    return at.trusted and any(given.get(key) != in_force[key] for key in kept)
