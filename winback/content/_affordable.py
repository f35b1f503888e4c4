"""The words of a text that a person's facts may not make dearer than their fallbacks would."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from winback.content._blocked import RenderBlocked
from winback.content._safe import one_line
from winback.content._sms_text import count_sms_parts, is_gsm7, to_gsm7
from winback.content._templates import Templates
from winback.content.facts import CAN_GIVE_WAY


def fill_affordably(
    templates: Templates, name: str, context: Mapping[str, Any], *, budget: int, toll_free: bool
) -> str:
    """One text in GSM-7 where it can be; a fact that costs too much is as if unknown.

    A fact in another alphabet gives way where that saves a part, any other one only while the
    text is over its budget. A fact without a fallback in the template stays.
    """
    parts = partial(count_sms_parts, toll_free=toll_free)
    body = _fill(templates, name, context)
    known = [fact for fact in CAN_GIVE_WAY if fact in context]
    foreign = [fact for fact in known if not is_gsm7(to_gsm7(context[fact]))]
    shorter, remaining = body, context
    for fact in foreign:
        shorter, remaining = _without(templates, name, remaining, fact) or (shorter, remaining)
    if parts(shorter) < parts(body):
        body, context = shorter, remaining
    for fact in known:
        if parts(body) <= budget:
            break
        if fact in context:
            body, context = _without(templates, name, context, fact) or (body, context)
    return body


def _without(
    templates: Templates, name: str, context: Mapping[str, Any], fact: str
) -> tuple[str, Mapping[str, Any]] | None:
    """The text without a fact, and what it was made of; None where the template needs it."""
    remaining = {key: value for key, value in context.items() if key != fact}
    try:
        return _fill(templates, name, remaining), remaining
    except RenderBlocked:
        return None


def _fill(templates: Templates, name: str, context: Mapping[str, Any]) -> str:
    return to_gsm7(one_line(templates.fill(name, context)))
