"""A run's last lines, in sentences. Counts and customer ids only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import Any, Final
from zoneinfo import ZoneInfo

from winback.base.clock import shop_time
from winback.base.duck import Rows
from winback.ledger.vocabulary import REPLIES
from winback.measure.last_screen._read import Outlook
from winback.measure.words import STATES, channel_word

_MOST_REASONS: Final = 5
_MOST_STEPS: Final = 3
# Whom `winback why` tells most about, first.
_TELLS: Final = {
    "not": "tells why somebody gets no message",
    "now": "tells why somebody is written to",
    "later": "tells what somebody waits for",
    "none": "tells in which segments somebody is",
}
_RUNS: Final = {"dry-run": "Dry run", "sandbox": "Sandbox run", "live": "Live run"}


@dataclass(frozen=True)
class Sent:
    """What a run did: `steps` has a row a playbook, step and state with its messages.

    `planned` and `cost` are those of a dry run, which sends nothing. `span` says when the steps
    were sent.
    """

    mode: str
    as_of: datetime
    shop_timezone: str
    steps: Rows = field(default_factory=list)
    planned: int = 0
    cost: str = "0.00"
    pages: dict[str, Path] = field(default_factory=dict)
    span: str = "in this run"


def tell_outlook(outlook: Outlook, sent: Sent) -> Iterator[str]:
    """Who was found, who is written to, why not the others, what leaves next, what to do."""
    yield headline(sent)
    for _, lines in tell_by_section(outlook, sent):
        yield from lines


def headline(sent: Sent) -> str:
    """What kind of run it was, and as of when."""
    at = shop_time(sent.as_of, sent.shop_timezone)
    nothing = "; it sends nothing" if sent.mode == "dry-run" else ""
    return f"{_RUNS[sent.mode]} as of {at}{nothing}"


def tell_by_section(outlook: Outlook, sent: Sent) -> Iterator[tuple[str, list[str]]]:
    """The lines of `tell_outlook`, with a title for each part."""
    is_dry = sent.mode == "dry-run"
    yield "Who was found", [_found(outlook), *_entering(outlook)]
    written = _would_be_written_to(outlook, sent) if is_dry else _written_to(sent)
    yield "What would be sent" if is_dry else "What was sent", list(written)
    yield "Who gets no message, and why", list(_not_written_to(outlook))
    yield "What leaves next", list(_next_messages(outlook, sent))
    yield "What to do next", list(_next_commands(outlook, sent))
    yield "Where to look", [f"{what}: {path}" for what, path in sent.pages.items()]


def _found(outlook: Outlook) -> str:
    if not outlook.found_customers:
        return f"Found: none of {outlook.customers:,} customers is in a segment of a playbook"
    verb = "is" if outlook.found_customers == 1 else "are"
    return (
        f"Found: {outlook.found_customers:,} of {_people(outlook.customers)} {verb} in a playbook "
        f"or in a segment of one{_listed(outlook.found, 'segment')}"
    )


def _entering(outlook: Outlook) -> Iterator[str]:
    if not outlook.entering:
        return
    held_out = sum(row["held_out"] for row in outlook.entering)
    get = "gets" if held_out == 1 else "get"
    rest = f"; {held_out:,} of them {get} no messages, to measure by (holdout)" if held_out else ""
    yield f"New in a playbook: {_people(_total(outlook.entering))}" + (
        _listed(outlook.entering, "playbook") + rest
    )


def _would_be_written_to(outlook: Outlook, sent: Sent) -> Iterator[str]:
    steps = [{"step": _step(row), "customers": row["customers"]} for row in outlook.now]
    who = f"{_people(_total(steps))}{_listed(steps, 'step')}" if steps else "nobody"
    yield f"Would get a message now: {who}"
    if sent.planned:
        yield f"Written, with what leaves later: {_messages(sent.planned)} for {sent.cost}"


def _written_to(sent: Sent) -> Iterator[str]:
    accepted = [
        {"step": _sent_step(row), "messages": row["messages"]}
        for row in sent.steps
        if row["state"] == "accepted"
    ]
    total = sum(row["messages"] for row in accepted)
    by = ", ".join(f"{row['step']}: {row['messages']:,}" for row in accepted if row["messages"])
    yield f"Sent: {_messages(total)} ({by})" if total else f"Sent: no message {sent.span}"
    for row in sent.steps:
        if row["state"] != "accepted" and row["messages"]:
            yield f"  {_sent_step(row)}: {_messages(row['messages'])} {STATES[row['state']]}"


def _not_written_to(outlook: Outlook) -> Iterator[str]:
    if not outlook.reasons:
        return
    yield (
        f"No message for {_people(_total(outlook.reasons))} of those found. What keeps each "
        "(the first rule):"
    )
    for row in outlook.reasons[:_MOST_REASONS]:
        yield f"  {row['customers']:>7,}  {row['sentence']}"
    rest = outlook.reasons[_MOST_REASONS:]
    if rest:
        yield f"  {_total(rest):>7,}  {len(rest):,} other reasons"


def _next_messages(outlook: Outlook, sent: Sent) -> Iterator[str]:
    if not outlook.later:
        yield "Next messages: none is in sight"
        return
    for i, row in enumerate(outlook.later[:_MOST_STEPS]):
        when = shop_time(row["from_at"], sent.shop_timezone)
        why = "waits for its window, which opens" if row["waits_for"] == "window" else "is due from"
        head = "Next messages" if not i else "  then"
        yield f"{head}: {_step(row)} for {_people(row['customers'])} {why} {when}"
    rest = outlook.later[_MOST_STEPS:]
    if rest:
        yield f"  later: {_people(_total(rest))} at {len(rest):,} more steps"


def _next_commands(outlook: Outlook, sent: Sent) -> Iterator[str]:
    commands = list(_commands(outlook, sent))
    width = max((len(command) for command, _ in commands), default=0) + 2
    for i, (command, what) in enumerate(commands):
        yield f"{'Next: ' if not i else '      '}{command:<{width}}{what}"


def _commands(outlook: Outlook, sent: Sent) -> Iterator[tuple[str, str]]:
    asked = next((name for name in _TELLS if name in outlook.examples), "")
    if asked:
        yield f"winback why {quote(outlook.examples[asked])}", _TELLS[asked]
    if sent.mode == "live":
        if outlook.later:
            yield "winback run", "once more when the next messages may leave"
    elif sent.mode == "dry-run" and outlook.now:
        yield "winback run --mode sandbox", "sends them to providers on this machine"
    elif outlook.later:
        # The minute after: a window opens at the full one, an earlier message's day later.
        at = outlook.later[0]["from_at"].astimezone(ZoneInfo(sent.shop_timezone))
        yield (
            f"winback run --mode sandbox --as-of {at + timedelta(minutes=1):%Y-%m-%dT%H:%M}",
            "rehearses the next messages",
        )
    else:
        yield "winback doctor", "lists what is missing before --mode live"


def _step(row: dict[str, Any]) -> str:
    return f"{row['playbook']} step {row['step']} ({channel_word(row['channel'])})"


def _sent_step(row: dict[str, Any]) -> str:
    if row["playbook"] == REPLIES:
        return "replies"
    return f"{row['playbook']} step {row['step']}"


def _listed(rows: Rows, name: str) -> str:
    by = ", ".join(f"{row[name]} {row['customers']:,}" for row in rows)
    return f" ({by})" if by else ""


def _total(rows: Rows) -> int:
    return sum(row["customers"] for row in rows)


def _people(count: int) -> str:
    return f"{count:,} customer" + ("" if count == 1 else "s")


def _messages(count: int) -> str:
    return f"{count:,} message" + ("" if count == 1 else "s")
