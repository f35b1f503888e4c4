"""A small shop in which what is known of a customer changes who gets what, by real builds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from audience_builds import Tables, build_audience, load_tables, query
from seeded import give_seeds

from winback.base.settings import Settings

AS_OF = datetime(2026, 3, 31, 18, tzinfo=UTC)
pytestmark = pytest.mark.slow  # a build of the entry for each way to steer; units hold the branches

# Days since each order, the last one last.
ORDERS: Mapping[str, tuple[int, ...]] = {
    "looked around": (35,),
    "silent": (35,),
    "wants texts": (35,),
    "answers texts": (35,),
    # In July of three years, and once between.
    "summer": (987, 622, 257, 40),
    # Every 42 days, and the last 38 ago.
    "each six weeks": (206, 164, 122, 80, 38),
}
FAMILY_FIRST = "sms_email"


def tables() -> Tables:
    def day(ago: int) -> str:
        return (AS_OF - timedelta(days=ago, hours=6)).isoformat()

    def number(who: str) -> str:
        return f"+1212555{100 + list(ORDERS).index(who):04}"

    # A shop whose other customers come back each six weeks, so that it has rhythms.
    others = {f"other {i}": tuple(range(420, 5, -42)) for i in range(12)}
    return {
        "customers": [
            {
                "customer_id": who,
                "email": f"{who.replace(' ', '.')}@example.com",
                "phone": number(who),
                "country": "US",
                "region": "NY",
                "timezone": "America/New_York",
                "preferred_channel": "sms" if who == "wants texts" else "",
            }
            for who in ORDERS
        ],
        "orders": [
            {
                "order_id": f"{who} {ago}",
                "customer_id": who,
                "ordered_at": day(ago),
                "total_amount": "20.00",
            }
            for who, all_ago in {**ORDERS, **others}.items()
            for ago in all_ago
        ],
        "consents": [
            {
                "customer_id": who,
                "channel": channel,
                "status": "granted",
                "basis": "express_written",
                "occurred_at": day(60),
            }
            for who in ORDERS
            for channel in ("email", "sms")
        ],
        "web_events": [
            {"customer_id": "looked around", "event": "visit", "occurred_at": day(5)},
        ],
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings.load(home=tmp_path_factory.mktemp("steers"))
    load_tables(settings, tables(), tmp_path_factory.mktemp("files") / "files")
    give_seeds(settings)
    return settings


def entries(
    shop: Settings, *, wait: int = -1, **variables: object
) -> dict[str, tuple[str | None, str]]:
    """Of each customer the win-back that takes them, and the rules that fail in the first one."""
    build_audience(shop, AS_OF, "+entry_candidates", expected_order_wait_days=wait, **variables)
    rows = query(
        shop,
        f"""
        select
            customer_id,
            max(playbook_id) filter (where is_entering),
            coalesce(max(blocked_by) filter (where playbook_id = '{FAMILY_FIRST}'), 'in no segment')
        from entry_candidates where family = 'win_back' group by customer_id
        """,
    )
    found: dict[str, tuple[str | None, str]] = {who: (taken, why) for who, taken, why in rows}
    return {who: found.get(who, (None, "in no segment")) for who in ORDERS}


def test_who_visited_lately_has_not_lapsed_where_the_shop_says_so(shop: Settings) -> None:
    assert entries(shop)["looked around"] == (FAMILY_FIRST, "")
    either = entries(shop, lapse_basis="either")
    assert either["looked around"] == (None, "in no segment")
    assert either["silent"] == (FAMILY_FIRST, "")


def test_whoever_asked_for_texts_gets_the_texts(shop: Settings) -> None:
    found = entries(shop)
    assert found["wants texts"] == ("sms_four_step", "other_playbook")
    assert found["silent"] == (FAMILY_FIRST, "")
    dealt = query(
        shop,
        "select dealt_as_playbook_id from entry_candidates"
        " where customer_id = 'wants texts' and is_entering",
    )
    assert dealt == [(FAMILY_FIRST,)], "the arm is that of the playbook that would come first"


def test_a_win_back_waits_for_an_order_that_is_due(shop: Settings) -> None:
    assert entries(shop, wait=7)["each six weeks"] == (None, "expected_order")
    assert entries(shop)["each six weeks"] == (FAMILY_FIRST, "")
    # Whoever waited for it would find the window closed.
    assert entries(shop, wait=7, entry_to_days=41)["each six weeks"] == (FAMILY_FIRST, "")


def test_a_seasonal_buyer_waits_for_the_playbook_of_their_season(shop: Settings) -> None:
    assert entries(shop)["summer"][0] == FAMILY_FIRST
    with _enabled(shop, "before_season"):
        assert entries(shop)["summer"] == (None, "season")
        build_audience(shop, AS_OF, "+audience_funnel")
        ((reason,),) = query(
            shop,
            "select reason from audience_funnel where playbook_id = 'sms_email'"
            " and stage = 'entered'",
        )
        assert "season until 2026-0" in reason


def test_by_own_rhythm_the_threshold_opens_the_playbook(shop: Settings) -> None:
    found = entries(shop, lapse_preset="personal")
    segments = query(shop, "select distinct segment from entry_candidates")
    assert ("lapsed_30_45",) not in segments
    assert found["each six weeks"] == (None, "in no segment"), "still in rhythm"


class _enabled:  # noqa: N801 - a context, named for how it reads
    """The seed with a playbook switched on, and off again."""

    def __init__(self, shop: Settings, playbook: str) -> None:
        self._shop, self._playbook = shop, playbook

    def _set(self, value: bool) -> None:
        with duckdb.connect(str(self._shop.warehouse_path)) as connection:
            connection.execute(
                "update winback.playbooks set is_enabled = ? where playbook_id = ?",
                [value, self._playbook],
            )

    def __enter__(self) -> None:
        self._set(True)

    def __exit__(self, *_: object) -> None:
        self._set(False)
