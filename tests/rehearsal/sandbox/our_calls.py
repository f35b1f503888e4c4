"""Everything that we ask of the providers, through our channels and their own clients."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from winback.base.settings import Settings
from winback.content.payloads import Call, Email, Payload, Text, WhatsApp
from winback.providers import Outgoing, open_channel
from winback.providers._look_up import EndWithdrawal, Progress, Search, Withdraw
from winback.providers.sendgrid.lists import LIST_NAMES, SuppressionLists
from winback.rehearsal.sandbox._credentials import SERVICE_NUMBER

NUMBER = "+14155550100"


def make_all(settings: Settings, now: datetime) -> list[str]:
    """Make every call; what we made of the answers, in order."""
    return [*email(settings, now), *phone(settings, now), *sweeps(settings, now)]


def email(settings: Settings, now: datetime) -> list[str]:
    """Mail at once and mail held back; its withdrawal; the logs."""
    payload = Email(
        from_email="shop@example.com",
        from_name="Shop",
        subject="We miss you",
        text="Come back",
        html="<p>Come back</p>",
        headers={"List-Unsubscribe": "<https://shop.example.com/u/1>"},
        reply_to="reply@example.com",
        own_click_links=True,
    )
    seen = []
    for mode in ("immediate", "abortable"):
        channel = open_channel("email", settings.model_copy(update={"email_mode": mode}))
        names = [f"{mode}{number}" for number in range(3)]
        leaves_by = now + timedelta(days=1)
        messages = [
            Outgoing(name, f"{name}@example.com", payload, leaves_by, may_wait=True)
            for name in names
        ]
        (request,) = channel.prepare(messages, now=now)
        seen.append(channel.send(request).kind)
        search = Search(messages[0], since=now)
        seen.append(channel.look_up(search).kind)
        if request.batch_id:
            seen.append(channel.look_up(Withdraw(request.batch_id)).kind)
            seen.append(channel.look_up(EndWithdrawal(request.batch_id)).kind)
        channel.close()
    return seen


def phone(settings: Settings, now: datetime) -> list[str]:
    """A message by each channel of the phone, found again and followed."""
    text = Text("Shop: hello", settings.twilio_messaging_service_sid)
    payloads: dict[str, Payload] = {
        "sms": text,
        "mms": replace(text, media_url=("https://shop.example.com/a.png",)),
        "rcs": text,
        "whatsapp": WhatsApp(f"whatsapp:{SERVICE_NUMBER}", f"HX{'0' * 32}", '{"1": "Ada"}'),
        "voice": Call(SERVICE_NUMBER, "Your offer ends.", "en-US"),
    }
    seen = []
    for number, (name, payload) in enumerate(payloads.items()):
        channel = open_channel(name, settings)
        outgoing = Outgoing("m1", f"{NUMBER}{number}", payload, now + timedelta(hours=1))
        (request,) = channel.prepare([outgoing], now=now)
        outcome = channel.send(request)
        seen.append(outcome.kind)
        seen.append(channel.look_up(Search(outgoing, since=now)).kind)
        seen.append(channel.look_up(Progress(outcome.provider_id or "")).kind)
        channel.close()
    return seen


def sweeps(settings: Settings, now: datetime) -> list[str]:
    """SendGrid's suppression lists, each a page: what was wrong with it."""
    lists = SuppressionLists(settings)
    since = now - timedelta(days=1)
    pages = [lists.page(name, since=since, until=now, offset=0) for name in LIST_NAMES]
    lists.close()
    return [page.problem for page in pages]


EXPECTED = [
    "accepted", "found", "accepted", "absent", "withdrawn", "ended",
    *["accepted", "found", "progress"] * 5,
    *[""] * 5,
]  # fmt: skip
