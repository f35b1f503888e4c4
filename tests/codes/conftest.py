"""A ledger, a file of offers, and lists of codes brought into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.codes import ImportReport, import_codes
from winback.ledger import Ledger, open_ledger

NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, ledger_url: str) -> Settings:
    return Settings.load(
        home=tmp_path / "home", ledger_url=ledger_url, shop_timezone="America/New_York"
    )


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    with open_ledger(settings) as opened:
        yield opened


@pytest.fixture
def offers_file(tmp_path: Path) -> Path:
    file = tmp_path / "offers.csv"
    file.write_text(
        "offer_id,kind,value,detail,code_source,code,validity_days,description\n"
        "twenty,percent,20,,own,,30,Twenty off\n"
        "ten,percent,10,,own,,30,Ten off\n"
        "all,percent,5,,shared,COME 5,30,Five off for everybody\n"
    )
    return file


@pytest.fixture
def bring_in(
    ledger: Ledger, settings: Settings, offers_file: Path, tmp_path: Path
) -> Callable[..., ImportReport]:
    def run(content: str | bytes, **options: Any) -> ImportReport:
        file = tmp_path / "codes.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return import_codes(
            ledger, settings, FixedClock(NOW), file, offers_file=offers_file, **options
        )

    return run
