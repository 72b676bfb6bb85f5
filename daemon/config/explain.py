"""pydantic's errors in the words of `problems`: the range from the model itself, the nearest name for a slip.

The law of this file: what is allowed is read off the model, never written down a second time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from daemon.config.post import STAFF_CARD, TIME_OF_DAY
from daemon.config.problems import Path, Problem, Source, both, is_secret, redacted, suggestion
from daemon.core.validity import HOURS

Model = TypeVar("Model", bound=BaseModel)

MOMENTS = "2026-01-31 | 2026-01-31 22:00 | 2026-01-31T22:00+08:00"

_KINDS: dict[str, str] = {
    "string_type": both("文本", "text"),
    "path_type": both("文件路径", "a file path"),
    "int_type": both("整数", "a whole number"),
    "int_from_float": both("整数", "a whole number"),
    "float_type": both("数", "a number"),
    "bool_type": "true | false",
    "list_type": both("列表", "a list"),
    "tuple_type": both("列表", "a list"),
    "dict_type": both("键值段", "a section of keys"),
    "model_type": both("键值段", "a section of keys"),
    "datetime_type": MOMENTS,
    "datetime_parsing": MOMENTS,
    "zoneinfo_str": both("IANA 时区名，如 Asia/Shanghai", "an IANA time zone such as Asia/Shanghai"),
}
_PATTERNS: dict[str, str] = {
    "^[a-z0-9][a-z0-9-]{0,31}$": both("小写字母、数字、短横线", "lower-case letters, digits and dashes"),
    f"^({HOURS})?$": both("时段，如 07:00-20:00 或 22:00-06:00", "hours such as 07:00-20:00 or 22:00-06:00"),
    r"^[A-Za-z0-9_-]{43}$": both(
        "43 个字符的公钥，见 gatepost keys seal", "a key of 43 characters: gatepost keys seal"
    ),
    r"^[^#+\s]+$": both("不含 # + 空格", "no # + or space"),
    TIME_OF_DAY: both("时刻，如 07:00", "a time of day such as 07:00"),
    STAFF_CARD: both("10、8 或 6 位十六进制", "10, 8 or 6 hexadecimal digits"),
}
_SAID_BY_ALLOWED = {"string_pattern_mismatch", "literal_error", "enum", "too_short", "too_long"}
_OUT_OF_RANGE = {
    "greater_than", "greater_than_equal", "less_than", "less_than_equal",
    "string_too_short", "string_too_long",
}  # fmt: skip
_OLD_BOOLEANS = {"yes", "on", "y", "no", "off", "n"}
_BOUNDS = (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤"), ("min_length", "≥"), ("max_length", "≤"))


def validated(model: type[Model], data: Any, source: Source) -> Model | list[Problem]:
    """`data`, which stands at the base of `source`, as a `model`; or everything that is wrong with it.

    As strict as JSON is: text is no number, a number no text.
    """
    try:
        return model.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        return explained(error, model, data, source)


def explained(error: ValidationError, model: type[BaseModel], data: Any, source: Source) -> list[Problem]:
    """pydantic's errors about `data`, one problem each."""
    details = error.errors()
    if not source.is_whole:
        details = [detail for detail in details if detail["type"] not in {"missing", "too_short"}]
    return [_problem(detail, model, data, source) for detail in details]


def _problem(detail: ErrorDetails, model: type[BaseModel], data: Any, source: Source) -> Problem:
    kind, path = detail["type"], _path_in(data, detail)
    if kind == "missing":
        if path and isinstance(path[-1], int):
            return source.problem(path[:-1], hint=both("值的个数不够", "too few values"))
        return source.problem(path, hint=both("缺少必填项", "a required key is missing"))
    if kind == "extra_forbidden":
        known = sorted(_keys_at(model, path[:-1]))
        near = suggestion(str(path[-1]), known)
        hint = both("未知的键", "unknown key")
        allowed = "" if near else " | ".join(known)
        return source.problem(path, allowed=allowed, hint=f"{hint}  {near}".rstrip(), at_key=True)
    value = detail["input"]
    hint = redacted(_hint(detail, value), _secrets(data))
    return source.problem(path, value=value, allowed=_allowed(detail, model, path), hint=hint)


def _path_in(data: Any, detail: ErrorDetails) -> Path:
    """pydantic's location without what it adds for unions and the like: the way through the data itself."""
    path: list[str | int] = []
    location = detail["loc"]
    for at, part in enumerate(location):
        last = at == len(location) - 1
        match data, part:
            case (dict(), str()) if part in data:
                data = data[part]
            case (list(), int()) if part < len(data):
                data = data[part]
            case _ if not (last and detail["type"] == "missing"):
                continue
        path.append(part)
    return tuple(path)


def _allowed(detail: ErrorDetails, model: type[BaseModel], path: Path) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in {"literal_error", "enum"}:
        return " | ".join(_choices(context))
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return _PATTERNS.get(pattern, pattern)
    limits = ((sign, _limit(model, path, context, name)) for name, sign in _BOUNDS)
    bounds = ", ".join(f"{sign} {limit}" for sign, limit in limits if limit is not None)
    if bounds and kind in {"too_short", "too_long"}:
        return both(f"{bounds} 项", f"{bounds} items")
    return "  ".join(filter(None, (_KINDS.get(kind, ""), bounds)))


def _hint(detail: ErrorDetails, value: Any) -> str:
    kind = detail["type"]
    match kind, value:
        case (("literal_error" | "enum"), str()):
            return suggestion(value, _choices(detail.get("ctx", {})))
        case "zoneinfo_str", str():
            return suggestion(value, available_timezones())
        case "string_type", bool() | int() | float():
            return both("请加引号", "put it in quotes")
        case "bool_type", str() if value.casefold() in _OLD_BOOLEANS:
            word = "true" if value.casefold() in {"yes", "on", "y"} else "false"
            return both(f"请写 {word}", f"write {word}")
        case (("int_type" | "float_type"), str()) if re.fullmatch(r"[-+]?0[0-9]+", value):
            number = int(value)
            return both(f"请去掉前面的 0: {number}", f"no leading zeros: {number}")
        case (("int_type" | "float_type"), str()) if re.fullmatch(r"[-+]?[0-9.]+", value):
            return both("请去掉引号", "remove the quotes")
    if value is None and kind in _KINDS:
        return both("值是空的", "there is no value")
    if kind in _KINDS or kind in _SAID_BY_ALLOWED:
        return ""
    if kind in _OUT_OF_RANGE:
        return both("超出范围", "out of range")
    return re.sub(r"^(Value|Assertion) error, ", "", detail["msg"])


def _choices(context: dict[str, Any]) -> list[str]:
    """The names in pydantic's `'a', 'b' or 'c'`."""
    return re.findall(r"'([^']*)'", str(context.get("expected", "")))


def _limit(model: type[BaseModel], path: Path, context: dict[str, Any], name: str) -> Any:
    field = _field_at(model, path)
    metadata = field.metadata if field is not None else []
    own = next((limit for item in metadata if (limit := getattr(item, name, None)) is not None), None)
    return context.get(name) if own is None else own


def _field_at(model: type[BaseModel], path: Path) -> FieldInfo | None:
    """The field whose value stands at `path`; None inside of a list, and where there is no such field."""
    field = None
    models = [model]
    for part in path:
        if isinstance(part, int):
            field = None
            continue
        field = next((one.model_fields[part] for one in models if part in one.model_fields), None)
        if field is None:
            return None
        models = list(_models_in(field.annotation))
    return field


def _keys_at(model: type[BaseModel], path: Path) -> set[str]:
    """The keys that the section at `path` may have."""
    models = [model]
    for part in path:
        if isinstance(part, str):
            annotations = [one.model_fields[part].annotation for one in models if part in one.model_fields]
            models = [found for annotation in annotations for found in _models_in(annotation)]
    return {name for one in models for name, field in one.model_fields.items() if not field.exclude}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _secrets(data: Any, path: Path = ()) -> Iterable[str]:
    """Every text under a key that names a password, so that no message can repeat it."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _secrets(value, (*path, key))
    elif isinstance(data, list):
        for value in data:
            yield from _secrets(value, path)
    elif is_secret(path) and data is not None:
        yield str(data)
