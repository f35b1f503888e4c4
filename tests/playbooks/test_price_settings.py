"""What a message costs: prices in other currencies, and a currency without a rate."""

from __future__ import annotations

import pytest

from winback.base.errors import UsageError
from winback.base.settings import Settings


def load(**values: str) -> Settings:
    return Settings.load(_env_file=None, **values)


def test_a_rate_is_what_one_of_another_currency_is_in_the_shops() -> None:
    settings = load(currency="eur", exchange_rates="USD:EUR=0.92, gbp:eur=1.17")
    assert {name: str(rate) for name, rate in settings.rates.items()} == {
        "USD": "0.92", "GBP": "1.17",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"currency": "e1r"}, "WINBACK_CURRENCY: 'e1r' is no currency"),
        ({"currency": "EUR", "exchange_rates": "USD:EUR=0"}, "no rate like USD:EUR=0.92"),
        ({"currency": "EUR", "exchange_rates": "USD:EUR=0.92');drop"}, "no rate like"),
        ({"exchange_rates": "USD:EUR=0.92"}, "not one to WINBACK_CURRENCY (not set)"),
        ({"currency": "GBP", "exchange_rates": "USD:EUR=0.92"}, "WINBACK_CURRENCY (GBP)"),
        ({"currency": "EUR", "exchange_rates": "USD:EUR=1,USD:EUR=2"}, "a currency twice"),
    ],
)
def test_a_rate_that_says_nothing_sure_is_refused(values: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError) as problem:
        load(**values)
    assert told in str(problem.value)
