"""All texts and calls of ours that Twilio took in a span of time, and the texts sent to us.

Twilio's lists keep no id of ours: a text is told by its number, its words and the links in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any, Final

from winback.base.settings import Settings
from winback.providers._left import Heard, Left, RecordsUnreadable
from winback.providers.twilio.client import TwilioAccount, Unreadable
from winback.providers.twilio.records import PAGE_SIZE, is_masked, read_list

# A million messages: who sent more since a backup has to hold them.
_MOST_PAGES: Final = 1000
_MOST_SECONDS: Final = 3600.0


def texts_left(settings: Settings, *, since: datetime) -> Iterator[Left | Heard]:
    """Our texts and calls since a moment, and the texts that came in.

    Raises RecordsUnreadable, also where the account hides numbers; UsageError where credentials
    are missing.
    """
    with closing(TwilioAccount(settings, pool_size=1, what="Texts")) as account:
        lists = [account.client.messages]
        if "voice" in settings.enabled_channels:
            lists.append(account.client.calls)
        try:
            for found in lists:
                yield from _read(account, found, settings, since)
        except Unreadable as problem:
            raise RecordsUnreadable(str(problem)) from None


def _read(
    account: TwilioAccount, found: Any, settings: Settings, since: datetime
) -> Iterator[Left | Heard]:
    records = read_list(
        account,
        lambda: found.page(page_size=PAGE_SIZE),
        since,
        most_pages=_MOST_PAGES,
        seconds=_MOST_SECONDS,
    )
    for record in records:
        if record.date_created < since:
            continue
        if is_masked(record.to):
            raise Unreadable("numbers are hidden")
        words = getattr(record, "body", None) or ""
        if record.direction == "inbound":
            sender = str(getattr(record, "from_", None) or getattr(record, "_from", None) or "")
            yield Heard(str(record.sid), sender, str(record.to), words, record.date_created)
        elif _may_be_ours(record, settings):
            address = str(record.to).rpartition(":")[2]
            yield Left(
                "twilio",
                "phone",
                str(record.sid),
                address,
                record.date_created,
                words=words,
            )


def _may_be_ours(record: Any, settings: Settings) -> bool:
    """Whether one of our senders sent it; where the list names none, it may be."""
    ours = {
        settings.twilio_messaging_service_sid,
        settings.twilio_rcs_service_sid,
        settings.twilio_whatsapp_from,
        f"whatsapp:{settings.twilio_whatsapp_from}",
        settings.twilio_voice_from,
    }
    service = getattr(record, "messaging_service_sid", None)
    sender = getattr(record, "from_", None) or getattr(record, "_from", None)
    if service:
        return service in ours
    return not sender or sender in ours or not hasattr(record, "messaging_service_sid")
