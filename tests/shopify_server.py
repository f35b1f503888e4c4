"""Shopify's GraphQL Admin API on a port of this machine, as far as a pull asks it.

It knows the documented fields of the types below, refuses any other, and answers with what is
asked alone. Bulk operations take a look or two, their files come by a URL with a signature, and
the faults that the documentation names can be switched on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from loopback import Silent, serving
from shopify_api_files import Record, records
from shopify_discounts import Discounts

TOKEN = "shpat_0123456789abcdef"
CLIENT_ID, CLIENT_SECRET = "0a1b2c", "shpss_fedcba9876543210"
SHOP = "copper-and-tea.myshopify.com"
MONEY = {"shopMoney": {"amount": {}, "currencyCode": {}}}
PLACE = {"countryCodeV2": {}, "provinceCode": {}, "zip": {}, "phone": {}, "city": {}}
SAID = {"marketingState": {}, "marketingOptInLevel": {}, "consentUpdatedAt": {}}
# The documented fields of API version 2025-10, as far as a shop's data is in them.
SCHEMA: dict[str, Any] = {
    "customers": {
        "id": {}, "createdAt": {}, "updatedAt": {}, "firstName": {}, "lastName": {}, "tags": {},
        "defaultEmailAddress": {"emailAddress": {}, "marketingState": {}}, "locale": {},
        "emailMarketingConsent": SAID, "smsMarketingConsent": SAID | {"consentCollectedFrom": {}},
        "defaultPhoneNumber": {"phoneNumber": {}, "marketingState": {}}, "defaultAddress": PLACE,
    },
    "orders": {
        "id": {}, "name": {}, "createdAt": {}, "processedAt": {}, "updatedAt": {},
        "cancelledAt": {}, "test": {}, "displayFinancialStatus": {}, "currencyCode": {},
        "totalPriceSet": MONEY, "totalDiscountsSet": MONEY, "totalRefundedSet": MONEY,
        "discountCodes": {}, "paymentGatewayNames": {}, "sourceName": {}, "tags": {},
        "customer": {"id": {}}, "email": {}, "phone": {}, "billingAddress": PLACE,
        "shippingAddress": PLACE, "customerLocale": {},
        "lineItems": {
            "id": {}, "product": {"id": {}}, "sku": {}, "name": {}, "title": {}, "quantity": {},
            "originalUnitPriceSet": MONEY,
        },
    },
    "products": {
        "id": {}, "title": {}, "productType": {}, "tags": {}, "createdAt": {}, "updatedAt": {},
        "onlineStoreUrl": {}, "featuredMedia": {"preview": {"image": {"url": {}}}},
        "priceRangeV2": {"minVariantPrice": {"amount": {}}},
        "compareAtPriceRange": {"minVariantCompareAtPrice": {"amount": {}}},
    },
}  # fmt: skip
SCOPES = ("read_customers", "read_orders", "read_all_orders", "read_products")


@dataclass
class Shop:
    """What the server has and does; `heard` are the queries, `asked` the bulk queries alone."""

    url: str = ""
    now: str = "2025-06-01T12:00:00Z"
    data: dict[str, list[Record]] = field(
        default_factory=lambda: {"customers": [], "orders": [], "products": []}
    )
    scopes: tuple[str, ...] = SCOPES
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    heard: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    # Faults, each used up as it happens: whole responses, bodies of the API, bytes of a file.
    responses: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    expired_urls: int = 0
    has_ranges: bool = True
    # What becomes of operations, how many looks they take, and what is left out of their files.
    ends: tuple[str, str | None] = ("COMPLETED", None)
    looks: int = 1
    lost_lines: int = 0
    unknown_field: str = ""
    shuffled: int | None = None
    discounts: Discounts = field(default_factory=Discounts)

    def run(self, query: str) -> dict[str, Any]:
        """Begin a bulk operation, or say why not."""
        current = self.current()
        if current and current["status"] in {"CREATED", "RUNNING"}:
            message = "A bulk query operation for this app and shop is already in progress"
            error = {"field": None, "message": f"{message}: {current['id']}.",
                     "code": "OPERATION_IN_PROGRESS"}  # fmt: skip
            return {"bulkOperation": None, "userErrors": [error]}
        self.asked.append(query)
        return {"bulkOperation": self.begin(query), "userErrors": []}

    def begin(self, query: str) -> dict[str, Any]:
        id_ = f"gid://shopify/BulkOperation/{len(self.operations) + 1}"
        self.operations[id_] = {
            "id": id_, "status": "CREATED", "errorCode": None, "createdAt": self.now,
            "objectCount": "0", "fileSize": None, "url": None, "query": query, "looks": 0,
        }  # fmt: skip
        return self.operations[id_]

    def current(self) -> dict[str, Any] | None:
        operation = list(self.operations.values())[-1] if self.operations else None
        return self.look(operation["id"]) if operation else None

    def look(self, id_: str) -> dict[str, Any] | None:
        operation = self.operations.get(id_)
        if operation and operation["status"] in {"CREATED", "RUNNING"}:
            operation["looks"] += 1
            operation["status"] = "RUNNING"
            if operation["looks"] > self.looks:
                self.finish(operation)
        return operation

    def finish(self, operation: dict[str, Any]) -> None:
        operation["status"], operation["errorCode"] = self.ends
        if operation["status"] == "COMPLETED":
            lines = self.file(operation["query"]).splitlines(keepends=True)
            operation["objectCount"] = str(len(lines))
            body = "".join(lines[: len(lines) - self.lost_lines]).encode()
            operation["body"], operation["fileSize"] = body, str(len(body))
            number = operation["id"].rpartition("/")[2]
            operation["url"] = (
                f"{self.url}/files/{number}.jsonl?signature=s3cret" if lines else None
            )

    def file(self, query: str) -> str:
        kind, since, asked = read_query(query)
        found = [it for it in self.data[kind] if it["updatedAt"] >= since]
        return "".join(
            json.dumps(_projected(it, asked), ensure_ascii=False) + "\n"
            for it in records(found, shuffled=self.shuffled)
        )

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        query = asked["query"]
        if (told := self.discounts.answer(asked)) is not None:
            return {"data": told}
        if "currentAppInstallation" in query:
            scopes = [{"handle": it} for it in self.scopes]
            return {"data": {"currentAppInstallation": {"accessScopes": scopes}}}
        if "bulkOperationRunQuery" in query:
            if unknown := unknown_fields(asked["variables"]["query"], self.unknown_field):
                message = f"Invalid bulk query: Field '{unknown}' doesn't exist on type 'Order'"
                error = {"field": ["query"], "message": message, "code": "INVALID"}
                told = {"bulkOperation": None, "userErrors": [error]}
                return {"data": {"bulkOperationRunQuery": told}}
            return {"data": {"bulkOperationRunQuery": self.run(asked["variables"]["query"])}}
        if "currentBulkOperation" in query:
            return {"data": {"currentBulkOperation": _told(self.current())}}
        return {"data": {"node": _told(self.look(asked["variables"]["id"]))}}


def _told(operation: dict[str, Any] | None) -> dict[str, Any] | None:
    hidden = {"body", "looks"}
    return {key: it for key, it in operation.items() if key not in hidden} if operation else None


def read_query(query: str) -> tuple[str, str, dict[str, Any]]:
    """A bulk query's resource, since when, and its fields."""
    since = r"(?:\(query: \"updated_at:>='([^']+)'\"\))?"
    found = re.fullmatch(rf"\{{\s*(\w+){since}\s*(\{{.*\}})\s*\}}", query.strip())
    assert found, f"no bulk query that Shopify takes: {query}"
    tree = _tree(iter(re.findall(r"[{}]|\w+", found[3])[1:]))
    return found[1], found[2] or "", tree["edges"]["node"]


def _tree(tokens: Iterator[str]) -> dict[str, Any]:
    """The fields up to the brace that closes them."""
    tree: dict[str, Any] = {}
    last = ""
    for token in tokens:
        if token == "}":
            return tree
        if token == "{":
            tree[last] = _tree(tokens)
        else:
            last = token
            tree[last] = {}
    raise AssertionError("a brace is not closed")


def unknown_fields(query: str, besides: str = "") -> str:
    """A field that the documentation does not have; empty if there is none."""
    kind, _, asked = read_query(query)
    return _unknown(asked, SCHEMA[kind], besides)


def _unknown(asked: dict[str, Any], schema: dict[str, Any], besides: str) -> str:
    for name, inner in asked.items():
        if name not in schema or name == besides:
            return name
        inner_asked = inner["edges"]["node"] if "edges" in inner else inner
        assert bool(inner_asked) == bool(schema[name]), f"{name} wants other fields"
        if found := _unknown(inner_asked, schema[name], besides):
            return found
    return ""


def _projected(record: Record, asked: dict[str, Any]) -> Record:
    """The record as it is asked for; a child is asked for by its connection."""
    if "__parentId" in record:
        asked = asked["lineItems"]["edges"]["node"] | {"__parentId": {}}
    return {name: _part(record.get(name), inner) for name, inner in asked.items()
            if "edges" not in inner}  # fmt: skip


def _part(value: Any, asked: dict[str, Any]) -> Any:
    if asked and isinstance(value, dict):
        return {name: _part(value.get(name), inner) for name, inner in asked.items()}
    return value


def _exchanged(asked: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """A token for the app's id and secret."""
    wanted = {"grant_type": "client_credentials", "client_id": CLIENT_ID,
              "client_secret": CLIENT_SECRET}  # fmt: skip
    if asked != wanted:
        return 400, {}, b'{"error": "application_cannot_be_found"}'
    return 200, {}, json.dumps({"access_token": TOKEN, "expires_in": 86399}).encode()


@contextmanager
def shopify(**options: Any) -> Iterator[Shop]:
    """A shop that answers."""
    shop = Shop(**options)

    class Handler(Silent, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/admin/oauth/access_token":
                self.say(*_exchanged(dict(parse_qsl(body.decode()))))
                return
            asked = json.loads(body)
            assert urlsplit(self.path).path == "/admin/api/2025-10/graphql.json"
            if self.headers["X-Shopify-Access-Token"] != TOKEN:
                self.say(401, {}, b'{"errors": "[API] Invalid API key or access token"}')
                return
            shop.heard.append(asked)
            if shop.responses:
                status, headers, text = shop.responses.pop(0)
                self.say(status, headers, text.encode())
                return
            told = shop.bodies.pop(0) if shop.bodies else shop.answer(asked)
            self.say(200, {"Content-Type": "application/json"}, json.dumps(told).encode())

        def do_GET(self) -> None:
            shop.headers.append(dict(self.headers))
            shop.ranges.append(self.headers.get("Range", ""))
            number = urlsplit(self.path).path.rpartition("/")[2].partition(".")[0]
            body = shop.operations[f"gid://shopify/BulkOperation/{number}"]["body"]
            if shop.expired_urls:
                shop.expired_urls -= 1
                self.say(403, {}, b"<Error><Code>ExpiredToken</Code></Error>")
                return
            begin = int((shop.ranges[-1] or "bytes=0-")[6:-1]) if shop.has_ranges else 0
            cut = shop.cuts.pop(0) if shop.cuts else len(body)
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(body) - begin))
            self.end_headers()
            self.wfile.write(body[begin : begin + cut])
            self.close_connection = True

        def say(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as shop.url:
        yield shop
