"""What Shopify asks on behalf of a person or a shop: verify, keep, acknowledge.

Three webhooks that an app of a shop has to take. Each is kept as a request in
`landing/requests`, of whose address only the keyed hash stays; people/requests does what it asks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, get_args

from winback.base.settings import Settings
from winback.inbound._requests import Kind, PersonRequest, keep_request
from winback.ledger import AddressKey, ChannelGroup, Ledger, normalize

SHOPIFY_SIGNATURE: Final = "x-shopify-hmac-sha256"
SHOPIFY_TOPIC: Final = "x-shopify-topic"
# The topic stands in a header that nobody signs: the body has to be of the same kind, or a signed
# question could be sent again as an erasure.
_MARKS: Final[dict[str, tuple[Kind, str]]] = {
    "customers/redact": ("erase", "orders_to_redact"),
    "customers/data_request": ("export", "data_request"),
    "shop/redact": ("shop", "shop_id"),
}


def is_signed_by_shopify(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Whether the raw body has the HMAC of the app's secret; without a secret nothing has."""
    signed = base64.b64encode(hmac.digest(secret.encode(), body, "sha256"))
    told = headers.get(SHOPIFY_SIGNATURE, "").encode("latin-1", "replace")
    return bool(secret) and hmac.compare_digest(signed, told)


def read_request(topic: str, body: bytes) -> dict[str, Any] | None:
    """The request in a signed body; None where it is not of the topic's kind."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if topic not in _MARKS or not isinstance(told, dict):
        return None
    kind, mark = _MARKS[topic]
    customer = told.get("customer")
    is_of_a_person = isinstance(customer, dict) and customer.get("id") is not None
    if mark not in told or is_of_a_person is (kind == "shop"):
        return None
    return told


def keep_asked(
    ledger: Ledger, settings: Settings, topic: str, body: bytes, *, at: datetime
) -> bool:
    """Keep what a signed body asks; False where the topic does not say what it is."""
    told = read_request(topic, body)
    if told is None:
        return False
    kind, _ = _MARKS[topic]
    customer = told.get("customer") or {}
    spelled = [
        normalize(group, str(customer[group]))
        for group in get_args(ChannelGroup)
        if customer.get(group)
    ]
    with ledger.read() as connection:
        hides = AddressKey.of(connection)
    request = PersonRequest(
        # Of the body alone: an id in a header could be another one each time.
        request_id=hashlib.sha256(topic.encode() + b"|" + body).hexdigest()[:16],
        kind=kind,
        shop=str(told.get("shop_domain") or told.get("shop_id") or "")[:200],
        customer_id=str(customer["id"]) if kind != "shop" else "",
        hidden=tuple(hides.hide(address) for address in spelled),
        received_at=at,
    )
    keep_request(settings, request)
    return True
