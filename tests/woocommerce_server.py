"""WooCommerce's REST API on a port of this machine, as far as coupons are made by it.

As the shop does it: a code is kept in small letters, `date_expires` is an instant where it has a
zone and else the site's wall clock, and `date_expires_gmt` is passed over when it is written.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from loopback import Silent, serving

KEY, SECRET = "ck_0123456789", "cs_9876543210"
MOST_COUPONS = 100
ZONE = ZoneInfo("America/New_York")
WRITABLE = {
    "code", "discount_type", "amount", "date_expires", "date_expires_gmt", "usage_limit",
    "usage_limit_per_user", "individual_use", "free_shipping", "description",
}  # fmt: skip


@dataclass
class WooShop:
    """What the server has; `responses` are faults, each used up as it happens."""

    url: str = ""
    currency: str = "EUR"
    coupons: dict[str, dict[str, Any]] = field(default_factory=dict)
    responses: list[tuple[int, str]] = field(default_factory=list)
    # A batch whose answer is lost: its coupons are made all the same.
    lost_answers: int = 0
    heard: list[Any] = field(default_factory=list)

    def create(self, coupon: dict[str, Any]) -> dict[str, Any]:
        assert set(coupon) <= WRITABLE, f"unknown fields: {set(coupon) - WRITABLE}"
        code = coupon["code"].lower()
        if code in self.coupons:
            why = "woocommerce_rest_coupon_code_already_exists"
            return {"id": 0, "error": {"code": why, "message": "exists", "data": {"status": 400}}}
        ends_at = datetime.fromisoformat(coupon["date_expires"])
        ends_at = ends_at if ends_at.tzinfo else ends_at.replace(tzinfo=ZONE)
        made = {
            **coupon, "id": len(self.coupons) + 1, "code": code,
            "amount": f"{float(coupon['amount']):.2f}",
            "date_expires": f"{ends_at.astimezone(ZONE):%Y-%m-%dT%H:%M:%S}",
            "date_expires_gmt": f"{ends_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        }  # fmt: skip
        self.coupons[code] = made
        return made


@contextmanager
def woocommerce(**options: Any) -> Iterator[WooShop]:  # noqa: C901 - a server is its methods
    """A shop that answers."""
    shop = WooShop(**options)
    pair = b64encode(f"{KEY}:{SECRET}".encode()).decode()

    class Handler(Silent, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == "/wp-json/wc/v3/coupons/batch"
            if not self.may():
                return
            shop.heard.append(asked)
            if len(asked["create"]) > MOST_COUPONS:
                self.say(413, {"code": "woocommerce_rest_request_entity_too_large"})
                return
            made = [shop.create(coupon) for coupon in asked["create"]]
            if shop.lost_answers:
                shop.lost_answers -= 1
                self.close_connection = True
                return
            self.say(200, {"create": made})

        def do_GET(self) -> None:
            if not self.may():
                return
            parts = urlsplit(self.path)
            if parts.path == "/wp-json/wc/v3/data/currencies/current":
                self.say(200, {"code": shop.currency, "name": "", "symbol": ""})
                return
            assert parts.path == "/wp-json/wc/v3/coupons"
            found = shop.coupons.get(parse_qs(parts.query)["code"][0].lower())
            self.say(200, [found] if found else [])

        def may(self) -> bool:
            if shop.responses:
                status, text = shop.responses.pop(0)
                self.say(status, {"code": text})
                return False
            if self.headers["Authorization"] != f"Basic {pair}":
                self.say(401, {"code": "woocommerce_rest_authentication_error"})
                return False
            return True

        def say(self, status: int, told: Any) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as shop.url:
        yield shop
