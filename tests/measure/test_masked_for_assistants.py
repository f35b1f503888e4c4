"""What an assistant hears has no address, however odd it is."""

from __future__ import annotations

import pytest

from winback.measure.assistant._masked import MASKED, masked, plain


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.com", "o'neil@example.com", 'odd"one@example.org', "+44 7700 900778",
        "a.b+c@mail.example.co.uk",
    ],
)  # fmt: skip
def test_an_address_is_masked_whole(text: str) -> None:
    assert masked(f"customer '{text}' is known") == f"customer '{MASKED}' is known"
    assert plain({text: [{"customer_id": text}]}) == {MASKED: [{"customer_id": MASKED}]}


def test_a_phone_as_it_is_dialed_at_home_is_masked_where_it_is_an_id() -> None:
    assert masked("07700 900778, as of today", "07700 900778") == f"{MASKED}, as of today"
    assert plain({"id": "07700 900778", "orders": 2}, "07700 900778") == {"id": MASKED, "orders": 2}
