"""Each shop is loaded and built once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import contact_cases
import order_cases
import pytest
import segment_cases
from audience_builds import build_audience, load_tables
from seeded import give_seeds

from winback.base.clock import FixedClock, parse_as_of
from winback.base.settings import Settings
from winback.landing import load
from winback.ledger import export_ledger, hide_address, keep_reply, open_ledger, suppress, tables
from winback.sending import enroll
from winback.warehouse import build


@pytest.fixture(scope="session", autouse=True)
def no_dbt_log_file() -> Iterator[None]:
    """In one process dbt leaves its log file open, which Python warns of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_LOG_LEVEL_FILE", "none")
        yield


@pytest.fixture(scope="session")
def cdnow_log() -> Path:
    """The purchase log of 23,570 customers that the lifetimes wheel ships."""
    package = find_spec("lifetimes")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "datasets" / "CDNOW_master.txt"


@pytest.fixture(scope="session")
def cdnow(tmp_path_factory: pytest.TempPathFactory, cdnow_log: Path) -> Settings:
    """CDNOW's audience at the end of September 1997."""
    settings = Settings.load(home=tmp_path_factory.mktemp("cdnow"))
    load(cdnow_log, settings, FixedClock(datetime(2026, 1, 1, tzinfo=UTC)), format="cdnow")
    build_audience(settings, parse_as_of("1997-09-30", settings.shop_timezone))
    return settings


@pytest.fixture(scope="session")
def case_shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A shop in New York in which each customer is one case of the contact rules or of orders."""
    home = tmp_path_factory.mktemp("cases")
    settings = Settings.load(home=home, shop_timezone="America/New_York")
    shop = contact_cases.tables()
    shop["orders"] += order_cases.orders()
    load_tables(settings, shop, home / "shop")
    ledger = open_ledger(settings)
    with ledger.write() as connection:
        for group, address, occurred_at in contact_cases.SUPPRESSED:
            suppress(
                connection,
                group=group,
                address=address,
                reason="stop",
                source="inbound",
                occurred_at=occurred_at,
                recorded_at=occurred_at,
            )
        for group, address in contact_cases.ASKED:
            keep_reply(
                connection,
                reply_id=address,
                group=group,
                address=address,
                customer_id=None,
                message_id=None,
                text="Do you have it in blue?",
                intent="question",
                received_at=contact_cases.AS_OF - 3 * contact_cases.DAY,
                gap=contact_cases.DAY,
            )
        for group, address in contact_cases.ERASED:
            hide_address(connection, group=group, address=address, erased_at=contact_cases.AS_OF)
        connection.execute(tables.provider_events.insert(), contact_cases.returns())
    export_ledger(ledger, settings.ledger_landing_dir)
    build_audience(settings, contact_cases.AS_OF)
    return settings


@pytest.fixture(scope="session")
def segment_shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A shop in which every segment has somebody: built, tested and published as a whole."""
    home = tmp_path_factory.mktemp("segments") / ".winback"
    settings = Settings.load(home=home, shop_timezone="America/New_York")
    give_seeds(settings)
    load_tables(settings, segment_cases.tables(), home / "shop")
    ledger = open_ledger(settings)
    enroll(ledger, [segment_cases.ENROLLED, segment_cases.WRITTEN_TO])
    with ledger.write() as connection:
        connection.execute(tables.messages.insert(), segment_cases.ASKED)
        connection.execute(tables.provider_events.insert(), segment_cases.REPLIED)
    export_ledger(ledger, settings.ledger_landing_dir)
    build(settings, segment_cases.AS_OF, gate=lambda *_: ())
    return settings
