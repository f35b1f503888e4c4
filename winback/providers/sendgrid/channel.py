"""Email by SendGrid: batches whose every person has an own subject and body."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final

from winback.base.settings import Settings
from winback.content.payloads import Email
from winback.providers._bodies import Batch, together
from winback.providers._look_up import EndWithdrawal, Finding, Question, Search, Withdraw
from winback.providers._seam import Outcome, Outgoing, Request
from winback.providers.sendgrid.client import SendGrid, is_the_real_one
from winback.providers.sendgrid.records import end_withdrawal, search_logs, withdraw

# A link that we count already would lead by SendGrid's servers too, and be counted twice.
_NO_CLICK_TRACKING = {"click_tracking": {"enable": False, "enable_text": False}}

# How long SendGrid holds mail back, so that a request without a response can be cancelled: it
# takes cancellations until 10 minutes before. It allows 72 hours.
EMAIL_DELAY: Final = timedelta(minutes=25)
# A batch that SendGrid lets go has left its servers by then.
LEAVING: Final = timedelta(minutes=5)


class EmailChannel:
    """SendGrid's mail/send, held back for a while where a request may have to be cancelled."""

    name = "email"
    provider = "sendgrid"
    concurrency = 4
    unknowns_in_a_row = 5

    def __init__(self, settings: Settings) -> None:
        self.sendgrid = SendGrid(settings, pool_size=self.concurrency)
        self.per_second = settings.email_per_second
        self.batch_size = settings.email_batch_size
        mode = settings.email_mode
        self._delays = mode == "abortable" or (mode == "auto" and is_the_real_one(settings))
        # Batch ids that no request has yet.
        self._batch_ids: list[str] = []

    def prepare(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Request]:
        """Pack by sender into batches.

        A message whose time ends before SendGrid would let it go is not held back. What no
        batch id could be had for is in none of the requests.
        """
        held = [message for message in messages if self._can_wait(message, now)]
        at_once = [message for message in messages if not self._can_wait(message, now)]
        requests = [_request(batch) for batch in _packed(at_once, self.batch_size)]
        batches = list(_packed(held, self.batch_size))
        send_at = (now + EMAIL_DELAY).replace(microsecond=0)
        for batch in batches[: self._get_batch_ids(len(batches), needed=not requests)]:
            batch_id = self._batch_ids.pop()
            requests.append(_request(batch, batch_id=batch_id, send_at=send_at))
        return requests

    def send(self, request: Request) -> Outcome:
        """Post one batch. 202 takes all of it, anything else none of it."""
        outcome = self.sendgrid.post_mail(request.written)
        if any(position >= len(request.message_ids) for position in outcome.positions):
            # It counts otherwise than we do, so nobody knows whom it means.
            return Outcome("refused", "unexplained", outcome.status)
        return outcome

    def look_up(self, question: Question) -> Finding:
        """Cancel what is held back, or search the Email Logs."""
        match question:
            case Search():
                return search_logs(self.sendgrid, question)
            case Withdraw():
                return withdraw(self.sendgrid, question)
            case EndWithdrawal():
                return end_withdrawal(self.sendgrid, question)
            case _:
                return Finding("unreadable", reason="told by events alone")

    def close(self) -> None:
        """Close pooled connections."""
        self.sendgrid.close()

    def _get_batch_ids(self, count: int, *, needed: bool) -> int:
        """Have up to `count` batch ids at hand; how many. With `needed`, none is an error."""
        while (missing := count - len(self._batch_ids)) > 0:
            with ThreadPoolExecutor(self.concurrency) as pool:
                calls = [
                    pool.submit(self.sendgrid.new_batch)
                    for _ in range(min(missing, self.concurrency))
                ]
            self._batch_ids += [call.result() for call in calls if call.exception() is None]
            if failed := next((error for call in calls if (error := call.exception())), None):
                if needed and not self._batch_ids:
                    raise failed
                break
        return min(count, len(self._batch_ids))

    def _can_wait(self, message: Outgoing, now: datetime) -> bool:
        return (
            self._delays and message.may_wait and now + EMAIL_DELAY + LEAVING <= message.leaves_by
        )


def _packed(messages: Sequence[Outgoing], size: int) -> Iterator[Batch]:
    """What goes into one request each: messages that share what a request says once."""
    alike: dict[tuple[str, str | None, str, bool], list[Outgoing]] = {}
    for message in messages:
        mail = message.payload_as(Email)
        shared = (mail.from_email, mail.from_name, mail.reply_to, mail.own_click_links)
        alike.setdefault(shared, []).append(message)
    for group in alike.values():
        yield from together(group, size)


def _request(
    batch: Batch, *, batch_id: str | None = None, send_at: datetime | None = None
) -> Request:
    """One request. Its JSON is ours, so that an error's index means our index."""
    attempt_id = secrets.token_hex(16)
    first = batch.messages[0].payload_as(Email)
    body: dict[str, Any] = {
        "personalizations": [
            _personalization(message, attempt_id, own)
            for message, own in zip(batch.messages, batch.own, strict=True)
        ],
        "from": first.sender,
        "content": [
            {"type": "text/plain", "value": batch.text},
            {"type": "text/html", "value": batch.html},
        ],
    }
    if first.reply_to:
        body["reply_to"] = {"email": first.reply_to}
    if first.own_click_links:
        body["tracking_settings"] = _NO_CLICK_TRACKING
    if batch_id is not None and send_at is not None:
        body |= {"batch_id": batch_id, "send_at": int(send_at.timestamp())}
    written = json.dumps(body)
    return Request(
        attempt_id,
        tuple(message.message_id for message in batch.messages),
        body,
        hashlib.sha256(written.encode()).hexdigest(),
        written,
        batch_id=batch_id,
        send_at=send_at,
    )


def _personalization(message: Outgoing, attempt_id: str, own: Mapping[str, str]) -> dict[str, Any]:
    """One person: one recipient, so that nobody sees another's address."""
    mail = message.payload_as(Email)
    person = {
        "to": [{"email": message.address}],
        "subject": mail.subject,
        "headers": dict(mail.headers),
        "custom_args": {"wb_message": message.message_id, "wb_attempt": attempt_id},
    }
    if own:
        person["substitutions"] = dict(own)
    return person
