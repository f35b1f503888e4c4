"""The sending domain: SPF, DKIM and DMARC, as mail providers ask for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from winback.readiness.network._answers import SECONDS, Answer
from winback.readiness.network._dns import DnsSilent, Server, texts


def _told(ask: Callable[[], list[str]], about: str) -> list[str] | Answer:
    try:
        return ask()
    except DnsSilent as silent:
        return Answer(about, "unknown", f"no name server said ({silent})")


def spf(domain: str, servers: Sequence[Server]) -> Answer:
    about = f"SPF of {domain}"
    found = _told(partial(texts, domain, servers, seconds=SECONDS), about)
    if isinstance(found, Answer):
        return found
    records = [text for text in found if text.lower().split(" ")[0] == "v=spf1"]
    if len(records) > 1:
        return Answer(about, "wrong", f"{len(records)} records, of which none counts: keep one")
    if not records:
        # SendGrid's own return path has a record, which is the one that is read.
        return Answer(about, "unknown", "no record; SendGrid's return path needs none of yours")
    return Answer(about, "ok", "one record")


def dkim(domain: str, servers: Sequence[Server]) -> Answer:
    about = f"DKIM of {domain}"
    for selector in ("s1", "s2"):
        name = f"{selector}._domainkey.{domain}"
        found = _told(partial(texts, name, servers, seconds=SECONDS), about)
        if isinstance(found, Answer):
            return found
        keys = [_tags(text).get("p", "") for text in found]
        if any(keys):
            return Answer(about, "ok", f"a key at {selector}._domainkey")
    return Answer(about, "unknown", "no key at SendGrid's usual s1._domainkey and s2._domainkey")


def dmarc(domain: str, servers: Sequence[Server]) -> Answer:
    """The policy of the domain, or else of one above it."""
    about = f"DMARC of {domain}"
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        name = f"_dmarc.{'.'.join(labels[start:])}"
        found = _told(partial(texts, name, servers, seconds=SECONDS), about)
        if isinstance(found, Answer):
            return found
        records = [_tags(text) for text in found if text.lower().startswith("v=dmarc1")]
        if len(records) > 1:
            return Answer(about, "wrong", f"{len(records)} records at {name}: keep one")
        if records:
            policy = records[0].get("p", "")
            if policy in {"none", "quarantine", "reject"}:
                return Answer(about, "ok", f"p={policy} at {name}")
            return Answer(about, "wrong", f"no policy at {name}: begin with v=DMARC1; p=none")
    return Answer(
        about, "wrong", f"no record at _dmarc.{domain} (large mail providers refuse bulk mail)"
    )


def _tags(text: str) -> dict[str, str]:
    """`a=b; c=d` as DKIM and DMARC write it."""
    parts = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in parts}
