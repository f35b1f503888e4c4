"""The page of an export: one file, nothing loaded from outside, for a person on a phone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from textwrap import shorten
from typing import Any, Final

from winback.base.page_templates import page_templates
from winback.base.words import OUTCOMES
from winback.people.export._section import Found, Section

# What a person asks for first, as its own part: title, what it is, and the places.
_PARTS: Final = (
    (
        "About you",
        "What the shop told us of you.",
        ("landing customers",),
    ),
    (
        "What you agreed to, and what you refused",
        "Consents with the shop's proof of them, opt-outs, and choices of yours.",
        (
            "landing consents",
            "ledger suppressions",
            "ledger preferences",
            "ledger series_joins",
            "ledger revocations",
        ),
    ),
    (
        "What we sent you",
        "Each message with its words, as far as they are kept.",
        ("ledger messages",),
    ),
    (
        "What you wrote to us",
        "Your replies, and what we made of them.",
        ("ledger replies", "ledger conversations", "ledger responses"),
    ),
    (
        "What you did with our messages",
        "Deliveries, openings, clicks and opt-outs, as the providers told us.",
        ("ledger provider_events", "ledger links"),
    ),
    (
        "What you bought",
        "Orders, as the shop told us.",
        ("landing orders", "landing order_items"),
    ),
    (
        "Codes and playbooks",
        "A playbook is a series of messages. By chance some customers get none: we compare.",
        (
            "ledger enrollments",
            "ledger enrollment_ends",
            "ledger bandit_choices",
            "ledger offer_codes",
        ),
    ),
)


def page(facts: Mapping[str, Any], sections: Iterable[Section], *, brand: str) -> str:
    """The page as HTML."""
    by_place = {it.place: it for it in sections}
    parts = [
        (title, about, [by_place.pop(name) for name in places if name in by_place])
        for title, about, places in _PARTS
    ]
    computed = [it for name, it in by_place.items() if name.startswith("published ")]
    rest = [it for name, it in by_place.items() if not name.startswith("published ")]
    parts += [
        (
            "What is computed from it",
            "The tables that decide of messages to you. Each run computes them anew.",
            computed,
        ),
        (
            "All else",
            "Decisions, what the providers told us in their own form, and technical records.",
            rest,
        ),
    ]
    template = page_templates(Path(__file__).parent).get_template("page.html")
    return template.render(
        brand=brand,
        facts=facts,
        parts=[part for part in parts if part[2]],
        withheld=sum(it.withheld for part in parts for it in part[2]),
        heading=_heading,
        to_you=_to_you,
        cells=_cells,
        words_of=_words_of,
    )


def _heading(found: Found) -> str:
    """What a row is called while it is folded."""
    row = found.row
    when = next((_text(row[name]) for name in _MOMENTS if row.get(name)), "")
    what = [_text(row[name]).replace("_", " ") for name in _WORDS if row.get(name)]
    what += [_text(row[name]) for name in _NAMES if row.get(name)]
    if state := row.get("state"):
        what.append(OUTCOMES.get(str(state), str(state)))
    return ", ".join([part for part in (when, *what) if part]) or _first_cell(found)


def _first_cell(found: Found) -> str:
    """What its first cell says; a row without one goes by its file."""
    name, value = next(iter(_cells(found)), ("file", found.file))
    return f"{name}: {shorten(' '.join(value.split()), _LONGEST, placeholder=' …')}"


def _to_you(holds: str) -> str:
    """What rows are, told to the person themselves."""
    told = _THEY.sub(lambda found: _YOU[found[0].lower()], holds)
    return told[:1].upper() + told[1:]


_YOU: Final = {"they": "you", "them": "you", "their": "your", "theirs": "yours"}
_THEY: Final = re.compile(rf"\b(?:{'|'.join(_YOU)})\b", re.IGNORECASE)
# Signs of a folded row.
_LONGEST: Final = 70


_MOMENTS: Final = (
    "accepted_at", "occurred_at", "received_at", "ordered_at", "given_at", "entered_at",
    "asked_at", "opened_at", "decided_at", "ended_at", "planned_at", "created_at",
)  # fmt: skip
_WORDS: Final = ("kind", "status", "reason", "channel", "channel_group", "decision")
_NAMES: Final = ("order_id", "product_id", "playbook_id", "segment", "code", "provider")


def _words_of(found: Found) -> list[str]:
    """The words of a message or a reply, to be read as they were."""
    row = found.row
    payload = row.get("payload_json")
    told = [row.get("text"), row.get("asked_words"), row.get("granted_words")]
    if isinstance(payload, Mapping):
        told = [payload.get(name) for name in ("subject", "text", "body", "words", "caption")]
    return [str(it) for it in told if isinstance(it, str) and it]


def _cells(found: Found) -> list[tuple[str, str]]:
    where = [("file", f"{found.file}, row {found.line}" if found.line else found.file)]
    told = [(name.replace("_", " "), _text(value)) for name, value in found.row.items()]
    return [cell for cell in (*told, *where) if cell[1]]


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping | list):
        return json.dumps(value, default=str, ensure_ascii=False, indent=1) if value else ""
    return "" if value is None else str(value)
