"""What only the network knows before going live; each question has a time-out and an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.base.storage import SharedPlace, StorageError
from winback.readiness.network import _accounts, _domain
from winback.readiness.network._answers import Answer, get
from winback.readiness.network._dns import Server, name_servers

__all__ = ["Answer", "ask_network", "require_network"]

_TEXTS: Final = frozenset({"sms", "mms", "rcs"})


def ask_network(settings: Settings, servers: Sequence[Server] | None = None) -> list[Answer]:
    """Ask all that concerns the channels switched on, at once."""
    resolvers = name_servers() if servers is None else servers
    questions = list(_questions(settings, resolvers))
    with ThreadPoolExecutor(len(questions) or 1) as pool:
        return list(pool.map(lambda question: question(), questions))


def require_network(settings: Settings) -> list[Answer]:
    """Raise WinbackError where an answer speaks against going live; those that nobody gave.

    Nobody is asked where all that is sent stays on this machine.
    """
    if settings.sends_to_loopback_only:
        return []
    answers = ask_network(settings)
    wrong = [str(it) for it in answers if it.verdict == "wrong"]
    if wrong:
        raise WinbackError(
            f"live mode is not ready, {len(wrong)} findings: {'; '.join(wrong)}. "
            "Next: winback doctor --network"
        )
    return [it for it in answers if it.verdict == "unknown"]


def _questions(settings: Settings, servers: Sequence[Server]) -> Iterator[Callable[[], Answer]]:
    channels = set(settings.enabled_channels)
    yield partial(_receiver, "WINBACK_PUBLIC_BASE_URL", settings.public_base_url)
    if settings.link_base_url:
        yield partial(_receiver, "WINBACK_LINK_BASE_URL", settings.link_base_url)
    if settings.landing_url:
        yield partial(_storage, "WINBACK_LANDING_URL", settings.landing_url, settings)
    if settings.published_url:
        yield partial(_storage, "WINBACK_PUBLISHED_URL", settings.published_url, settings)
    if "email" in channels:
        domain = settings.from_email.rpartition("@")[2].lower()
        if domain:
            for about in (_domain.spf, _domain.dkim, _domain.dmarc):
                yield partial(about, domain, servers)
        yield partial(_accounts.sendgrid_key, settings)
        yield partial(_accounts.sendgrid_webhook, settings)
    if channels - {"email", "direct_mail"}:
        yield partial(_accounts.twilio_account, settings)
    if channels & _TEXTS and settings.twilio_messaging_service_sid:
        yield partial(_accounts.twilio_service, settings)
        yield partial(_accounts.twilio_campaign, settings)


def _receiver(about: str, address: str) -> Answer:
    """Whether an address of ours leads to `winback serve`."""
    base = address.rstrip("/")
    if not base:
        return Answer(about, "wrong", "is not set")
    reply = get(f"{base}/healthz")
    if not isinstance(reply.json, dict) or "can_store" not in reply.json:
        says = reply.why or f"answered {reply.status}, which is no receiver of ours"
        return Answer(about, "wrong", f"{says}. Next: winback serve, and what leads to it")
    if reply.json.get("can_store") is True:
        return Answer(about, "ok", "the receiver is reached and stores callbacks")
    return Answer(about, "wrong", "the receiver is reached and can't store callbacks")


def _storage(about: str, url: str, settings: Settings) -> Answer:
    """Whether the storage that machines share is reached with our key."""
    try:
        found = SharedPlace(url, settings).read()
    except StorageError as error:
        return Answer(about, "wrong", f"{error}. Next: see WINBACK_STORAGE_*")
    there = "nothing is put there yet" if found is None else f"{len(found.files)} files are there"
    return Answer(about, "ok", f"the storage is reached; {there}")
