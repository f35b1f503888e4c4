"""Profiles of Klaviyo's API with their subscriptions: how each was asked, and since when."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from landing_shop import Shop
from seeded import build_models

from winback.base.errors import WinbackError
from winback.landing.sources.klaviyo_api._profiles import FORMS, PROFILE_FIELDS
from winback.ledger import open_ledger, suppressions_in_force

pytestmark = pytest.mark.long

SINCE, LATER, ENDED = "2024-01-02T10:00:00+00:00", "2024-05-06T10:00:00+00:00", "2024-08-09T10:00Z"
BLOCK: Final = {"reason": "HARD_BOUNCE", "timestamp": ENDED}


def email(consent: str | None = "SUBSCRIBED", **own: Any) -> dict[str, Any]:
    """What a profile says of email."""
    return {
        "can_receive_email_marketing": consent == "SUBSCRIBED", "consent": consent,
        "consent_timestamp": SINCE, "last_updated": LATER, "method": "FORM",
        "method_detail": "Footer", "custom_method_detail": None, "double_optin": False,
        "suppression": [], "list_suppressions": [],
    } | own  # fmt: skip


def sms(consent: str | None = "SUBSCRIBED", **own: Any) -> dict[str, Any]:
    """What it says of texts."""
    return {
        "can_receive_sms_marketing": consent == "SUBSCRIBED", "consent": consent,
        "consent_timestamp": SINCE, "last_updated": LATER, "method": "FORM",
    } | own  # fmt: skip


def profile(who: int, mail: Any = None, text: Any = None, **own: Any) -> dict[str, Any]:
    """A profile of the customer of this number, with what it says of email and of texts."""
    return {
        "type": "profile",
        "id": f"P{who}-{json.dumps(own)[:20]}",
        "attributes": {
            "email": f"p{who}@example.com", "phone_number": f"+1201555{who:04}",
            "first_name": "Ada",
            "subscriptions": {"email": {"marketing": mail}, "sms": {"marketing": text}},
        } | own,
    }  # fmt: skip


# By hand: what each profile lands; a yes of email by its basis.
YES, NO = "granted", "revoked"
CASES: Final[list[tuple[dict[str, Any], list[tuple[str, ...]]]]] = [
    (profile(101, email(double_optin=True)), [("email", YES, "double_opt_in", "2024-01-02")]),
    (profile(102, email(double_optin="true", method="API")),
     [("email", YES, "double_opt_in", "2024-01-02")]),
    *((profile(110 + n, email(method=method)), [("email", YES, "express", "2024-01-02")])
      for n, method in enumerate(FORMS)),
    (profile(120, email(method="form")), [("email", YES, "express", "2024-01-02")]),
    *((profile(121 + n, email(method=method)), [("email", YES, "undocumented", "2024-01-02")])
      for n, method in enumerate(("MANUAL_IMPORT", "API", "LIST_IMPORT", None, "", "SHOPIFY"))),
    (profile(130, email(consent_timestamp=None)), [("email", YES, "express", "2024-05-06")]),
    (profile(131, email(consent_timestamp=None, last_updated=None)),
     [("email", "unclear", "express", "2025-06-01")]),
    (profile(132, email(consent_timestamp="someday")),
     [("email", "unclear", "express", "2025-06-01")]),
    (profile(133, email("UNSUBSCRIBED")), [("email", NO, "", "2024-01-02")]),
    (profile(134, email("unsubscribed", consent_timestamp=None)),
     [("email", NO, "", "2024-05-06")]),
    (profile(135, email("NEVER_SUBSCRIBED")), []),
    (profile(136, email(None)), []),
    (profile(137, email("PENDING")), [("email", "unclear", "", "2024-01-02")]),
    (profile(138, email(suppression=[BLOCK])), [("email", NO, "", "2024-08-09")]),
    (profile(139, email(suppression=[BLOCK], double_optin=True)),
     [("email", NO, "", "2024-08-09")]),
    (profile(140, email("NEVER_SUBSCRIBED", suppression=[{"reason": "USER"}])),
     [("email", NO, "", "2025-06-01")]),
    (profile(141, email(list_suppressions=[{"list_id": "L", "timestamp": ENDED}])),
     [("email", NO, "", "2024-08-09")]),
    (profile(142, email(can_receive_email_marketing=False)), [("email", NO, "", "2024-01-02")]),
    (profile(143, email(suppression=None, list_suppressions=None)),
     [("email", YES, "express", "2024-01-02")]),
    (profile(144, email(), sms()), [("email", YES, "express", "2024-01-02")]),
    (profile(145, None, sms("UNSUBSCRIBED")), [("sms", NO, "", "2024-01-02")]),
    (profile(146, None, sms("NEVER_SUBSCRIBED")), []),
    (profile(147, None, sms(can_receive_sms_marketing=False)), [("sms", NO, "", "2024-01-02")]),
    (profile(148, None, sms("SOMETHING")), [("sms", "unclear", "", "2024-01-02")]),
    (profile(149, email("UNSUBSCRIBED"), sms("UNSUBSCRIBED", consent_timestamp=ENDED)),
     [("email", NO, "", "2024-01-02"), ("sms", NO, "", "2024-08-09")]),
    (profile(150), []),
    (profile(151, email(), email=" P151@Example.com "), [("email", YES, "express", "2024-01-02")]),
    (profile(152, email("UNSUBSCRIBED"), email=None), []),
    (profile(153, None, sms("UNSUBSCRIBED"), phone_number="+1 (201) 555-0153"),
     [("sms", NO, "", "2024-01-02")]),
    (profile(154, email(), email="stranger@example.com"), []),
    (profile(155, email("UNSUBSCRIBED"), email="gone@example.com"), []),
    (profile(156, email(suppression=[BLOCK]), email="dead@example.com"), []),
    (profile(157, None, sms("UNSUBSCRIBED"), phone_number="+12015559999"), []),
    (profile(158, email(), subscriptions=None), []),
    (profile(159, email(double_optin="yes")), [("email", YES, "express", "2024-01-02")]),
]  # fmt: skip
CUSTOMERS = "customer_id,email,phone,country\n" + "".join(
    f"c{n},p{n}@example.com,(201) 555-{n:04},US\n" for n in range(100, 170)
)


@pytest.fixture
def profiles(shop: Shop) -> Shop:
    """The shop has landed; the next files are pages of profiles."""
    shop.load({"customers.csv": CUSTOMERS})
    shop.source = shop.source.with_name("profiles")
    return shop


def pages(*told: dict[str, Any]) -> dict[str, str]:
    """The profiles on two pages, with one that stands on both."""
    half = len(told) // 2
    parts = [told[: half + 1], told[half:]]
    return {f"profiles-{n}.json": json.dumps({"data": it}) for n, it in enumerate(parts)}


def test_there_are_as_many_as_in_a_real_list() -> None:
    assert len(CASES) >= 40


HELD = (
    "1 subscribers to texts are held until there is a proof of a written consent. Next: send the "
    "proofs in consents.csv"
)


def test_messy_profiles_become_what_was_worked_out_by_hand(profiles: Shop) -> None:
    profiles.write(pages(*(it for it, _ in CASES)))
    report = profiles.load(format="klaviyo-api")
    found = profiles.landed(
        "consents",
        "customer_id, channel, status, coalesce(basis, ''), strftime(occurred_at, '%Y-%m-%d')",
    )
    expected = [
        (f"c{re.search('[0-9]+', it['id'])[0]}", *row)  # type: ignore[index]
        for it, rows in CASES
        for row in rows
    ]
    assert found == sorted(expected)
    assert [note for note in report.notes if "held until" in note or "subscribers" in note] == [
        "1 subscribers of this klaviyo list are no customers",
        HELD,
    ]
    with open_ledger(profiles.settings) as ledger, ledger.read() as connection:
        kept = {(it.address, it.reason) for it in suppressions_in_force(connection)}
    assert kept == {
        ("gone@example.com", "opted_out"),
        ("dead@example.com", "hard_bounce"),
        ("+12015559999", "opted_out"),
    }


def test_who_agreed_at_klaviyo_may_get_email_and_nobody_else(profiles: Shop) -> None:
    profiles.write(pages(*(it for it, _ in CASES)))
    profiles.load(format="klaviyo-api")
    build_models(profiles.settings, profiles.clock.now(), "+int_contact__consent_holders")
    with duckdb.connect(str(profiles.settings.warehouse_path), read_only=True) as warehouse:
        holders = set(
            warehouse.execute(
                "select customer_id, channel from winback.int_contact__consent_holders"
            ).fetchall()
        )
    # By hand: all live in the United States, where each of the three bases is enough.
    assert holders == {
        (f"c{numbers[0]}", "email")
        for it, rows in CASES
        if any(row[:2] == ("email", YES) for row in rows)
        for numbers in [re.findall("[0-9]+", it["id"])]
    }


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([profile(1, subscriptions=None)], "fetch it with ?additional-fields[profile]=subscript"),
        ([{"type": "list", "id": "L", "attributes": {}}], "1 records are no events and no profil"),
        (["text"], "1 records are no events and no profiles"),
    ],
)
def test_a_page_without_subscriptions_or_of_something_else_is_refused(
    profiles: Shop, records: list[Any], words: str
) -> None:
    profiles.write({"p.json": json.dumps({"data": records})})
    with pytest.raises(WinbackError, match=re.escape(words)) as caught:
        profiles.load(format="klaviyo-api")
    assert "\n" not in str(caught.value)
    assert profiles.landed("consents") == []


def test_the_docs_name_every_field_of_a_profile_that_is_read() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "sources.md").read_text()
    section = docs[docs.index("### Klaviyo's profiles") :].partition("\n### ")[0]
    named = set(re.findall("`([^`\n]+)`", section.rpartition("```")[2]))
    assert {field.rpartition(".")[2] for field in PROFILE_FIELDS} <= named
    assert set(FORMS) <= named
