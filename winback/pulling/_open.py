"""A client of a source's shop: who else asks its API asks through this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import Final

from winback.base.settings import Settings
from winback.landing import Source
from winback.providers import Wire
from winback.pulling._client import Client, address_of, version_of
from winback.pulling._token import read_token

_PULL: Final = "winback pull"


@contextmanager
def open_client(
    source: Source,
    settings: Settings,
    *,
    wait: Callable[[float], None] | None = None,
    again: str = _PULL,
) -> Iterator[Client]:
    """The shop's API, with the token of the source. `again` is the command that messages name.

    Raises UsageError for settings that name no shop, WinbackError where it gives no token.
    """
    base = address_of(source.shop, settings.shopify_base_url)
    url = f"{base}/admin/api/{version_of(settings.shopify_api_version)}/graphql.json"
    wire, wait = Wire(pool_size=1), wait or sleep
    try:
        token = read_token(source, base, wire, wait)
        yield Client(source.shop, url, token, wire, wait, again)
    finally:
        wire.close()
