"""docs/events.md: which callback becomes which event, what follows, and the receiver's paths."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from page_parts import ROOT, filled, seed_rows, table

from winback.inbound._effects import REPLIES, SILENCES
from winback.providers.sendgrid.callbacks import KINDS as SENDGRID
from winback.providers.twilio.callbacks import CALL_KINDS
from winback.providers.twilio.callbacks import KINDS as TWILIO

PAGE: Final = ROOT / "docs" / "events.md"
_KINDS: Final = {
    "processed": "the provider has the message and will try",
    "sent": "the carrier took it, or the call was answered",
    "delivered": "the mailbox's server or the phone has it; a call ended",
    "deferred": "the mailbox's server said not now, and the provider tries again",
    "bounced": "the mail came back",
    "dropped": "the provider did not even try",
    "undelivered": "the carrier could not deliver it, or nobody took the call",
    "failed": "it never left the provider",
    "opened": "it was opened, by a person or a machine",
    "clicked": "a link was followed, by a person or a machine",
    "replied": "somebody wrote to us",
    "complained": "the reader reported it as spam",
    "opted_out": "the reader wants no more of it",
    "opted_in": "the reader came back to a list that they had left",
    "preferred": "the reader chose a break or fewer messages on our page, or took a choice back",
}


def page() -> str:
    """The page as it should be."""
    made = {*SENDGRID.values(), *TWILIO.values(), *CALL_KINDS.values()}
    if unknown := made - set(_KINDS):
        raise LookupError(f"no words in scripts/event_page.py for {', '.join(sorted(unknown))}")
    return filled(
        PAGE.name,
        kinds=table("event | means", ((f"`{kind}`", told) for kind, told in _KINDS.items())),
        sendgrid=table("SendGrid says | event", _mapped(SENDGRID)),
        messages=table("`MessageStatus` | event", _mapped(TWILIO)),
        calls=table("`CallStatus` | event", _mapped(CALL_KINDS)),
        silences=table("provider | event | cause | suppression", _silences()),
        codes=table("code | problem | suppression | means", _codes()),
        replies=table("a reply that says | becomes | suppression", _replies()),
        statuses=table("provider | event | rank | status | means", _statuses()),
        paths=table("request | is | responses", _paths()),
    )


def _mapped(kinds: Mapping[str, str]) -> list[tuple[str, ...]]:
    return [(f"`{name}`", f"`{kind}`") for name, kind in kinds.items()]


def _silences() -> list[tuple[str, ...]]:
    return [
        (
            provider,
            f"`{kind}`",
            "any" if cause == "*" else cause,
            f"`{reason}`" if reason else "none",
        )
        for (provider, kind, cause), reason in SILENCES.items()
    ]


def _codes() -> list[tuple[str, ...]]:
    return [
        (
            f"`{row['error_code']}`",
            row["problem"].replace("_", " "),
            f"`{row['suppress_reason']}`" if row["suppress_reason"] else "none",
            row["meaning"],
        )
        for row in seed_rows("delivery_errors")
    ]


def _replies() -> list[tuple[str, ...]]:
    return [
        (f"`{intent}`", f"`{effects.kind}`", f"`{effects.silence}`")
        for intent, effects in REPLIES.items()
    ]


def _statuses() -> list[tuple[str, ...]]:
    columns = ("provider", "kind", "delivery_rank", "delivery_status", "description")
    return [tuple(row[name] for name in columns) for row in seed_rows("delivery_statuses")]


def _paths() -> list[tuple[str, ...]]:
    api = json.loads((ROOT / "winback/inbound/openapi.json").read_text(encoding="utf-8"))
    return [
        (f"`{method.upper()} {path}`", told["summary"], _responses(api, told["responses"]))
        for path, methods in api["paths"].items()
        for method, told in methods.items()
        if method in {"get", "post"}
    ]


def _responses(api: dict[str, Any], responses: dict[str, Any]) -> str:
    shared = api["components"]["responses"]
    told = []
    for code, response in responses.items():
        own = shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        told.append(f"{code}: {own['description']}")
    return " ".join(told)
