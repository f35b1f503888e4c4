"""Styles as a mail's page has them: rules with their conditions, and which of them hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIMPLE: Final = re.compile(r"\.([\w-]+)|#([\w-]+)|\[\s*([\w-]+)[^\]]*\]|([a-zA-Z][\w-]*)|(\*)")
_IMPORTANT: Final = re.compile(r"\s*!\s*important\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Declaration:
    """A property of a rule, in lower case, with its value."""

    name: str
    value: str
    is_important: bool


@dataclass(frozen=True)
class Rule:
    """A selector and what it declares; `condition` is the at-rule around it, or empty."""

    condition: str
    selector: str
    declarations: tuple[Declaration, ...]


def declarations(text: str) -> tuple[Declaration, ...]:
    """The declarations of a style attribute, or of a rule's body."""
    found = []
    for part in re.split(r";(?![^(]*\))", text):
        name, colon, value = part.partition(":")
        if colon and name.strip():
            plain = _IMPORTANT.sub("", value).strip()
            is_important = plain != value.strip()
            found.append(Declaration(name.strip().lower(), plain, is_important))
    return tuple(found)


def rules(sheet: str, condition: str = "") -> Iterator[Rule]:
    """The rules of a style sheet, those inside of at-rules with their condition.

    An at-rule without rules of its own, as `@import`, comes as one whose selector is empty.
    """
    rest = _COMMENT.sub("", sheet)
    while rest := rest.strip():
        opens, ends = rest.find("{"), rest.find(";")
        if rest.startswith("@") and ends >= 0 and (opens < 0 or ends < opens):
            yield Rule(rest[:ends].strip(), "", ())
            rest = rest[ends + 1 :]
            continue
        if opens < 0:
            return
        head, close = rest[:opens].strip(), _closing(rest, opens)
        body, rest = rest[opens + 1 : close], rest[close + 1 :]
        if not head.startswith("@"):
            for selector in head.split(","):
                yield Rule(condition, " ".join(selector.split()), declarations(body))
        elif "{" in body:
            yield Rule(head, "", ())
            yield from rules(body, head)
        else:
            yield Rule(head, "", declarations(body))


def _closing(text: str, opens: int) -> int:
    """The place of the brace that ends the one at `opens`; the end where there is none."""
    depth = 0
    for place in range(opens, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return place
    return len(text)


@dataclass(frozen=True)
class Compound:
    """One step of a selector: what an element must be."""

    tag: str
    names: frozenset[str]
    attributes: frozenset[str]

    def fits(self, tag: str, attributes: Mapping[str, str]) -> bool:
        """Whether an element is so."""
        own = {f".{name}" for name in attributes.get("class", "").split()}
        own.add(f"#{attributes.get('id', '')}")
        return (
            self.tag in {"", tag}
            and self.names <= own
            and all(name in attributes for name in self.attributes)
        )


def compounds(selector: str) -> tuple[Compound, ...] | None:
    """The steps of a selector, the outermost first; None for one that we don't read."""
    if re.search(r"[:>+~]", selector):
        return None
    return tuple(_compound(part) for part in selector.split())


def _compound(text: str) -> Compound:
    tag, names, attributes = "", set[str](), set[str]()
    for of_class, of_id, attribute, of_tag, _any in _SIMPLE.findall(text):
        names |= {f".{of_class}"} if of_class else set()
        names |= {f"#{of_id}"} if of_id else set()
        attributes |= {attribute.lower()} if attribute else set()
        tag = of_tag.lower() or tag
    return Compound(tag, frozenset(names), frozenset(attributes))


def weight(steps: Sequence[Compound]) -> tuple[int, int, int]:
    """How much a selector counts against another, as CSS has it."""
    ids = sum(name.startswith("#") for step in steps for name in step.names)
    names = sum(len(step.names) + len(step.attributes) for step in steps) - ids
    return ids, names, sum(bool(step.tag) for step in steps)
