"""An opt-out under one spelling of a line is seen under every other, in a real load and build."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from audience_builds import build_audience, load_tables, query
from typer.testing import CliRunner

from winback.base.settings import Settings
from winback.cli._app import app
from winback.ledger import (
    AddressKey,
    export_ledger,
    hide_address,
    is_suppressed,
    open_ledger,
    suppress,
    tables,
)

AS_OF = datetime(2026, 3, 31, 12, tzinfo=UTC)


class Line(NamedTuple):
    """What the shop's file has, and another line so much like it that it could be taken for it."""

    phone: str
    country: str
    opted_out: str
    like_it: str


LINES = {
    "(0) after the code": Line("+44 (0)7700 900123", "GB", "+447700900123", "+447700900124"),
    "as at home": Line("07700 900223", "United Kingdom", "+447700900223", "07700 900224"),
    "0 after the code": Line("+4407700900323", "", "+447700900323", "+4407700900324"),
    "Mexico's 1": Line("+52 1 55 1234 5678", "MX", "+525512345678", "+5215512345679"),
    "Mexico's 044": Line("044 55 1234 5778", "MX", "+5215512345778", "+525512345779"),
    "Brazil's ninth digit": Line("+55 11 98765-4321", "BR", "+551187654321", "+551187654322"),
    "Brazil at home": Line("(11) 8765-4421", "BR", "+5511987654421", "(11) 3765-4421"),
    "Argentina's 9": Line("+54 9 11 4567-8901", "AR", "+541145678901", "+5491145678902"),
    "Argentina's 15": Line("011 15 4567-8911", "AR", "+5491145678911", "011 15 4567-8912"),
    "Russia's 8": Line("8 (916) 123-45-67", "RU", "+79161234567", "+78431234567"),
    "Hungary's 06": Line("06 20 123 4567", "HU", "+3606201234567", "06 20 123 4568"),
    "Italy's zero": Line("06 1234 5678", "IT", "+390612345678", "+39 61 234 5678"),
    "Vietnam of old": Line("+84 162 345 6789", "VN", "+84323456789", "+84 163 345 6789"),
    "Benin of old": Line("+229 97 12 34 56", "BJ", "+2290197123456", "+22997123457"),
    "Belarus's 80": Line("8 029 491-19-11", "BY", "+375294911911", "8 029 491-19-12"),
    "00": Line("0033 6 12 34 56 78", "FR", "+33612345678", "0033 6 12 34 56 79"),
    "011": Line("011 61 412 345 678", "US", "+61412345678", "011 61 412 345 679"),
    "unseen signs": Line(
        "+44\u00a07700\u2011900\u200b523", "GB", "\u202a+447700900523\u202c", "+447700900524"
    ),
    "other digits": Line("+\u0664\u0664 7700 900623", "", "+447700900623", "+447700900624"),
    "an extension": Line("+1 415 555 0100 ext. 7", "US", "(+1) 415-555-0100", "+14155550101"),
    "no plus": Line("447700900723", "GB", "tel:+44-7700-900723", "447700900724"),
    "a spreadsheet's": Line("7700900823.0", "GB", "+447700900823", "7700900824.0"),
}  # fmt: skip
# Hashed before numbers had one spelling: the hash is of what was once kept.
HASHED = {
    "erased as +521": Line("+52 55 1234 9678", "MX", "+5215512349678", "+525512349679"),
    "erased as +440": Line("07700 901123", "GB", "+4407700901123", "07700 901124"),
    "erased without the 9": Line("+5491145679901", "AR", "+541145679901", "+5491145679902"),
}
NUMBERS = {
    ("+442079460000", "GB"): "number",
    ("020 7946 0001", "GB"): "number",
    ("+18005550100", "US"): "number",
    ("+448081570000", "GB"): "number",
    ("+4477009001", "GB"): "number",
    ("+99912345678", ""): "number",
    ("+8001234567" + "8", ""): "number",
    ("+15555550100", "US"): "",
    ("+447700905123", "GB"): "",
    ("07700 905124", "GB"): "",
    ("+393471234567", "IT"): "",
    ("07700 905125", ""): "address",
    ("555-0100", "US"): "address",
}
ABOUT = {"address", "number", "suppression"}


def customers() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name, line in {**LINES, **HASHED}.items():
        rows.append({"customer_id": name, "phone": line.phone, "country": line.country})
        rows.append({"customer_id": f"not {name}", "phone": line.like_it, "country": line.country})
    rows += [
        {"customer_id": phone, "phone": phone, "country": country} for phone, country in NUMBERS
    ]
    return rows


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("lines")
    settings = Settings.load(home=home)
    order = {
        "order_id": "1", "customer_id": "00", "ordered_at": "2026-01-01", "total_amount": 1,
    }  # fmt: skip
    load_tables(settings, {"customers": customers(), "orders": [order]}, home / "shop")
    ledger = open_ledger(settings)
    stop = {"source": "inbound", "occurred_at": AS_OF, "recorded_at": AS_OF}
    with ledger.write() as connection:
        for line in LINES.values():
            suppress(connection, group="phone", address=line.opted_out, reason="stop", **stop)
        key = AddressKey.of(connection)
        connection.execute(
            tables.suppressions.insert(),
            [
                {
                    "suppression_id": line.opted_out, "channel_group": "phone",
                    "address": key.hide(line.opted_out), "reason": "erased", **stop,
                }
                for line in HASHED.values()
            ],
        )  # fmt: skip
    export_ledger(ledger, settings.ledger_landing_dir)
    build_audience(settings, AS_OF, "+channel_eligibility")
    return settings


@pytest.fixture(scope="module")
def blocked_by(shop: Settings) -> dict[str, set[str]]:
    rows = query(
        shop, "select customer_id, blocked_by from channel_eligibility where channel = 'sms'"
    )
    return {customer_id: set(rules.split(",")) & ABOUT for customer_id, rules in rows}


@pytest.mark.parametrize("name", [*LINES, *HASHED])
def test_an_opt_out_is_seen_under_each_spelling_and_for_no_other_line(
    blocked_by: dict[str, set[str]], name: str
) -> None:
    assert "suppression" in blocked_by[name]
    assert "suppression" not in blocked_by[f"not {name}"]
    assert "address" not in blocked_by[name] | blocked_by[f"not {name}"]


@pytest.mark.parametrize("name", LINES)
def test_the_guard_sees_it_too(shop: Settings, name: str) -> None:
    number, other = (
        query(
            shop,
            "select address from int_customers__contact_points"
            f" where channel = 'sms' and customer_id = '{who.replace(chr(39), chr(39) * 2)}'",
        )[0][0]
        for who in (name, f"not {name}")
    )
    with open_ledger(shop) as ledger, ledger.read() as connection:
        assert is_suppressed(connection, group="phone", address=number)
        assert not is_suppressed(connection, group="phone", address=other)


@pytest.mark.parametrize(("phone", "rule"), [(phone, rule) for (phone, _), rule in NUMBERS.items()])
def test_what_is_no_mobile_of_a_person_gets_no_texts(
    blocked_by: dict[str, set[str]], phone: str, rule: str
) -> None:
    assert blocked_by[phone] == ({rule} if rule else set())


def test_one_phone_of_two_customers_is_one_address(tmp_path) -> None:
    settings = Settings.load(home=tmp_path / "home")
    rows = [
        {"customer_id": "1", "phone": "+44 (0)7700 900123", "country": "GB"},
        {"customer_id": "2", "phone": "07700900123", "country": "GB"},
        {"customer_id": "3", "phone": "+447700900123", "country": "FR"},
    ]
    order = {
        "order_id": "1", "customer_id": "1", "ordered_at": "2026-01-01", "total_amount": 1,
    }  # fmt: skip
    load_tables(settings, {"customers": rows, "orders": [order]}, tmp_path / "shop")
    build_audience(settings, AS_OF, "+int_customers__contact_points")
    addresses = query(
        settings, "select distinct address from int_customers__contact_points where channel = 'sms'"
    )
    assert addresses == [("+447700900123",)]


def test_the_load_counts_and_doctor_names_whose_phone_gets_no_texts(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WINBACK_LEDGER_URL", "")
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\n1,c1,2026-01-01,10\n"
    )
    phones = {
        "c1": ("+447700900123", "GB"), "c2": ("07700 900124", "GB"), "c3": ("07700 900124", ""),
        "c4": ("+442079460000", "GB"), "c5": ("+18005550100", "US"), "c6": ("+4477009001", "GB"),
        "c7": ("555-0100", "US"), "c8": ("", "US"), "c9": ("+5491145678901", "AR"),
    }  # fmt: skip
    lines = [f"{name},{phone},{country}" for name, (phone, country) in phones.items()]
    (folder / "customers.csv").write_text("\n".join(["customer_id,phone,country", *lines]))
    loaded = CliRunner().invoke(app, ["load", str(folder)]).output
    assert (
        "note: 5 phones get no texts: 2 can't be read without doubt, 1 no person's mobile "
        "(fixed line), 1 no person's mobile (toll free), 1 too long or too short for its country "
        "(winback doctor names the customers)"
    ) in loaded.splitlines()
    told = CliRunner().invoke(app, ["doctor"]).output.splitlines()
    assert "phones: 2 can't be read without doubt: customers c3, c7" in told
    assert "phones: 1 too long or too short for its country: customers c6" in told
    assert "phones: 1 no person's mobile (fixed line): customers c4" in told
    assert not any(phone and phone in "\n".join(told) + loaded for phone, _ in phones.values())


def test_erasing_a_person_reaches_their_number_however_it_is_spelled(tmp_path) -> None:
    with open_ledger(Settings.load(home=tmp_path)) as ledger, ledger.write() as connection:
        hide_address(connection, group="phone", address="+52 1 55 1234 5678", erased_at=AS_OF)
        for spelling in ("+525512345678", "+5215512345678", "+52 55 1234-5678"):
            assert is_suppressed(connection, group="phone", address=spelling)
