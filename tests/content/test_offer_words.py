"""An offer in words: of each kind, in each language, and never with what is not known."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.base.places import PROJECT_DIR
from winback.content import RenderBlocked, count_sms_parts, offer_text

LANGUAGES = ("en", "de", "fr", "es")
KINDS = ("percent", "vip", "price_drop", "amount", "free_shipping", "points", "gift")


@pytest.mark.parametrize(
    ("kind", "value", "detail", "words"),
    [
        ("percent", Decimal("20.0000"), None, "20% off"),
        ("percent", Decimal("12.5000"), None, "12.5% off"),
        ("vip", 25, None, "25% off"),
        ("price_drop", 15, None, "15% off"),
        ("amount", Decimal("1000.0000"), "EUR", "€10 off"),
        ("amount", 1250, "USD", "$12.50 off"),
        ("amount", 100000, "CHF", "1,000\u00a0CHF off"),
        ("free_shipping", 0, None, "free shipping"),
        ("points", Decimal("500.0000"), None, "500 points"),
        ("gift", 0, "tea towel", "free tea towel"),
    ],
)
def test_each_kind_has_its_words(
    kind: str, value: Decimal | int, detail: str | None, words: str
) -> None:
    assert offer_text(kind, value, detail) == words


def test_money_and_percent_are_written_as_the_language_writes_them() -> None:
    told = [offer_text("amount", 1250, "EUR", language) for language in LANGUAGES]
    assert told == [
        "€12.50 off", "12,50\u00a0€ Rabatt", "12,50\u00a0€ de réduction",
        "12,50\u00a0€ de descuento",
    ]  # fmt: skip
    dear = [offer_text("amount", 123450, "EUR", language) for language in LANGUAGES]
    assert [it.partition("€")[0].strip("\u00a0") for it in dear[1:]] == [
        "1.234,50", "1\u00a0234,50", "1.234,50",
    ]  # fmt: skip
    assert dear[0] == "€1,234.50 off"
    assert offer_text("percent", 20, None, "de-AT") == "20 % Rabatt"
    assert offer_text("percent", 20, None, "xx") == "20% off"


@pytest.mark.parametrize(
    ("kind", "value", "detail"),
    [
        ("mystery", 5, None), ("percent", None, None), ("percent", 0, None), ("points", 0, None),
        ("amount", 500, None), ("amount", 0, "EUR"), ("gift", 0, None), ("gift", 0, " \n"),
        ("vip", float("nan"), None), ("price_drop", -5, None),
    ],
)  # fmt: skip
def test_an_offer_that_lacks_what_it_gives_is_said_by_no_message(
    kind: str, value: float | None, detail: str | None
) -> None:
    with pytest.raises(RenderBlocked, match="unknown_offer"):
        offer_text(kind, value, detail)


@given(
    kind=st.sampled_from(KINDS),
    value=st.integers(1, 1_000_000),
    detail=st.text(max_size=30).filter(lambda text: not {*"{}"} & {*text}),
    language=st.sampled_from(LANGUAGES),
)
def test_words_are_one_line_without_gaps(kind: str, value: int, detail: str, language: str) -> None:
    try:
        words = offer_text(kind, value, detail, language)
    except RenderBlocked:
        assert not detail.strip() or not detail.isprintable()
        return
    # An amount and its currency stay in one line: the space between them does not break.
    assert words.replace("\u00a0", " ") == " ".join(words.split())
    ours = words.replace(" ".join(detail.split()), "")
    assert "{" not in ours
    assert "None" not in ours


def test_every_shipped_offer_has_words_that_a_text_has_room_for() -> None:
    with (PROJECT_DIR / "dbt_project" / "seeds" / "offers.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            for language in LANGUAGES:
                words = offer_text(row["kind"], Decimal(row["value"]), row["detail"], language)
                assert count_sms_parts(words) == 1
