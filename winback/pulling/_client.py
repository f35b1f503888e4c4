"""Calls of Shopify's GraphQL Admin API: they wait where the shop says so, and say in one line what
is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from urllib3.exceptions import HTTPError

from winback.base.errors import UsageError, WinbackError
from winback.providers import (
    BrokenResponseError,
    HttpResponse,
    NotHandedOverError,
    ResponseTooLargeError,
    Wire,
)

# A shop that is busy for longer is asked again by the next pull.
_TRIES: Final = 6
_LONGEST_WAIT: Final = 60.0
_SCOPE: Final = re.compile(r"\b(?:read|write)_[a-z_]{1,40}\b")
_FIELD: Final = re.compile(r"Field '(\w{1,60})' doesn't exist on type '(\w{1,60})'")
_DENIED: Final = re.compile(r"ACCESS_DENIED|[Aa]ccess denied")
_VERSION: Final = re.compile(r"\d{4}-\d{2}|unstable")
_REFUSED: Final = {
    401: "refuses the token. Next: set the token that the app shows after it is installed",
    402: "is frozen until its bill is paid",
    403: "refuses the app. Next: install the app in the shop, with the scopes of docs/sources.md",
    404: "is not there, or has no such version of the API. Next: check `shop` in sources.toml",
    423: "is locked by Shopify",
}


@dataclass(frozen=True)
class Client:
    """One shop's API. The token goes nowhere but into the header of a call to it."""

    shop: str
    url: str
    token: str = field(repr=False)
    wire: Wire = field(repr=False)
    wait: Callable[[float], None] = field(repr=False)
    # The command that its messages name.
    again: str = "winback pull"

    @property
    def later(self) -> str:
        """What to do about a shop that gives no answer now."""
        return f"Next: {self.again}, a little later: it goes on from there"

    def ask(self, query: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The data of a query. Raises WinbackError, in one line, for anything else."""
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        headers = {"Content-Type": "application/json", "X-Shopify-Access-Token": self.token}
        response = call(self.wire, self.url, body, headers, self.wait)
        if isinstance(response, Unreached):
            raise WinbackError(f"{self.shop} {response.why}: nothing was done. {self.later}")
        found = response.json()
        if response.status != 200 or not found:
            raise self._refusal(response)
        return self._data(found)

    def _refusal(self, response: HttpResponse) -> WinbackError:
        said = _REFUSED.get(response.status)
        if said is None:
            said = f"answers with HTTP {response.status} and no data. {self.later}"
        return WinbackError(f"{self.shop} {said}")

    def _data(self, found: Mapping[str, Any]) -> dict[str, Any]:
        errors, data = found.get("errors"), found.get("data")
        if not errors and isinstance(data, dict):
            return data
        raise WinbackError(why_refused(self.shop, errors, self.later))


def why_refused(shop: str, errors: object, later: str) -> str:
    """The line about the errors of a query: names of fields, scopes and codes, and no other word of
    theirs."""
    text = json.dumps(errors)
    if unknown := _FIELD.search(text):
        return (
            f"{shop}: its API has no field {unknown[1]} of {unknown[2]}: the schema has changed. "
            "Next: set WINBACK_SHOPIFY_API_VERSION to a version that has it, or update winback"
        )
    if _DENIED.search(text):
        scopes = sorted(set(_SCOPE.findall(text)))
        needs = f" ({', '.join(scopes)})" if scopes else ""
        return (
            f"{shop}: the app may not do what is asked{needs}. Next: give it the scopes of "
            "docs/sources.md and install it again"
        )
    codes = re.findall(r'"code": ?"(\w{1,60})"', text)
    return f"{shop}: its API refuses the query ({codes[0] if codes else 'no code'}). {later}"


@dataclass(frozen=True)
class Unreached:
    """Why a shop gave no response that counts."""

    why: str


def call(
    wire: Wire,
    url: str,
    data: Mapping[str, object] | bytes | None,
    headers: Mapping[str, str],
    wait: Callable[[float], None],
    *,
    method: str = "POST",
    params: Mapping[str, object] | None = None,
) -> HttpResponse | Unreached:
    """The response to a request that does no harm twice; a shop that is busy is waited for."""
    seconds, why = 0.0, ""
    for attempt in range(_TRIES):
        if seconds:
            wait(min(seconds, _LONGEST_WAIT))
        seconds = 2.0**attempt
        try:
            response = wire.call(method, url, params=params, data=data, headers=headers)
        except ResponseTooLargeError as error:
            return Unreached(f"sent a {error}")
        except (NotHandedOverError, BrokenResponseError, HTTPError, OSError):
            why = "can't be reached"
            continue
        if response.status == 429 or response.status >= 500:
            why = f"is busy (HTTP {response.status})"
            seconds = _seconds(response.headers.get("retry-after")) or seconds
        elif _has_code(response.json(), "THROTTLED"):
            why = "is busy (THROTTLED)"
            seconds = _throttled(response.json()) or seconds
        else:
            return response
    return Unreached(f"{why} after {_TRIES} tries")


def address_of(shop: str, base_url: str) -> str:
    """Below which a shop's API is; `base_url` stands in for the shop."""
    base = base_url.rstrip("/") or f"https://{shop}"
    if urlsplit(base).scheme not in {"http", "https"}:
        raise UsageError("WINBACK_SHOPIFY_BASE_URL is no http(s) address")
    return base


def version_of(text: str) -> str:
    """The API's version of the settings."""
    if not _VERSION.fullmatch(text):
        raise UsageError("WINBACK_SHOPIFY_API_VERSION is a version like 2025-10")
    return text


def _has_code(found: Mapping[str, Any], code: str) -> bool:
    errors = found.get("errors")
    return isinstance(errors, list) and any(
        isinstance(it, dict) and (it.get("extensions") or {}).get("code") == code for it in errors
    )


def _throttled(found: Mapping[str, Any]) -> float:
    """How long until the query can be paid for."""
    try:
        cost = found["extensions"]["cost"]
        status = cost["throttleStatus"]
        missing = float(cost["requestedQueryCost"]) - float(status["currentlyAvailable"])
        return max(1.0, missing / float(status["restoreRate"]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return 0.0


def _seconds(text: str | None) -> float:
    try:
        return max(0.0, float(text or 0))
    except ValueError:
        return 0.0
