"""Codes into a WooCommerce shop: a coupon each, a hundred a call."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import sleep
from typing import Any, Final
from urllib.parse import urlsplit

from winback.base.clock import Clock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.codes.push._shop import Handed, Shop
from winback.codes.push._terms import Terms
from winback.ledger import Ledger, PendingCode, code_key
from winback.providers import HttpResponse, Wire
from winback.pulling import Unreached, call

# The most that one call takes, by the documentation.
_AT_ONCE: Final = 100
_EXISTS: Final = "woocommerce_rest_coupon_code_already_exists"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_AGAIN: Final = "Next: winback codes push woocommerce, a little later: it goes on from there"
_REFUSED: Final = {
    401: "refuses the key. Next: make one with the right to read and write, in WooCommerce under "
    "Settings, Advanced, REST API",
    403: "refuses the key. Next: give it the right to read and write",
    404: "has no REST API of WooCommerce there. Next: check WINBACK_WOOCOMMERCE_URL, and that the "
    "permalinks are not plain",
}


@contextmanager
def woocommerce(settings: Settings, _ledger: Ledger, _clock: Clock) -> Iterator[Shop]:
    """The WooCommerce shop of the settings. Raises WinbackError where they don't say all."""
    secret = settings.woocommerce_secret.get_secret_value()
    named = {"URL": settings.woocommerce_url, "KEY": settings.woocommerce_key, "SECRET": secret}
    if missing := [f"WINBACK_WOOCOMMERCE_{name}" for name, value in named.items() if not value]:
        raise WinbackError(f"not set: {', '.join(missing)}. Next: set them in .env")
    parts = urlsplit(settings.woocommerce_url)
    is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if parts.scheme != "https" and not is_here:
        raise UsageError("WINBACK_WOOCOMMERCE_URL is no https address: the key would be read")
    wire = Wire(pool_size=1)
    try:
        base = f"{settings.woocommerce_url.rstrip('/')}/wp-json/wc/v3"
        pair = b64encode(f"{settings.woocommerce_key}:{secret}".encode()).decode()
        yield WooCommerce(parts.netloc.rpartition("@")[2], base, pair, wire)
    finally:
        wire.close()


@dataclass(frozen=True)
class WooCommerce:
    """One shop's REST API. The key goes nowhere but into the header of a call to it."""

    name: str
    base: str
    pair: str = field(repr=False)
    wire: Wire = field(repr=False)
    wait: Callable[[float], None] = field(default=sleep, repr=False)

    def hand_over(
        self, terms: Terms, codes: Sequence[PendingCode], settle: Callable[[Handed], None]
    ) -> None:
        if terms.cents is not None:
            told = self._ask("GET", "/data/currencies/current")
            terms.require_currency(self.name, str(_object(told).get("code") or ""))
        for at in range(0, len(codes), _AT_ONCE):
            settle(self._batch(terms, [it.code for it in codes[at : at + _AT_ONCE]]))

    def _batch(self, terms: Terms, codes: Sequence[str]) -> Handed:
        """A hundred coupons; one that is there already counts where it gives the same."""
        told = self._ask(
            "POST", "/coupons/batch", {"create": [_coupon(terms, code) for code in codes]}
        )
        results = _object(told).get("create")
        if not isinstance(results, list) or len(results) != len(codes):
            raise WinbackError(f"{self.name} answers with other coupons than were sent. {_AGAIN}")
        confirmed, refused, why = list[str](), list[str](), set[str]()
        for code, result in zip(codes, results, strict=True):
            error = str((_object(result).get("error") or {}).get("code") or "")
            coupon = self._find(code) if error == _EXISTS else result
            if error in {"", _EXISTS} and _is_same(coupon, terms, code):
                confirmed.append(code)
            else:
                refused.append(code)
                why.add(error or "another end, amount or limit")
        if refused and not confirmed:
            raise WinbackError(
                f"{self.name} makes no coupon as it was told ({', '.join(sorted(why))}): no code "
                "was kept. Next: look at its coupons, and compare the offer in offers.csv"
            )
        return Handed(confirmed, refused)

    def _find(self, code: str) -> object:
        found = self._ask("GET", "/coupons", params={"code": code})
        return found[0] if isinstance(found, list) and found else None

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
    ) -> object:
        """The JSON of a response. Raises WinbackError, in one line, for anything else."""
        headers = {"Authorization": f"Basic {self.pair}"}
        data = None
        if body is not None:
            headers["Content-Type"], data = "application/json", json.dumps(body).encode()
        response = call(
            self.wire, f"{self.base}{path}", data, headers, self.wait, method=method, params=params
        )
        if isinstance(response, Unreached):
            raise WinbackError(f"{self.name} {response.why}: nothing was done. {_AGAIN}")
        if response.status not in {200, 201} or response.value() is None:
            raise self._refusal(response)
        value: object = response.value()
        return value

    def _refusal(self, response: HttpResponse) -> WinbackError:
        said = _REFUSED.get(response.status)
        if said is None:
            said = f"answers with HTTP {response.status} and no coupons. {_AGAIN}"
        return WinbackError(f"{self.name} {said}")


def _coupon(terms: Terms, code: str) -> dict[str, object]:
    # WooCommerce reads an instant of `date_expires` with its zone, and passes over the other name.
    ends_at = f"{terms.ends_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    return {
        "code": code,
        "discount_type": "percent" if terms.percent is not None else "fixed_cart",
        "amount": _amount(terms),
        "date_expires": f"{ends_at}Z",
        "date_expires_gmt": ends_at,
        "usage_limit": 1,
        "usage_limit_per_user": 1,
        "individual_use": True,
        "free_shipping": terms.is_shipping,
        "description": f"winback {terms.offer_id}",
    }


def _amount(terms: Terms) -> str:
    return f"{terms.percent:.2f}" if terms.percent is not None else terms.amount


def _is_same(coupon: object, terms: Terms, code: str) -> bool:
    """Whether a coupon of the shop gives what was asked for, and ends when the messages say."""
    told = _object(coupon)
    try:
        ends_at = datetime.fromisoformat(str(told["date_expires_gmt"])).replace(tzinfo=UTC)
        is_same_amount = float(told["amount"]) == float(_amount(terms))
    except (KeyError, TypeError, ValueError):
        return False
    asked = _coupon(terms, code)
    same = ("discount_type", "usage_limit", "free_shipping")
    return (
        code_key(str(told.get("code"))) == code_key(code)
        and ends_at == terms.ends_at.astimezone(UTC)
        and is_same_amount
        and all(told.get(name) == asked[name] for name in same)
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
