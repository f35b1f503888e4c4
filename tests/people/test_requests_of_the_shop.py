"""Shopify asks on behalf of its customers: signed, once, and done without anybody's help."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from erasable_home import EMAIL, NAME, NOW, OTHER, TRACES, Home
from pydantic import SecretStr
from typer.testing import CliRunner

from winback import pages
from winback.base.clock import FixedClock
from winback.base.errors import WinbackError
from winback.base.running import at_work
from winback.cli._app import app
from winback.inbound import requests_of
from winback.people import requests as asked
from winback.people.erasure import _deleted, erased_at

pytestmark = pytest.mark.long

SECRET = "shpss_secret"
Post = Callable[..., int]


def redact(customer_id: object = "c1", email: str | None = EMAIL, **more: Any) -> dict[str, Any]:
    customer = {"id": customer_id, "email": email, "phone": None}
    about = {"shop_id": 1, "shop_domain": "a.myshopify.com", "customer": customer}
    return about | {"orders_to_redact": []} | more


def wants_data(customer_id: str = "c1") -> dict[str, Any]:
    told = redact(customer_id)
    del told["orders_to_redact"]
    return told | {"orders_requested": [1], "data_request": {"id": 9}}


@pytest.fixture
def post(home: Home) -> Iterator[Post]:
    settings = home.settings.model_copy(update={"shopify_webhook_secret": SecretStr(SECRET)})
    with pages.start(home.ledger, settings, home.clock) as running:

        def send(topic: str, told: object, *, secret: str = SECRET, **headers: str) -> int:
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
            signed = {
                "X-Shopify-Topic": topic,
                "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
                "X-Shopify-Webhook-Id": "1",
            }
            url = f"{running.base_url}/webhooks/shopify"
            return requests.post(url, data=body, headers=signed | headers, timeout=20).status_code

        yield send


def test_a_redaction_is_kept_without_an_address_and_then_done(home: Home, post: Post) -> None:
    assert post("customers/redact", redact()) == 200
    (file,) = (home.settings.landing_dir / "requests").glob("*.json")
    assert EMAIL.casefold() not in file.read_text().casefold()
    assert file.stat().st_mode & 0o077 == 0
    assert erased_at(home.settings, "c1") is None, "the receiver itself erases nobody"
    assert asked.serve_requests(home.settings, home.clock) == asked.Served(1, 0, ())
    assert erased_at(home.settings, "c1") == NOW
    assert home.traces(*TRACES, '"c1"') == []
    (told,) = asked.tell_requests(home.settings)
    assert (told.is_done, told.state) == (True, "erased")


def test_what_is_not_signed_or_not_what_it_says_leaves_nothing(home: Home, post: Post) -> None:
    assert post("customers/redact", redact(), secret="another") == 401
    assert (
        post("customers/redact", redact(), **{"X-Shopify-Hmac-Sha256": "ä".encode().hex()}) == 401
    )
    assert post("customers/redact", b"[" * 200_000) == 400
    assert post("customers/redact", b"no json") == 400
    assert post("customers/redact", b" " * 300_000) == 413
    assert post("orders/create", redact()) == 400
    # The topic is not signed: a question that is sent again under another one erases nobody.
    assert post("customers/redact", wants_data()) == 400
    assert post("shop/redact", redact()) == 400
    assert requests_of(home.settings) == []
    unset = home.settings.model_copy(update={"shopify_webhook_secret": SecretStr("")})
    with pages.start(home.ledger, unset, home.clock) as running:
        digest = base64.b64encode(hmac.new(b"", b"{}", hashlib.sha256).digest()).decode()
        headers = {"X-Shopify-Topic": "shop/redact", "X-Shopify-Hmac-Sha256": digest}
        url = f"{running.base_url}/webhooks/shopify"
        assert requests.post(url, data=b"{}", headers=headers, timeout=20).status_code == 401


def test_the_same_post_again_is_done_once(home: Home, post: Post) -> None:
    for number in range(3):
        told = wants_data()
        assert post("customers/data_request", told, **{"X-Shopify-Webhook-Id": str(number)}) == 200
    assert asked.serve_requests(home.settings, home.clock).done == 1
    assert post("customers/data_request", wants_data()) == 200
    assert asked.serve_requests(home.settings, home.clock).done == 0
    home.clock.at += timedelta(days=30)
    assert post("customers/data_request", wants_data()) == 200
    assert asked.serve_requests(home.settings, home.clock).done == 1, "they ask anew"


def test_an_export_is_written_and_doctor_names_it(
    home: Home, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post("customers/data_request", wants_data())
    asked.serve_requests(home.settings, home.clock)
    (page,) = home.settings.people_dir.glob("*/person.html")
    assert NAME in page.read_text()
    monkeypatch.setenv("WINBACK_HOME", str(home.settings.home))
    (line,) = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["requests"]
    assert "export what is held of customer c1" in line
    assert str(page.parent) in line
    assert "hand it over" in line
    page.unlink()
    page.with_suffix(".json").unlink()
    page.parent.rmdir()
    assert json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["requests"] == []


def test_a_whole_shop_waits_for_a_person(
    home: Home, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert post("shop/redact", {"shop_id": 1, "shop_domain": "a.myshopify.com"}) == 200
    assert asked.serve_requests(home.settings, home.clock) == asked.Served(0, 1, ())
    assert home.traces(EMAIL)
    monkeypatch.setenv("WINBACK_HOME", str(home.settings.home))
    (request,) = requests_of(home.settings)
    told = CliRunner().invoke(app, ["requests", "--run"]).output
    assert "forget all that is held of the shop a.myshopify.com: a person decides" in told
    done = CliRunner().invoke(app, ["requests", "--done", request.request_id]).output
    assert "done by hand" in done
    with pytest.raises(WinbackError, match="no request 'x' waits"):
        asked.finish_request(home.settings, home.clock, "x")


def test_a_guest_is_found_by_the_address_and_a_stranger_is_no_trouble(
    home: Home, post: Post
) -> None:
    post("customers/redact", redact(77, EMAIL))
    post("customers/redact", redact(78, "stranger@example.com"))
    assert asked.serve_requests(home.settings, home.clock).done == 2
    assert erased_at(home.settings, "c1")
    assert home.traces(OTHER)
    assert [it.outcome for it in requests_of(home.settings)].count("nothing is held of them") == 1


def test_it_waits_while_a_run_is_at_work(home: Home, post: Post) -> None:
    post("customers/redact", redact())
    with at_work(home.settings):
        served = asked.serve_requests(home.settings, home.clock)
    assert (served.done, served.waiting) == (0, 1)
    assert "under way" in served.notes[0]
    assert asked.serve_requests(home.settings, home.clock).done == 1


def test_very_many_erasures_at_once_wait_until_somebody_has_looked(
    home: Home, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_deleted, "MOST_AT_ONCE", 1)
    post("customers/redact", redact("c1"))
    post("customers/redact", redact("c2", OTHER))
    served = asked.serve_requests(home.settings, FixedClock(NOW))
    assert (served.done, served.waiting) == (0, 2)
    assert "winback requests --run --confirm" in served.notes[0]
    assert asked.serve_requests(home.settings, FixedClock(NOW), is_confirmed=True).done == 2
