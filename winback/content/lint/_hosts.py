"""Whose addresses a message may link to: the shop's own, and those that the settings name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from winback.base.addresses import host_of
from winback.base.settings import Settings
from winback.content.lint._finding import Finding

_LOOPBACK: Final = frozenset(("localhost", "127.0.0.1", "::1"))


def link_findings(addresses: Iterable[str], settings: Settings) -> Iterator[Finding]:
    """Links that are not the shop's own, or that anybody on the way may read."""
    own = own_hosts(settings)
    for address in dict.fromkeys(addresses):
        host = host_of(address)
        if not address.lower().startswith("http"):
            continue  # a way to write to us: mailto:, tel:
        if not is_own(host, own):
            yield Finding("foreign_link", f"a link leads to {host or address[:40]}")
        elif not address.lower().startswith("https://") and host not in _LOOPBACK:
            yield Finding("insecure_link", f"a link to {host} is not https")


def own_hosts(settings: Settings) -> frozenset[str]:
    """The hosts of the shop, of our pages, of short links, and those that are named besides."""
    addresses = (settings.shop_url, settings.public_base_url, settings.link_base_url)
    return _hosts(addresses, settings.link_domains)


@lru_cache
def _hosts(addresses: tuple[str, ...], named: str) -> frozenset[str]:
    hosts = {host_of(address) for address in addresses}
    hosts |= {name.strip().lower() for name in named.split(",")}
    return frozenset(host.removeprefix("www.") for host in hosts if host)


def is_own(host: str, own: frozenset[str]) -> bool:
    """Whether a host is one of these, or below one."""
    labels = host.split(".")
    return any(".".join(labels[start:]) in own for start in range(len(labels)))
