"""One word for each request of the core, its options from the request: for `ask`, and for `office send`.

The law of this file: nothing is said here about a request that the request does not say itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from typing import Any

from daemon.core.posted import GiveTariff
from daemon.core.register import GivenList
from daemon.core.requests import ALL_REQUESTS, kind_of

_FIELD = "field_"


def add_requests(
    words: argparse._SubParsersAction[argparse.ArgumentParser], run: Callable[[argparse.Namespace], int]
) -> Iterator[argparse.ArgumentParser]:
    """Add them, and hand out each parser for more. What is given whole comes in a file: `gatepost import`."""
    for request in ALL_REQUESTS:
        if issubclass(request, GivenList | GiveTariff):
            continue
        kind, text = kind_of(request), (request.__doc__ or "").splitlines()[0]
        parser = words.add_parser(kind.replace("_", "-"), help=text, description=text)
        parser.set_defaults(run=run, request_kind=kind)
        for field in fields(request):
            if field.name not in {"kind", "sealed"}:  # a seal is put on by the gate, never given
                add_field(
                    parser,
                    field.name,
                    metavar=str(field.type).removesuffix(" | None").upper(),
                    required=field.default is MISSING,
                )
        yield parser


def add_field(parser: argparse.ArgumentParser, name: str, *, metavar: str, required: bool = True) -> None:
    parser.add_argument(
        f"--{name.replace('_', '-')}",
        dest=f"{_FIELD}{name}",
        required=required,
        metavar=metavar,
        default=argparse.SUPPRESS,
    )


def asked(args: argparse.Namespace) -> dict[str, Any]:
    """What was typed, by the names of the request's fields."""
    return {name.removeprefix(_FIELD): value for name, value in vars(args).items() if name.startswith(_FIELD)}
