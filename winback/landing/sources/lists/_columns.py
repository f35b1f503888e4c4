"""The columns of other tools' lists that are read, and what each is called here."""

from __future__ import annotations

from typing import Final

from winback.landing.sources._exports import Export

MAILCHIMP: Final = Export(
    "Mailchimp",
    "members",
    {
        "email address": "email",
        "optin_time": "optin_time",
        "optin_ip": "optin_ip",
        "confirm_time": "confirm_time",
        "confirm_ip": "confirm_ip",
        "unsub_time": "unsub_time",
        "clean_time": "clean_time",
    },
    known_by=frozenset({"optin_time", "confirm_time", "leid", "euid"}),
    needs=frozenset({"email address", "optin_time", "confirm_time"}),
)
KLAVIYO: Final = Export(
    "Klaviyo",
    "profiles",
    {
        "email": "email",
        "phone number": "phone",
        "locale": "language",
        "$locale": "language",
        "email marketing consent": "email_state",
        "email marketing consent timestamp": "email_at",
        "email suppressions": "email_suppressions",
        "sms marketing consent": "sms_state",
        "sms marketing consent timestamp": "sms_at",
    },
    known_by=frozenset({"email marketing consent", "sms marketing consent"}),
    needs=frozenset({"email", "email marketing consent", "email marketing consent timestamp"}),
)
# Klaviyo's list of suppressed profiles, whose columns have had several names.
SUPPRESSIONS: Final = Export(
    "Klaviyo",
    "suppressions",
    {
        "email": "email",
        "reason": "reason",
        "suppression reason": "reason",
        "suppression reasons": "reason",
        "timestamp": "occurred_at",
        "suppressed at": "occurred_at",
        "suppression timestamp": "occurred_at",
        "date suppressed": "occurred_at",
        "created": "occurred_at",
    },
    known_by=frozenset({"reason", "suppression reason", "suppression reasons"}),
    needs=frozenset({"email"}),
)
LISTMONK: Final = Export(
    "listmonk",
    "subscribers",
    {"email": "email", "status": "state", "updated_at": "updated_at"},
    known_by=frozenset({"status"}),
    needs=frozenset({"email", "status"}),
)
