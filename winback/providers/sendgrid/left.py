"""All mail of ours that left in a span of time, by SendGrid's Email Logs.

They know no filter by our ids, and show a mail's own only one mail at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from winback.base.settings import Settings
from winback.providers._bounds import name_of
from winback.providers._left import Left, RecordsUnreadable
from winback.providers._seam import Outcome
from winback.providers.sendgrid.client import SendGrid

# The most that one response holds; a span that has more is asked for in halves.
MOST_ROWS: Final = 1000
# Times are asked for in whole seconds.
_SHORTEST: Final = timedelta(seconds=1)


def mail_left(
    settings: Settings,
    *,
    since: datetime,
    until: datetime,
    is_known: Callable[[str], bool],
    pause: Callable[[], None],
) -> Iterator[Left]:
    """Our mail of `since` to `until`, save what `is_known` by SendGrid's id already.

    `pause` is called before each call. Raises RecordsUnreadable, and UsageError where credentials
    are missing.
    """
    with closing(SendGrid(settings, pool_size=1)) as sendgrid:
        for row in _rows(sendgrid, since, until, pause):
            key = name_of(row.get("sg_message_id"))
            if not key:
                raise RecordsUnreadable("unreadable")
            if not is_known(key):
                pause()
                if (mail := _mail(sendgrid, key, row)) is not None:
                    yield mail


def _rows(
    sendgrid: SendGrid, since: datetime, until: datetime, pause: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    spans = [(since.astimezone(UTC).replace(microsecond=0), until.astimezone(UTC))]
    while spans:
        begins, ends = spans.pop()
        query = f"{_bound('>=', begins)} AND {_bound('<', ends)}"
        body = {"query": query, "limit": MOST_ROWS}
        pause()
        outcome, response = sendgrid.ask(
            partial(sendgrid.client.logs.post, request_body=body), taken=200
        )
        rows = response.json().get("messages")
        if outcome.kind != "accepted" or not isinstance(rows, list):
            raise RecordsUnreadable(_reason(outcome))
        if len(rows) < MOST_ROWS:
            yield from (row for row in rows if isinstance(row, dict))
            continue
        if ends - begins <= _SHORTEST:
            raise RecordsUnreadable("too many in a second")
        middle = begins + timedelta(seconds=int((ends - begins).total_seconds()) // 2 or 1)
        spans += [(begins, middle), (middle, ends)]


def _bound(sign: str, at: datetime) -> str:
    return f'sg_message_id_created_at {sign} TIMESTAMP "{at:%Y-%m-%dT%H:%M:%SZ}"'


def _mail(sendgrid: SendGrid, key: str, row: dict[str, Any]) -> Left | None:
    """A row with the ids that we gave it; None for mail of another tool."""
    outcome, response = sendgrid.ask(sendgrid.client.logs._(key).get, taken=200)
    if outcome.kind != "accepted":
        raise RecordsUnreadable(_reason(outcome))
    named = response.json().get("custom_args")
    ours = named if isinstance(named, dict) else {}
    message_id = name_of(ours.get("wb_message"))
    if not message_id:
        return None
    events = response.json().get("events")
    names = [it.get("event") for it in events if isinstance(it, dict)] if events else []
    if "cancel_drop" in names:
        return None  # SendGrid threw it away, as we had asked
    try:
        at = datetime.fromisoformat(str(row.get("sg_message_id_created_at")))
    except ValueError:
        raise RecordsUnreadable("no date") from None
    return Left(
        "sendgrid",
        "email",
        key,
        str(row.get("to_email") or "").strip().lower(),
        at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC),
        message_id,
        name_of(ours.get("wb_attempt")) or "",
    )


def _reason(outcome: Outcome) -> str:
    return f"http_{outcome.status}" if outcome.status else outcome.reason
