"""The deployment `pull` brings what changed at the shop, and says in a sentence what it did."""

from __future__ import annotations

from pathlib import Path

import pytest
from prefect.states import State
from shopify_api_files import account, consent, order
from shopify_server import SHOP, TOKEN, Shop, shopify

from flows.pull import pull
from winback.base.clock import WallClock

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    monkeypatch.setattr("winback.pulling._open.sleep", lambda _: None)
    return tmp_path / "sources.toml"


def run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> State[object]:
    monkeypatch.setenv("WINBACK_SHOPIFY_BASE_URL", shop.url)
    return pull(return_state=True)


def test_without_a_shop_there_is_nothing_to_pull(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = run(Shop(), monkeypatch)
    assert (state.is_completed(), state.name) == (True, "Nothing to pull")
    assert "names no shop that is read by its API" in str(state.message)


def test_a_pull_says_what_came_and_erases_who_is_deleted(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources.write_text(f'[tea]\nformat = "shopify-api"\nshop = "{SHOP}"\ntoken = "SHOP_TOKEN"\n')
    with shopify(now=WallClock().now().isoformat()) as shop:
        shop.data["customers"] = [account(1, "ada@example.com"), account(2, "bo@example.com")]
        shop.data["orders"] = [order(1, "ada@example.com", by=1)]
        first = run(shop, monkeypatch)
        shop.data["customers"] = [
            account(1, None, says=consent("REDACTED"), updatedAt="2099-01-01T00:00:00Z")
        ]
        second = run(shop, monkeypatch)
        shop.responses = [(401, {}, "{}")]
        third = run(shop, monkeypatch)
    assert first.message == f"{SHOP}: 2 customers, 1 orders, 1 products, everything"
    assert str(second.message).startswith(f"{SHOP}: ")
    assert "1 customers whom their source has deleted are erased here" in str(second.message)
    home = tmp_path / "home"
    texts = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert not any(b"ada@example.com" in text for text in texts)
    assert third.is_failed()
    assert "refuses the token" in str(third.message)
