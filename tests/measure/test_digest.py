"""The month's digest says what left and what came back in the month, in the shop's zone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from published_tables import write_tables
from report_tables import COLUMNS, MESSAGES, ROWS, publish

from winback.base.settings import Settings
from winback.measure.shop_report import Digest, read_figures, write_digest

pytestmark = pytest.mark.long

# Berlin's April begins at 22:00 UTC.
LAST, FIRST = "2026-03-31 21:59:59+00", "2026-03-31 22:00:00+00"
SENT: list[tuple[Any, ...]] = [
    ("m1", "c1", LAST, FIRST, 100),
    ("m2", "c1", FIRST, "2026-04-30 21:59:59+00", 150),
    ("m3", "c2", "2026-04-30 21:59:59+00", "2026-04-30 22:00:00+00", 50),
    ("m4", "c2", "2026-04-30 22:00:00+00", None, 7),
    ("m5", "c3", None, None, None),
]


def digest(settings: Settings, messages: list[tuple[Any, ...]]) -> Digest:
    folder = publish(settings)
    write_tables(folder, {**COLUMNS, "messages": MESSAGES}, {**ROWS, "messages": messages})
    figures = read_figures(folder, timezone="Europe/Berlin")
    return write_digest(folder, figures, brand="Copper & Tea", timezone="Europe/Berlin")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path)


def test_it_is_of_the_last_whole_month_in_the_shops_zone(settings: Settings) -> None:
    found = digest(settings, SENT)
    assert found.month == date(2026, 4, 1)
    assert found.subject == "What the messages of Copper & Tea were worth, April 2026"
    first, second, *_ = found.text.splitlines()
    assert first == ("2 messages left in April 2026, for 2.00. 1 customers opted out of a channel.")
    assert second.startswith("4 customers entered a playbook, and 1 who had entered one")
    assert "The messages of first work." in found.text
    assert "All playbooks together: of 100 customers" in found.text
    assert not any(name in found.text for name in ("anna", "c1", "@"))


def test_a_month_without_messages_says_so(settings: Settings) -> None:
    assert digest(settings, SENT[:1]).text.startswith("No message left in April 2026.\n")
