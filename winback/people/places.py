"""Where persons are: which rows of the ledger are whose and what in them says so, and which files.

An erasure, an export, retention and the record of processing go by these lists. A test fails
for a table of the ledger that is neither in `LEDGER` nor in `NOBODY`, and for a personal column
that an erasure leaves as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from winback.base.settings import Settings
from winback.landing.schema import TABLES

# What a personal column holds: the shop's id of the person, an address, words of theirs or to
# them, or where they are.
Kind = Literal["id", "address", "words", "place"]


@dataclass(frozen=True)
class LedgerPlace:
    """One table of the ledger with rows of persons."""

    table: str
    # What its rows are, for people.
    holds: str
    purpose: str
    # The columns by one of which a row is a person's; export/_ledger.py says what each is
    # compared with.
    found_by: tuple[str, ...]
    personal: Mapping[str, Kind] = field(default_factory=dict)
    # Columns about a whole request, whose other messages are other people's.
    of_many: frozenset[str] = frozenset()


LEDGER: Final = (
    LedgerPlace(
        "enrollments",
        "playbooks that they entered",
        "to measure what messages cause",
        ("customer_id",),
        {"customer_id": "id"},
    ),
    LedgerPlace(
        "enrollment_ends",
        "why they left a playbook",
        "to measure what messages cause",
        ("enrollment_id",),
    ),
    LedgerPlace(
        "bandit_choices",
        "what a step that learns dealt them, with its chance",
        "to measure what messages cause",
        ("enrollment_id",),
    ),
    LedgerPlace(
        "unwritten",
        "messages that could not be written",
        "to tell why somebody got no message",
        ("enrollment_id",),
    ),
    LedgerPlace(
        "messages",
        "messages to them, with address and words",
        "to send marketing messages, each once",
        ("customer_id",),
        {
            "customer_id": "id",
            "address": "address",
            "payload_json": "words",
            "payload_sha256": "words",
            "zones": "place",
        },
    ),
    LedgerPlace("prices", "what a message cost", "to account for costs", ("message_id",)),
    LedgerPlace(
        "attempt_messages",
        "which request a message left in",
        "to send each message once",
        ("message_id",),
    ),
    LedgerPlace(
        "attempts",
        "requests to a provider in which a message left",
        "to send each message once",
        ("attempt_id",),
        of_many=frozenset({"error_text", "request_sha256"}),
    ),
    LedgerPlace(
        "evidence",
        "what proves whether a message left",
        "to send each message once",
        ("message_id",),
        {"payload": "words"},
    ),
    LedgerPlace(
        "found_sends",
        "messages that a provider's records show, after a backup was restored",
        "to send each message once",
        ("message_id", "hidden_address"),
        {"words_sha256": "words"},
    ),
    LedgerPlace(
        "polls",
        "when a provider was asked of a message",
        "to send each message once",
        ("message_id",),
    ),
    LedgerPlace(
        "provider_events",
        "deliveries, clicks, replies and opt-outs",
        "to obey opt-outs, and to measure what messages cause",
        ("message_id", "dedupe_key", "detail_json"),
        {"detail_json": "words"},
    ),
    LedgerPlace(
        "suppressions",
        "opt-outs, bounces and complaints of their addresses",
        "to write to nobody who said no",
        ("address",),
        {"address": "address"},
    ),
    LedgerPlace(
        "conversations",
        "threads of what they wrote",
        "to reply to people",
        ("customer_id", "hidden_address"),
        {"customer_id": "id", "address": "address"},
    ),
    LedgerPlace(
        "replies",
        "what they wrote",
        "to reply to people, and to obey opt-outs",
        ("customer_id", "address"),
        {"customer_id": "id", "address": "address", "text": "words", "mail_id": "words"},
    ),
    LedgerPlace(
        "responses",
        "what was replied to them by rules, or handed to a human",
        "to reply to people",
        ("reply_id",),
    ),
    LedgerPlace(
        "preferences",
        "choices on the page of preferences",
        "to obey what people choose",
        ("customer_id",),
        {"customer_id": "id", "address": "address"},
    ),
    LedgerPlace(
        "series_joins",
        "consents to content series, with their words and ours",
        "to prove consent",
        ("customer_id", "hidden_address"),
        {
            "customer_id": "id",
            "address": "address",
            "asked_words": "words",
            "granted_words": "words",
        },
    ),
    LedgerPlace(
        "offer_codes",
        "codes that were given to them",
        "to give each customer a code of their own",
        ("customer_id",),
        {"customer_id": "id"},
    ),
    LedgerPlace(
        "links",
        "where links of their messages lead",
        "to count clicks",
        ("message_id",),
        {"url": "words"},
    ),
    LedgerPlace(
        "revocations",
        "consents that the shop's files took back",
        "to write to nobody who said no",
        ("customer_id",),
        {"customer_id": "id"},
    ),
)
# Tables without a row of a person's.
NOBODY: Final = frozenset(
    {
        "address_keys", "approvals", "bandit_arms", "bandit_moves", "channel_brakes",
        "claim_holders", "content_samples", "experiment_plans", "meta", "pending_codes",
        "positions", "shop_discounts",
    }
)  # fmt: skip

# Who else gets something of a person, by the folders of winback/providers and what we hand on.
GIVEN: Final = {
    "sendgrid": (
        "SendGrid, who delivers email",
        "the address, the words of the message, our ids of message and attempt",
    ),
    "twilio": (
        "Twilio, who delivers texts, WhatsApp messages and calls",
        "the phone number, the words of the message, our ids of message and attempt",
    ),
    "print_shop": (
        "a print shop, to whom you hand the files of cards",
        "the postal address with its name, the words of the card, our id of the message",
    ),
    "publish_to": (
        "a database of your own (`WINBACK_PUBLISH_TO`)",
        "the public tables, which have the shop's ids and no address",
    ),
    "landing_url": (
        "a storage of your own (`WINBACK_LANDING_URL`)",
        "the shop's tables as they landed, addresses among them, and the records of erasures",
    ),
    "published_url": (
        "a storage of your own (`WINBACK_PUBLISHED_URL`)",
        "the public tables, which have the shop's ids and no address",
    ),
    "ads": (
        "a platform for ads, to whom you hand [the lists](ads.md)",
        (
            "hashes of addresses and phones of those who agreed, the holdout, and who wants no"
            " messages"
        ),
    ),
    "mcp": (
        "who runs an assistant, if you let one read ([mcp](mcp.md))",
        "the shop's ids, orders and decisions of those who are asked for, and no address",
    ),
}

# The columns of tables in files that name a customer.
NAMING: Final = ("customer_id", "given_to_customer_id")


def landed(settings: Settings) -> Iterator[tuple[str, Path]]:
    """The shop's tables, by their names; a file may not be there."""
    for name in TABLES:
        yield name, settings.shop_dir / f"{name}.parquet"


def pulled(settings: Settings) -> list[Path]:
    """Which customers a pull has seen."""
    return sorted(settings.landing_dir.glob("pulls/*/seen.parquet"))


def ledger_parts(settings: Settings) -> Iterator[tuple[str, Path]]:
    """What the ledger and the runs have handed to SQL, by table; decisions are among it."""
    for path in sorted(settings.ledger_landing_dir.glob("*/*.parquet")):
        yield path.parent.name, path


def published(settings: Settings) -> list[Path]:
    """The tables of every published set that is still there."""
    found = sorted(settings.published_dir.glob("*/*.parquet"))
    return [path for path in found if not path.parent.is_symlink()]


def event_parts(settings: Settings) -> list[Path]:
    """The raw callbacks."""
    return sorted(settings.events_dir.glob("**/*.jsonl"))


def letters(settings: Settings) -> list[Path]:
    """The files for the print shop, handed over or not; an empty one was taken back."""
    home = settings.home.resolve()
    found = [*home.glob("print/*"), *home.glob("sandbox/print/*")]
    return sorted(path for path in found if path.is_file() and path.stat().st_size)


def rejected(settings: Settings) -> list[Path]:
    """The rows that landing could not hold."""
    return sorted(settings.rejected_dir.glob("*.csv"))
