"""Web addresses taken apart as they are written: what is not touched stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

# Parameters by which analytics tell where a visit came from.
_OF_ANALYTICS: Final = re.compile(r"(?:^|[&;])utm_[a-z]+=", re.IGNORECASE)


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
    """An address with more in its query; one that tells analytics something already stays."""
    before, mark, fragment = url.partition("#")
    path, has_query, query = before.partition("?")
    if _OF_ANALYTICS.search(query):
        return url
    added = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    between = "&" if query and not query.endswith("&") else ""
    return f"{path}{has_query or '?'}{query}{between}{added}{mark}{fragment}"


def without_analytics(url: str) -> str:
    """An address without parameters of analytics and without its fragment: which page it is."""
    path, _, query = url.partition("#")[0].partition("?")
    kept = [part for part in query.split("&") if part and not _OF_ANALYTICS.match(part)]
    return f"{path}?{'&'.join(kept)}" if kept else path


def page_of(url: str) -> str:
    """An address without query and fragment, where a shop may put what is a person's."""
    return url.partition("#")[0].partition("?")[0].rstrip("/")


def host_of(address: str) -> str:
    """The host of an address, in lower case; empty where it has none."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
