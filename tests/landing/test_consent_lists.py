"""What the lists of other tools say of the shop's customers' consents."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from landing_shop import Shop

from winback.base.errors import WinbackError
from winback.landing import LoadReport
from winback.landing._consent_states import meaning
from winback.ledger import open_ledger, suppressions_in_force

CUSTOMERS = (
    "customer_id,email,phone,country\nc1,Ada@example.com,,US\nc2,ben@example.com,07700 900123,GB\n"
    "c3,eva@example.com,+44 7700 900123,DE\nc4,fay@example.com,,US\n"
)
MEMBERS = "Email Address,First Name,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID"
PROFILES = (
    "Email,Phone Number,First Name,Email Marketing Consent,Email Marketing Consent Timestamp,"
    "SMS Marketing Consent,SMS Marketing Consent Timestamp"
)


@pytest.fixture
def lists(shop: Shop) -> Shop:
    """The shop has landed; the next files are lists of its customers."""
    shop.load({"customers.csv": CUSTOMERS})
    shop.source = shop.source.with_name("lists")
    return shop


def load_list(lists: Shop, system: str, files: dict[str, str]) -> LoadReport:
    lists.write(files)
    return lists.load(format=system)


def consents(lists: Shop) -> list[tuple[str, ...]]:
    return lists.landed(
        "consents",
        "customer_id, channel, status, basis, source, strftime(occurred_at, '%Y-%m-%d')",
    )


def test_an_audience_of_mailchimp_tells_how_each_member_came(lists: Shop) -> None:
    both = "2024-01-02 10:00:00,192.0.2.1,2024-01-02 10:05:00,192.0.2.1"
    confirmed = f"{MEMBERS}\nada@example.com,Ada,{both},1\n"
    imported = "ben@example.com,Ben,,,2024-02-03 10:00:00,,2\n"
    single = "EVA@example.com,Eva,2024-03-04 10:00:00,192.0.2.2,2024-03-04 10:00:00,192.0.2.2,3\n"
    synced = "fay@example.com,Fay,2024-04-05 10:00:00,,2024-04-05 10:00:00,192.0.2.9,5\n"
    load_list(lists, "mailchimp", {
        "subscribed_email_audience_export_ab12.csv": confirmed + imported + single + synced,
        "nonsubscribed_email_audience_export_ab12.csv": f"{MEMBERS}\nben@example.com,F,,,,,4\n",
    })  # fmt: skip
    assert consents(lists) == [
        ("c1", "email", "granted", "double_opt_in", "mailchimp list", "2024-01-02"),
        ("c2", "email", "granted", "undocumented", "mailchimp list", "2024-02-03"),
        ("c3", "email", "granted", "express", "mailchimp list", "2024-03-04"),
        ("c4", "email", "granted", "undocumented", "mailchimp list", "2024-04-05"),
    ]


def test_who_left_or_failed_at_mailchimp_has_refused(lists: Shop) -> None:
    left = f"{MEMBERS},UNSUB_TIME\nada@example.com,A,,,2024-01-02 10:00:00,,1,2024-05-06 10:00:00\n"
    dateless = "ben@example.com,B,,,2024-01-02 10:00:00,,2,\n"
    stranger = "zoe@example.com,Z,,,2024-01-02 10:00:00,,3,2024-05-06 10:00:00\n"
    cleaned = f"{MEMBERS},CLEAN_TIME\neva@example.com,E,,,,,4,2024-07-08 10:00:00\n"
    report = load_list(
        lists,
        "mailchimp",
        {"unsubscribed_1.csv": left + dateless + stranger, "cleaned_1.csv": cleaned},
    )
    assert [row[:3] for row in consents(lists)] == [
        ("c1", "email", "revoked"),
        ("c2", "email", "revoked"),
        ("c3", "email", "revoked"),
    ]
    assert [row[5] for row in consents(lists)][::2] == ["2024-05-06", "2024-07-08"]
    assert "1 refusals of people who are no customers are kept by their addresses" in report.notes


@pytest.mark.parametrize("dated", ["2024-05-06 10:00:00", "someday"])
def test_a_refusal_of_nobody_binds_whoever_orders_with_the_address_later(
    lists: Shop, dated: str
) -> None:
    left = f"{MEMBERS},UNSUB_TIME\n Zoe@example.com,Z,,,2024-01-02 10:00:00,,3,{dated}\n"
    cleaned = f"{MEMBERS},CLEAN_TIME\ngone@example.com,E,,,,,4,2024-07-08 10:00:00\n"
    for _ in range(2):
        load_list(lists, "mailchimp", {"unsubscribed_1.csv": left, "cleaned_1.csv": cleaned})
    with open_ledger(lists.settings) as ledger, ledger.read() as connection:
        kept = suppressions_in_force(connection, group="email")
    assert [(row.address, row.reason, row.source) for row in kept] == [
        ("gone@example.com", "hard_bounce", "mailchimp list"),
        ("zoe@example.com", "opted_out", "mailchimp list"),
    ]
    assert consents(lists) == []


def test_a_row_that_cannot_be_split_is_told(lists: Shop) -> None:
    rows = f"{MEMBERS}\nada@example.com,Ada\nben@example.com,B,,,2024-01-02 10:00:00,,2\n"
    report = load_list(lists, "mailchimp", {"unsubscribed_1.csv": rows})
    assert report.rejected == 1
    assert any("1 rows of this mailchimp list can't be read" in note for note in report.notes)


def test_profiles_of_klaviyo_speak_for_email_and_for_texts(lists: Shop) -> None:
    rows = (
        "ada@example.com,,A,SUBSCRIBED,2024-01-02T10:00:00Z,NEVER_SUBSCRIBED,\n"
        "ben@example.com,+447700900123,B,UNSUBSCRIBED,2024-02-03T10:00:00Z,UNSUBSCRIBED,"
        "2024-02-04T10:00:00Z\n"
        "fay@example.com,+12015550123,F,NEVER_SUBSCRIBED,,SUBSCRIBED,2024-02-04T10:00:00Z\n"
    )
    report = load_list(lists, "klaviyo", {"profiles.csv": f"{PROFILES}\n{rows}"})
    # Everybody who shares the number is meant.
    assert consents(lists) == [
        ("c1", "email", "granted", "undocumented", "klaviyo list", "2024-01-02"),
        ("c2", "email", "revoked", None, "klaviyo list", "2024-02-03"),
        ("c2", "sms", "revoked", None, "klaviyo list", "2024-02-04"),
        ("c3", "sms", "revoked", None, "klaviyo list", "2024-02-04"),
    ]
    assert any(
        "1 subscribers to texts are held until there is a proof" in it for it in report.notes
    )


def test_a_suppressed_profile_of_klaviyo_has_refused_whatever_its_consent_says(
    lists: Shop,
) -> None:
    rows = (
        'ada@example.com,SUBSCRIBED,2024-01-02T10:00:00Z,"[""USER_SUPPRESSED""]"\n'
        "ben@example.com,SUBSCRIBED,2024-01-02T10:00:00Z,[]\n"
        "eva@example.com,SUBSCRIBED,2024-01-02T10:00:00Z,\n"
    )
    header = "Email,Email Marketing Consent,Email Marketing Consent Timestamp,Email Suppressions"
    load_list(lists, "klaviyo", {"list.csv": f"{header}\n{rows}"})
    assert [(row[0], row[2], row[5]) for row in consents(lists)] == [
        ("c1", "revoked", "2025-06-01"),  # from the load: the file does not say when
        ("c2", "granted", "2024-01-02"),
        ("c3", "granted", "2024-01-02"),
    ]


SUPPRESSED = "Email,First Name,Suppression Reason,Suppression Timestamp"


def test_suppressed_profiles_of_klaviyo_have_refused_whatever_the_reason(lists: Shop) -> None:
    rows = (
        "Ada@example.com,A,UNSUBSCRIBED,2024-01-02T10:00:00Z\n"
        "ben@example.com,B,Hard Bounce,2024-02-03T10:00:00Z\n"
        "eva@example.com,E,,\n"
        "zoe@example.com,Z,User suppressed,2024-03-04T10:00:00Z\n"
        "gone@example.com,G,Marked as spam,2024-04-05T10:00:00Z\n"
    )
    profiles = (
        "ada@example.com,,A,SUBSCRIBED,2024-05-06,,\nfay@example.com,,F,SUBSCRIBED,2024-05-06,,\n"
    )
    files = {"list.csv": f"{PROFILES}\n{profiles}", "suppressed.csv": f"{SUPPRESSED}\n{rows}"}
    report = load_list(lists, "klaviyo", files)
    assert [(row[0], row[2], row[5]) for row in consents(lists)] == [
        ("c1", "granted", "2024-05-06"),
        ("c1", "revoked", "2024-01-02"),
        ("c2", "revoked", "2024-02-03"),
        ("c3", "revoked", "2025-06-01"),
        ("c4", "granted", "2024-05-06"),
    ]
    assert [it.file for it in report.sources] == ["list.csv", "suppressed.csv"]
    with open_ledger(lists.settings) as ledger, ledger.read() as connection:
        kept = suppressions_in_force(connection, group="email")
    assert [(row.address, row.reason) for row in kept] == [
        ("gone@example.com", "hard_bounce"),
        ("zoe@example.com", "opted_out"),
    ]


def test_a_list_of_suppressed_profiles_may_come_alone(lists: Shop) -> None:
    rows = "Email,Reason\nnobody\nada@example.com,Invalid email\n"
    report = load_list(lists, "klaviyo", {"suppressed.csv": rows})
    assert [(row[0], row[2]) for row in consents(lists)] == [("c1", "revoked")]
    assert any("1 rows of this klaviyo list can't be read" in note for note in report.notes)


def test_subscribers_of_listmonk_are_no_consents_and_the_blocked_refuse(lists: Shop) -> None:
    rows = (
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        'u1,ada@example.com,Ada,"{""city"": ""X""}",enabled,2024-01-01,2024-01-02\n'
        "u2,ben@example.com,Ben,{},blocklisted,2024-01-01,2024-03-04\n"
        "u3,eva@example.com,Eva,{},disabled,2024-01-01,2024-05-06\n"
    )
    load_list(lists, "listmonk", {"subscribers.csv": rows})
    assert [(row[0], row[2], row[5]) for row in consents(lists)] == [
        ("c2", "revoked", "2024-03-04"),
        ("c3", "revoked", "2024-05-06"),
    ]


def test_a_state_that_nobody_knows_and_a_yes_without_a_date_are_no_clean_yes(lists: Shop) -> None:
    rows = "ada@example.com,,A,MAYBE,2024-01-02,,\nben@example.com,,B,SUBSCRIBED,,,\n"
    load_list(lists, "klaviyo", {"profiles.csv": f"{PROFILES}\n{rows}"})
    assert [row[:3] for row in consents(lists)] == [
        ("c1", "email", "unclear"),
        ("c2", "email", "unclear"),
    ]


def test_of_a_line_with_two_statements_each_lands_once(lists: Shop) -> None:
    row = "ben@example.com,+447700900123,B,SUBSCRIBED,,UNSUBSCRIBED,2024-02-04T10:00:00Z\n"
    report = load_list(lists, "klaviyo", {"profiles.csv": f"{PROFILES}\n{row}"})
    assert [row[:3] for row in consents(lists)] == [
        ("c2", "email", "unclear"),
        ("c2", "sms", "revoked"),
        ("c3", "sms", "revoked"),
    ]
    assert report.sources[0].landed == 3


def test_the_same_list_again_adds_nothing(lists: Shop) -> None:
    files = {"profiles.csv": f"{PROFILES}\nada@example.com,,A,UNSUBSCRIBED,2024-01-02,,\n"}
    load_list(lists, "klaviyo", files)
    first = consents(lists)
    load_list(lists, "klaviyo", files)
    assert consents(lists) == first
    assert len(first) == 1


@pytest.mark.parametrize(
    ("system", "files", "words"),
    [
        ("mailchimp", {"members.csv": f"{MEMBERS}\n"}, "tells by its name who stands in it"),
        ("mailchimp", {"cleaned.csv": "Email Address,LEID\n"}, "has no column Confirm_Time"),
        ("klaviyo", {"p.csv": "Email,First Name\na@example.com,A\n"}, "is no export of Klaviyo's"),
        ("listmonk", {"s.csv": 'email,status\n"a@exam'}, "a quote is not closed"),
    ],
)
def test_a_list_that_is_none_is_refused_in_one_line(
    lists: Shop, system: str, files: dict[str, str], words: str
) -> None:
    with pytest.raises(WinbackError, match=words) as caught:
        load_list(lists, system, files)
    assert "\n" not in str(caught.value)
    assert consents(lists) == []


def test_a_list_needs_the_shop_and_never_replaces_it(lists: Shop) -> None:
    lists.write({"p.csv": f"{PROFILES}\nada@example.com,,A,UNSUBSCRIBED,2024-01-02,,\n"})
    with pytest.raises(WinbackError, match="without --replace"):
        lists.load(format="klaviyo", replace=True)
    assert len(lists.landed("customers")) == 4


# As the tables of docs/sources.md have it; the seed is held equal to it row by row.
STATES = {
    ("klaviyo", "email", "SUBSCRIBED", "CONFIRMED_OPT_IN"): ("granted", "double_opt_in"),
    ("klaviyo", "email", "SUBSCRIBED", "SINGLE_OPT_IN"): ("granted", "express"),
    ("klaviyo", "email", "SUBSCRIBED", "UNKNOWN"): ("granted", "undocumented"),
    ("klaviyo", "email", "UNSUBSCRIBED", "UNKNOWN"): ("revoked", ""),
    ("klaviyo", "email", "NEVER_SUBSCRIBED", "UNKNOWN"): ("none", ""),
    ("klaviyo", "email", "SUPPRESSED", "UNKNOWN"): ("suppressed", ""),
    ("klaviyo", "sms", "SUBSCRIBED", "SINGLE_OPT_IN"): ("held", ""),
    ("klaviyo", "sms", "UNSUBSCRIBED", "UNKNOWN"): ("revoked", ""),
    ("klaviyo", "sms", "NEVER_SUBSCRIBED", "UNKNOWN"): ("none", ""),
    ("mailchimp", "email", "SUBSCRIBED", "CONFIRMED_OPT_IN"): ("granted", "double_opt_in"),
    ("mailchimp", "email", "SUBSCRIBED", "SINGLE_OPT_IN"): ("granted", "express"),
    ("mailchimp", "email", "SUBSCRIBED", "UNKNOWN"): ("granted", "undocumented"),
    ("mailchimp", "email", "NONSUBSCRIBED", "UNKNOWN"): ("none", ""),
    ("mailchimp", "email", "UNSUBSCRIBED", "CONFIRMED_OPT_IN"): ("revoked", ""),
    ("mailchimp", "email", "CLEANED", "UNKNOWN"): ("suppressed", ""),
    ("listmonk", "email", "ENABLED", "UNKNOWN"): ("none", ""),
    ("listmonk", "email", "DISABLED", "UNKNOWN"): ("revoked", ""),
    ("listmonk", "email", "BLOCKLISTED", "UNKNOWN"): ("revoked", ""),
}


@pytest.mark.parametrize(("state", "means"), STATES.items())
def test_what_a_state_of_another_tool_means(
    state: tuple[str, str, str, str], means: tuple[str, str]
) -> None:
    system, channel, name, level = state
    assert meaning(system, channel, name, opt_in_level=level) == means


def test_every_row_of_a_tools_states_is_tested() -> None:
    seed = Path(__file__).parents[2] / "dbt_project" / "seeds" / "consent_states.csv"
    with seed.open(newline="") as file:
        rows = [
            row for row in csv.DictReader(file) if row["system"] not in {"shopify", "woocommerce"}
        ]
    assert len(rows) == len(STATES)
