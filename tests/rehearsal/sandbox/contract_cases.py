"""Requests made from the official descriptions: one right thing added, or one thing made wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from contract_parts import DESCRIPTIONS, FOLDER

WRONG_TYPE: dict[str, Any] = {
    "string": 7, "integer": "seven", "number": "seven", "boolean": "perhaps", "array": {},
    "object": [],
}  # fmt: skip

FORMATS = {"phone-number", "endpoint", "uri", "email"}
LIMITS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "enum": ("not in enum", lambda _, __: "other"),
    "minLength": ("too short", lambda _, __: ""),
    "maxLength": ("too long", lambda most, _: "x" * (most + 1)),
    "pattern": ("not its pattern", lambda _, __: "?" * 34),
    "minimum": ("too small", lambda least, _: least - 1),
    "maximum": ("too large", lambda most, _: most + 1),
    "maxItems": ("too many", lambda most, value: value[:1] * (most + 1)),
    "uniqueItems": ("twice", lambda _, value: value[:1] * 2),
}


@dataclass(frozen=True)
class Operation:
    """One operation: its official description, and requests that are surely right."""

    method: str
    path: str
    # The path as the description has it.
    template: str
    # The least that it takes, and everything that it takes.
    least: dict[str, Any]
    whole: dict[str, Any]
    encoding: str = "json"
    # Places of the body where the description allows what the provider does not.
    narrower: dict[str, str] = field(default_factory=dict)

    @property
    def schema(self) -> dict[str, Any]:
        file = next(f for start, f in DESCRIPTIONS.items() if self.template.startswith(start))
        document = json.loads((FOLDER / file).read_text())
        operation = written_out(document["paths"][self.template][self.method.lower()], document)
        content = operation["requestBody"]["content"]
        found: dict[str, Any] = next(iter(content.values()))["schema"]
        return found


@dataclass(frozen=True)
class Case:
    """A body, what is special about it, and where."""

    what: str
    at: str
    body: dict[str, Any]

    @property
    def is_wrong_by_itself(self) -> bool:
        """openapi-core looks at no formats, and drops what a form has beside its parameters."""
        return self.what in {"not its format", "unknown"}


def cases(operation: Operation) -> Iterator[Case]:
    """Both right bodies, each optional thing by itself, and everything that can be wrong."""
    yield Case("least", "", operation.least)
    yield Case("whole", "", operation.whole)
    for name in operation.whole.keys() - operation.least.keys():
        yield Case("with", name, {**operation.least, name: operation.whole[name]})
    for case in _broken(operation.schema, operation.whole, ()):
        # A form holds nothing but text, and is no list.
        is_text = operation.encoding == "data" and case.what == "wrong type"
        if not (is_text and _at(case.body, tuple(filter(None, case.at.split(".")))) in ([], 7)):
            yield case


def _broken(schema: dict[str, Any], whole: Any, path: tuple[Any, ...]) -> Iterator[Case]:
    at = ".".join(map(str, path))
    value = _at(whole, path)
    for what, wrong in _wrong_values(schema, value):
        yield Case(what, at, _put(whole, path, wrong))
    for name in schema.get("required", ()):
        if name in value:
            yield Case("without", f"{at}.{name}".strip("."), _without(whole, (*path, name)))
    for name, inner in schema.get("properties", {}).items():
        if isinstance(value, dict) and name in value:
            yield from _broken(_chosen(inner), whole, (*path, name))
    if isinstance(value, list) and value and "items" in schema:
        yield from _broken(_chosen(schema["items"]), whole, (*path, 0))
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict) and value:
        yield from _broken(extra, whole, (*path, next(iter(value))))


def _wrong_values(schema: dict[str, Any], value: Any) -> Iterator[tuple[str, Any]]:
    if schema.get("type") in WRONG_TYPE:
        yield "wrong type", WRONG_TYPE[schema["type"]]
    if schema.get("format") in FORMATS:
        yield "not its format", "?"
    for name, (what, broken) in LIMITS.items():
        if schema.get(name):
            yield what, broken(schema[name], value)
    if schema.get("additionalProperties") is False:
        yield "unknown", {**value, "misspelled": "x"}


def _chosen(schema: dict[str, Any]) -> dict[str, Any]:
    """Of `anyOf` the single value, which is how most of our forms say it."""
    found: dict[str, Any] = schema["anyOf"][-1] if "anyOf" in schema else schema
    return found


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def _put(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(whole)
    _at(changed, path[:-1])[path[-1]] = value
    return changed


def _without(whole: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(whole)
    del _at(changed, path[:-1])[path[-1]]
    return changed


def written_out(
    part: Any, document: dict[str, Any], *, without: Collection[str] = ("examples",)
) -> Any:
    """A part of a description without references, nor entries of the names in `without`."""
    if isinstance(part, list):
        return [written_out(item, document, without=without) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return written_out(found, document, without=without)
    return {
        name: written_out(item, document, without=without)
        for name, item in part.items()
        if name not in without
    }
