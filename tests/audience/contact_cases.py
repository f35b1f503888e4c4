"""Customers of one shop, each a case of the contact rules with the answer expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from winback.ledger import ChannelGroup

AS_OF: Final = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)

Event = Mapping[str, object]


def consent(channel: str, basis: str, at: datetime = AS_OF - 60 * DAY) -> Event:
    return {
        "channel": channel,
        "status": "granted",
        "basis": basis,
        "occurred_at": at.isoformat(),
    }


def revoke(channel: str, at: datetime = AS_OF - 30 * DAY) -> Event:
    return {"channel": channel, "status": "revoked", "occurred_at": at.isoformat()}


BOTH: Final = (consent("email", "express"), consent("sms", "express_written"))


@dataclass(frozen=True)
class Case:
    """One customer: what the shop knows, and which rules then block email and texts."""

    name: str
    email: str = ""
    sms: str = ""
    known: Mapping[str, object] = field(default_factory=dict)
    consents: Sequence[Event] = BOTH
    past_sends: Sequence[tuple[str, datetime]] = ()
    ordered_at: datetime | None = AS_OF - 40 * DAY
    # An order that was not paid yet.
    pending_at: datetime | None = None
    # How many of the past messages came back.
    returned: int = 0


BASES: Final = (
    "express_written", "express", "double_opt_in", "soft_opt_in", "implied", "undocumented",
)  # fmt: skip
# Which of them suffice for email (rules C5, E1, K1, U1, D1); for texts the first does, anywhere.
SUFFICE: Final[Mapping[str, Sequence[str]]] = {
    "US": BASES,
    "CA": BASES[:5],
    "GB": BASES[:4],
    "FR": BASES[:4],
    "DE": ("express_written", "double_opt_in", "soft_opt_in"),
    "JP": BASES[:3],
    "": BASES[:3],
}

NEW_YORK: Final = {"country": "US", "region": "NY"}
# A number of the country: with one of New York its people would have no hour in common.
PHONES: Final = {
    "US": "+12125550199",
    "CA": "+14165550199",
    "GB": "+447700900199",
    "FR": "+33639980199",
    "DE": "+4915550000199",
    "JP": "+819012340199",
    "": "+12125550199",
}

# Opted out after as-of: a replay of the past still must not write to them.
SUPPRESSED: Final[tuple[tuple[ChannelGroup, str, datetime], ...]] = (
    ("phone", "+12125550150", AS_OF + 100 * DAY),
    ("phone", "+12125550151", AS_OF - 4000 * DAY),
    ("email", "Stopped@Example.com", AS_OF - DAY),
    # Lists that name nobody openly: of hashed@example.com, and of 12125550153 without its plus.
    ("email", f"sha256:{sha256(b'hashed@example.com').hexdigest()}", AS_OF - DAY),
    ("phone", f"sha256:{sha256(b'12125550153').hexdigest()}", AS_OF - DAY),
)

# Forgotten, and in the shop's file again: only a keyed hash is left to know them by.
ERASED: Final[tuple[tuple[ChannelGroup, str], ...]] = (
    ("phone", "+12125550152"),
    ("email", "Erased@Example.com"),
)

# Wrote to us though no message of ours had gone to them: only the address is known.
ASKED: Final[tuple[tuple[ChannelGroup, str], ...]] = (
    ("phone", "+12125550160"),
    ("email", "Asks@Example.com"),
)

CASES: Final = (
    Case("all is well"),
    Case("no address", email="address", sms="address", known={"email": "", "phone": ""}),
    Case("malformed", email="address", sms="address", known={"email": "x@y", "phone": "555-0100"}),
    Case("punctuated phone", known={"phone": "+1 (212) 555-0177"}),
    Case("no consent", email="consent", sms="consent", consents=()),
    Case(
        "consent of tomorrow",
        email="consent",
        consents=(consent("email", "express", AS_OF + DAY), BOTH[1]),
    ),
    Case("consent at as-of", consents=(consent("email", "express", AS_OF), BOTH[1])),
    Case("revocation of tomorrow", consents=(*BOTH, revoke("email", AS_OF + SECOND))),
    Case("revoked email", email="consent,suppression", consents=(*BOTH, revoke("email"))),
    Case("stopped by voice", sms="consent,suppression", consents=(*BOTH, revoke("voice"))),
    Case(
        "revoked at the instant of the grant",
        email="consent,suppression",
        consents=(*BOTH, revoke("email", AS_OF - 60 * DAY)),
    ),
    Case(
        "came back",
        consents=(*BOTH, revoke("email"), consent("email", "express", AS_OF - 10 * DAY)),
    ),
    Case(
        "ordered after an opt-out",
        email="consent,suppression",
        consents=(*BOTH, revoke("email"), consent("email", "implied", AS_OF - 10 * DAY)),
    ),
    Case("written for the phone", consents=(BOTH[0], consent("phone", "express_written"))),
    Case(
        "written for voice", sms="consent", consents=(BOTH[0], consent("voice", "express_written"))
    ),
    Case("unwritten yes to texts", sms="consent", consents=(BOTH[0], consent("sms", "express"))),
    Case("implied in the US", consents=(consent("email", "implied"), BOTH[1])),
    Case(
        "implied in Canada",
        known={"country": "CA", "region": "ON"},
        consents=(consent("email", "implied"), BOTH[1]),
        ordered_at=AS_OF - 715 * DAY,
    ),
    Case(
        "implied in Canada, two years on",
        email="consent",
        known={"country": "CA", "region": "ON"},
        consents=(consent("email", "implied"), BOTH[1]),
        ordered_at=AS_OF - 716 * DAY,
    ),
    Case(
        "implied in Canada, never ordered",
        email="consent",
        known={"country": "CA", "region": "ON"},
        consents=(consent("email", "implied"), BOTH[1]),
        ordered_at=None,
    ),
    Case(
        "double opt-in in Germany",
        known={"country": "Deutschland", "region": "", "phone": PHONES["DE"]},
        consents=(consent("email", "double_opt_in"), BOTH[1]),
    ),
    Case(
        "a weaker yes after a double opt-in in Germany",
        known={"country": "DE", "region": "", "phone": PHONES["DE"]},
        consents=(
            consent("email", "double_opt_in"),
            consent("email", "express", AS_OF - 10 * DAY),
            BOTH[1],
        ),
    ),
    Case(
        "a weaker yes after a no in Germany",
        email="consent",
        known={"country": "DE", "region": "", "phone": PHONES["DE"]},
        consents=(
            consent("email", "double_opt_in"),
            revoke("email"),
            consent("email", "express", AS_OF - 10 * DAY),
            BOTH[1],
        ),
    ),
    Case(
        "double opt-in in Germany that nobody used",
        email="consent",
        known={"country": "DE", "region": "", "phone": PHONES["DE"]},
        consents=(consent("email", "double_opt_in", AS_OF - 731 * DAY), BOTH[1]),
        ordered_at=None,
    ),
    Case(
        "soft opt-in in the UK",
        known={"country": "UK", "region": "", "phone": PHONES["GB"]},
        consents=(consent("email", "soft_opt_in"), BOTH[1]),
    ),
    *(
        Case(
            f"{basis} in {country or 'no known country'}",
            email="" if basis in suffice else "consent",
            sms="" if basis == "express_written" else "consent",
            known={"country": country, "region": "", "phone": PHONES[country]},
            consents=(consent("email", basis), consent("sms", basis)),
        )
        for country, suffice in SUFFICE.items()
        for basis in BASES
    ),
    Case("stopped in the ledger", sms="suppression", known={"phone": "+12125550150"}),
    Case("stopped eleven years ago", sms="suppression", known={"phone": "+12125550151"}),
    Case("shares a stopped phone", sms="suppression", known={"phone": "+1 212 555 0150"}),
    Case("erased phone", sms="suppression", known={"phone": "+1 (212) 555-0152"}),
    Case("erased email", email="suppression", known={"email": "erased@example.com"}),
    Case("on a hashed list", email="suppression", known={"email": "Hashed@example.com"}),
    Case("hashed without a plus", sms="suppression", known={"phone": "+1 (212) 555-0153"}),
    Case("stopped by email", email="suppression", known={"email": "stopped@example.com"}),
    Case(
        "revoked for a family",
        email="consent,suppression",
        known={"email": "family@example.com"},
        consents=(*BOTH, revoke("email")),
    ),
    Case("of that family", email="suppression", known={"email": "FAMILY@example.com"}),
    Case(
        "no zone",
        sms="zone",
        known={"phone": "+15555550100", "country": "US", "region": "Somewhere"},
    ),
    # Our own hours meet in neither of these; the law of the first leaves the afternoon.
    Case("no hour of ours in common", known={"phone": "+13055550101", "region": "CA"}),
    Case(
        "no lawful hour in common",
        sms="hours",
        known={"phone": "+13055550103", "region": "CA", "timezone": "Asia/Karachi"},
    ),
    Case("an hour in common", known={"phone": "+13125550102", "region": "NY"}),
    Case(
        "zone by area code alone",
        known={"phone": "+13125550100", "country": "", "region": ""},
    ),
    Case(
        "one message within 24 hours",
        email="cap_24h",
        sms="cap_24h",
        past_sends=(("sms", AS_OF - DAY + SECOND),),
    ),
    Case("one message 24 hours ago", past_sends=(("sms", AS_OF - DAY),)),
    Case("one message of tomorrow", past_sends=(("sms", AS_OF + DAY),)),
    Case(
        "three messages within 7 days",
        email="cap_7d",
        sms="cap_7d",
        past_sends=tuple((c, AS_OF - n * DAY) for c, n in (("sms", 2), ("email", 4), ("sms", 6))),
    ),
    Case(
        "the third 7 days ago",
        past_sends=tuple((c, AS_OF - n * DAY) for c, n in (("sms", 2), ("email", 4), ("sms", 7))),
    ),
    Case(
        "wrote to the shared box",
        email="cap_24h",
        sms="cap_24h",
        known={"email": "shared@example.com"},
        past_sends=(("email", AS_OF - timedelta(hours=3)),),
    ),
    Case("shares that box", email="cap_24h", known={"email": "shared@example.com"}),
    Case(
        "three messages within 24 hours in New York",
        *("cap_24h,cap_7d",) * 2,
        past_sends=(("email", AS_OF),) * 3,
    ),
    Case(
        "three messages within 24 hours in Florida",
        *("cap_24h,cap_7d,cap_state",) * 2,
        known={"region": "Florida"},
        past_sends=(("email", AS_OF),) * 3,
    ),
    Case(
        "three messages within 24 hours to a number of Florida",
        *("cap_24h,cap_7d,cap_state",) * 2,
        known={"phone": "+13055550100"},
        past_sends=(("email", AS_OF),) * 3,
    ),
    Case(
        "three messages came back",
        email="soft_bounces",
        past_sends=tuple(("email", AS_OF - n * DAY) for n in (37, 20, 8)),
        returned=3,
    ),
    Case(
        "two messages came back",
        past_sends=tuple(("email", AS_OF - n * DAY) for n in (37, 20, 8)),
        returned=2,
    ),
    Case("asked by text", *("conversation",) * 2, known={"phone": "+1 212 555 0160"}),
    Case("asked by email", *("conversation",) * 2, known={"email": "asks@example.com"}),
    Case("ordered four days ago", *("in_transit",) * 2, ordered_at=AS_OF - 4 * DAY),
    Case("ordered five days ago", ordered_at=AS_OF - 5 * DAY),
    Case("has yet to pay", *("in_transit",) * 2, pending_at=AS_OF - 13 * DAY),
    Case("never paid", pending_at=AS_OF - 14 * DAY),
    Case("pays tomorrow", pending_at=AS_OF + DAY),
    Case(
        "everything at once",
        email="address,consent,cap_24h",
        sms="address,consent,cap_24h,zone",
        known={"email": "", "phone": "", "country": "", "region": ""},
        consents=(),
        past_sends=(("email", AS_OF),),
    ),
)


def tables() -> dict[str, list[dict[str, object]]]:
    """The cases as the tables of the input format."""
    found: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("customers", "orders", "consents", "past_messages")
    }
    for number, case in enumerate(CASES):
        who = {"customer_id": case.name}
        found["customers"].append(
            {
                **who,
                "email": f"c{number}@example.com",
                # A number of its own in an area code of New York.
                "phone": f"+1212555{number:04d}",
                **NEW_YORK,
                **case.known,
            }
        )
        found["consents"] += [{**who, **event} for event in case.consents]
        found["past_messages"] += [
            {
                **who,
                "message_id": f"{number}-{n}",
                "playbook_id": "other",
                "step": "1",
                "channel": channel,
                "sent_at": at.isoformat(),
            }
            for n, (channel, at) in enumerate(case.past_sends)
        ]
        for status, at in (("completed", case.ordered_at), ("pending", case.pending_at)):
            if at is not None:
                order = {"order_id": f"{number} {status}", "total_amount": "10.00"}
                order |= {"status": status, "ordered_at": at.isoformat()}
                found["orders"].append({**who, **order})
    return found


def returns() -> list[dict[str, object]]:
    """What the provider told of the messages that came back, as rows of the ledger."""
    return [
        {
            **dict.fromkeys(("dedupe_key", "semantic_key", "raw_ref"), f"{number}-{n}"),
            **dict.fromkeys(("occurred_at", "received_at"), at + SECOND),
            "provider": "sendgrid",
            "message_id": f"{number}-{n}",
            "kind": "bounced",
        }
        for number, case in enumerate(CASES)
        for n, (_, at) in enumerate(case.past_sends[: case.returned])
    ]
