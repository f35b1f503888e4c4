"""Mail that SendGrid holds back and for which it gave no response: how much of it may pile up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, exists, func, literal_column, select

from winback.ledger import PROOFS, tables
from winback.providers import Request

# SendGrid lets ten batches be cancelled at once. This many, and the four calls that may be under
# way, all find room there.
MOST_UNANSWERED: Final = 5
# How long after its mail would have left a cancellation keeps its place.
PLACE_KEPT: Final = timedelta(hours=1)

_a, _e = tables.attempts.c, tables.evidence.c
# Literals, so that the index of these few attempts serves.
_UNANSWERED: Final = (
    select(func.count())
    .select_from(tables.attempts)
    .where(
        _a.outcome == literal_column("'unknown'"),
        _a.sg_batch_id.is_not(None),
        ~exists().where(_e.attempt_id == _a.attempt_id, _e.kind.in_([*PROOFS, "withdrawal_ended"])),
    )
)


def why_hold_no_more(connection: Connection, requests: Sequence[Request], *, now: datetime) -> str:
    """Why these requests must not be held back at SendGrid now; empty where they may."""
    if not any(request.batch_id for request in requests):
        return ""
    waiting = _UNANSWERED.where(_a.sg_send_at > now - PLACE_KEPT)
    count = connection.scalar(waiting) or 0
    if count < MOST_UNANSWERED:
        return ""
    return (
        f"{count} requests to SendGrid are without a response, and no more than ten can be "
        "cancelled at once. Next: winback reconcile, or run again in an hour and a half."
    )
