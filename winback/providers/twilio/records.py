"""Twilio's records as evidence: the list of what went to a number, and how far it came."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from difflib import SequenceMatcher
from functools import partial
from typing import Any, Final, Literal

from winback.content.payloads import Call, Payload, Text, WhatsApp
from winback.providers._bounds import name_of
from winback.providers._look_up import (
    LOOK_UP_SECONDS,
    Charged,
    Finding,
    Listed,
    Prices,
    Progress,
    Search,
)
from winback.providers.twilio.client import TwilioAccount, Unreadable

Likeness = Literal["same", "unclear", "other"]

PAGE_SIZE: Final = 1000
# Far more than anybody gets while a message may wait; a longer list is not read to its end.
MOST_PAGES: Final = 20
# Bodies less alike than this are different messages, not one that Twilio rewrote.
ALIKE: Final = 0.6
# Three times what Twilio takes; comparing bodies takes the product of their lengths.
LONGEST_BODY: Final = 5_000
_TEXTS: Final = ("sid", "status", "to", "_from", "from_", "body", "direction")


def search_messages(
    account: TwilioAccount, question: Search, *, to: str, rewrites: bool = False
) -> Finding:
    """Find a message in the list of those to its number.

    Only To narrows the list: until a message has left it has no date to filter by. `rewrites`:
    the channel may show other words than were sent, so that other words are no proof.
    """
    messages = account.client.messages

    def likeness(record: Any) -> Likeness:
        found = message_likeness(record, question.message.payload, to=to)
        return "unclear" if rewrites and found == "other" and is_ours(record, to) else found

    return search(account, question, lambda: messages.page(to=to, page_size=PAGE_SIZE), likeness)


def search(
    account: TwilioAccount,
    question: Search,
    first_page: Callable[[], Any],
    likeness: Callable[[Any], Likeness],
) -> Finding:
    """What of a list may be the message; for every list of Twilio's that is newest first."""
    since = question.since
    try:
        records = [r for r in _look_up(account, first_page, since) if r.date_created >= since]
    except Unreadable as problem:
        return Finding("unreadable", reason=str(problem), stops_asking=True)
    judged = [(record, likeness(record)) for record in records]
    listed = [
        Listed(str(record.sid), record.date_created, is_same=alike == "same")
        for record, alike in judged
        if alike != "other"
    ]
    listed.sort(key=lambda it: (it.created_at, it.provider_id))
    return Finding("found", tuple(listed)) if listed else Finding("absent")


def fetch_message(account: TwilioAccount, question: Progress) -> Finding:
    """A message's status as a callback would tell it."""
    return fetch(
        account,
        lambda: account.client.messages(question.provider_id).fetch(),
        lambda m: {"MessageSid": m.sid, "MessageStatus": m.status, "To": m.to},
    )


def list_prices(account: TwilioAccount, question: Prices, first_page: Callable[[], Any]) -> Finding:
    """What the records of some time say of prices; of a list that is too long, its newest part."""
    charged: list[Charged] = []
    try:
        for record in _look_up(account, first_page, question.since):
            price, unit = getattr(record, "price", None), getattr(record, "price_unit", None)
            if isinstance(price, str) and isinstance(unit, str):
                charged.append(Charged(str(record.sid), price, unit))
    except Unreadable as problem:
        if not charged:
            return Finding("unreadable", reason=str(problem), stops_asking=True)
    return Finding("priced", charged=tuple(charged))


def message_prices(account: TwilioAccount, question: Prices) -> Finding:
    """What was charged for messages."""
    messages = account.client.messages
    between = {"date_sent_after": question.since, "date_sent_before": question.until}
    return list_prices(account, question, lambda: messages.page(**between, page_size=PAGE_SIZE))


def call_prices(account: TwilioAccount, question: Prices) -> Finding:
    """What was charged for calls."""
    calls = account.client.calls
    between = {"start_time_after": question.since, "start_time_before": question.until}
    return list_prices(account, question, lambda: calls.page(**between, page_size=PAGE_SIZE))


def fetch(
    account: TwilioAccount, call: Callable[[], Any], fields_of: Callable[[Any], Mapping[str, Any]]
) -> Finding:
    """One record; of a record that Twilio no longer has nothing can be learned."""
    try:
        record = account.read(call)
        if record.sid is not None:
            _check(record)
        values = {name: str(value) for name, value in fields_of(record).items() if value}
    except Unreadable as problem:
        return Finding("unreadable", reason=str(problem), stops_asking=str(problem) != "http_404")
    if record.sid is None or record.status is None:
        return Finding("unreadable", reason="no status")
    if getattr(record, "error_code", None):
        values["ErrorCode"] = str(record.error_code)
    updated = record.date_updated
    if isinstance(updated, datetime):
        values["DateUpdated"] = updated.isoformat()
    return Finding("progress", fields=values)


def read_list(
    account: TwilioAccount,
    first_page: Callable[[], Any],
    since: datetime,
    *,
    most_pages: int,
    seconds: float,
) -> Iterator[Any]:
    """The records of a list, to its end or to where all that follows is older than `since`.

    Twilio doesn't say that its lists are newest first, only shows them so: one that is not is
    read to its end. Raises Unreadable for one that can't be, or is too long to be.
    """
    until = time.monotonic() + seconds
    page, newer, in_order = account.read(first_page), None, True
    for _ in range(most_pages):
        created = None
        records: list[Any] = account.read(partial(list, page))
        for record in records:
            _check(record)
            created = record.date_created
            if not isinstance(created, datetime) or created.tzinfo is None:
                raise Unreadable("no date")
            in_order = in_order and (newer is None or created <= newer)
            newer = created
            yield record
        if in_order and created is not None and created < since:
            return
        if time.monotonic() > until:
            raise Unreadable("took too long")
        page = account.read(page.next_page)
        if page is None:
            return
    raise Unreadable("too long")


def _look_up(
    account: TwilioAccount, first_page: Callable[[], Any], since: datetime
) -> Iterator[Any]:
    return read_list(account, first_page, since, most_pages=MOST_PAGES, seconds=LOOK_UP_SECONDS)


def _check(record: Any) -> None:
    """Raise Unreadable for a record of another shape than Twilio's: who knows what it says."""
    values = [getattr(record, name, None) for name in _TEXTS]
    if any(value is not None and not isinstance(value, str) for value in values):
        raise Unreadable("unreadable")
    if name_of(record.sid) is None or len(getattr(record, "body", None) or "") > LONGEST_BODY:
        raise Unreadable("unreadable")


def is_ours(record: Any, to: str) -> bool:
    """Whether a program sent it to this number."""
    return record.to == to and record.direction in {None, "outbound-api"}


def message_likeness(record: Any, ours: Payload, *, to: str) -> Likeness:
    """Whether a listed message is ours with this payload."""
    if is_masked(record.to):
        return "unclear"
    if not is_ours(record, to):
        return "other"
    sender = "from_" if isinstance(ours, WhatsApp) else "messaging_service_sid"
    theirs = getattr(record, sender, None)
    if theirs and getattr(ours, sender) and theirs != getattr(ours, sender):
        return "other"
    shown = skeleton(record.body or "")
    if not shown or set(shown) == {"x"} or shown == "redacted":
        return "unclear"
    if isinstance(ours, WhatsApp):
        return _template_likeness(shown, ours)
    return _body_likeness(shown, ours.body) if isinstance(ours, Text) else "unclear"


def is_masked(number: str | None) -> bool:
    """Whether Twilio hides a number, as it does for accounts that ask for that."""
    return not number or bool(set(number) & set("xX*#"))


def _body_likeness(shown: str, body: str) -> Likeness:
    ours = skeleton(body)
    if not body:
        return "unclear"
    if shown == ours:
        return "same"
    matcher = SequenceMatcher(None, shown, ours, autojunk=False)
    # Cut off, added to, or rewritten: who knows.
    return "unclear" if ours in shown or matcher.ratio() >= ALIKE else "other"


def _template_likeness(shown: str, ours: WhatsApp) -> Likeness:
    """Twilio shows a template filled in: what we filled in must all be there."""
    try:
        variables = json.loads(ours.content_variables or "{}")
    except ValueError:
        return "unclear"
    wanted = [skeleton(str(value)) for value in variables.values()]
    wanted = [value for value in wanted if value]
    return "same" if wanted and all(value in shown for value in wanted) else "unclear"


def skeleton(text: str) -> str:
    """Letters and digits alone: smart encoding changes quotes, dashes and spaces."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in plain if character.isalnum())


def search_calls(account: TwilioAccount, question: Search) -> Finding:
    """Find a call in the list of those to its number.

    A call's record doesn't say what was spoken: one from our caller number, placed by a program
    at that time, is taken for it.
    """
    calls, to = account.client.calls, question.message.address

    def likeness(record: Any) -> Likeness:
        is_from_us = getattr(record, "_from", None) == question.message.payload_as(Call).from_
        return "same" if is_ours(record, to) and is_from_us else "other"

    return search(account, question, lambda: calls.page(to=to, page_size=PAGE_SIZE), likeness)


def fetch_call(account: TwilioAccount, question: Progress) -> Finding:
    """A call's status as a callback would tell it."""
    return fetch(
        account,
        lambda: account.client.calls(question.provider_id).fetch(),
        lambda call: {"CallSid": call.sid, "CallStatus": call.status, "To": call.to},
    )
