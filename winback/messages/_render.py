"""Rendering: one outbox row and its template become a frozen payload, or a reason why not."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound, UndefinedError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from winback.messages._blocked import RenderBlocked
from winback.messages._context import one_line, template_context
from winback.messages._links import ClickLinks
from winback.messages._sms_text import count_segments, to_gsm7
from winback.settings import PROJECT_DIR, Settings

TEMPLATES_DIR = PROJECT_DIR / "templates"
# More than two segments read badly and cost thrice (rule T1).
SEGMENT_BUDGET = 2
# The brand must be seen without opening the text (rule C16).
BRAND_WITHIN = 40
OPT_OUT = "Reply STOP to opt out"
# Jinja's error has the missing name in its words only.
_UNDEFINED = re.compile(r"^'(\w+)' is undefined|has no attribute '(\w+)'")


@dataclass(frozen=True)
class Rendered:
    """A message as it will be sent: nothing about it changes any more."""

    sender: str
    payload_json: str = field(repr=False)
    payload_sha256: str
    template_version: str
    segments: int | None
    # Where its click links lead, by position.
    links: tuple[str, ...] = ()


class Renderer:
    """Renders any number of rows from one templates folder."""

    def __init__(self, settings: Settings, templates_dir: Path = TEMPLATES_DIR) -> None:
        self._settings = settings
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(templates_dir),
            undefined=StrictUndefined,
            autoescape=lambda name: bool(name and name.endswith(".html")),
            auto_reload=False,
        )
        self._version = lru_cache(maxsize=None)(self._read_version)

    def render(
        self,
        row: Mapping[str, Any],
        *,
        unsubscribe_url: str,
        link_at: Callable[[int], str] | None = None,
    ) -> Rendered:
        """Write one message. Raises RenderBlocked, whose reason never holds contact data.

        `link_at` gives the click link that stands for the address at a position; without it
        the addresses stay as they are.
        """
        if row["channel"] == "email":
            return self._render_email(row, unsubscribe_url, link_at)
        return self._render_sms(row, link_at)

    def _render_sms(self, row: Mapping[str, Any], link_at: Callable[[int], str] | None) -> Rendered:
        settings, name = self._settings, f"{row['template']}.txt"
        _need(settings.twilio_messaging_service_sid, "no_messaging_service")
        body = to_gsm7(one_line(self._fill(name, template_context(row, settings))))
        body, links = _count_clicks(body, link_at)
        segments = count_segments(body)
        if to_gsm7(settings.brand_name) not in body[:BRAND_WITHIN]:
            raise RenderBlocked("no_brand", f"{name} lacks the brand in {BRAND_WITHIN} characters")
        if OPT_OUT not in body:
            raise RenderBlocked("no_opt_out", f"{name} lacks {OPT_OUT!r}")
        if segments > SEGMENT_BUDGET:
            raise RenderBlocked("over_budget", f"{name} takes {segments} segments")
        sender = settings.twilio_messaging_service_sid
        payload = {"body": body, "messaging_service_sid": sender}
        return _freeze(sender, payload, self._version((name,)), segments, links)

    def _render_email(
        self,
        row: Mapping[str, Any],
        unsubscribe_url: str,
        link_at: Callable[[int], str] | None,
    ) -> Rendered:
        settings, template = self._settings, row["template"]
        _need(settings.postal_address, "no_postal_address")
        _need(settings.from_email, "no_from_email")
        _need(settings.public_base_url, "no_public_base_url")
        names = tuple(f"{template}.{part}" for part in ("subject.txt", "txt", "html"))
        context = template_context(row, settings) | {"unsubscribe_url": unsubscribe_url}
        subject, text, page = (self._fill(name, context) for name in names)
        for name, content in ((names[1], text), (names[2], html.unescape(page))):
            if context["postal_address"] not in content or unsubscribe_url not in content:
                raise RenderBlocked("no_footer", f"{name} lacks postal address or unsubscribe link")
        clicks = ClickLinks(link_at, spared=(unsubscribe_url,)) if link_at else None
        payload: dict[str, Any] = {
            "from": {
                "email": settings.from_email,
                "name": settings.from_name or settings.brand_name,
            },
            "subject": one_line(subject),
            "text": clicks.in_text(text) if clicks else text,
            "html": clicks.in_html(page) if clicks else page,
            "headers": _unsubscribe_headers(settings, unsubscribe_url),
        }
        if settings.reply_to:
            payload["reply_to"] = {"email": settings.reply_to}
        links = tuple(clicks.targets) if clicks else ()
        if links:
            payload["own_click_links"] = True
        return _freeze(settings.from_email, payload, self._version(names), None, links)

    def _fill(self, name: str, context: Mapping[str, Any]) -> str:
        try:
            return self._environment.get_template(name).render(context)
        except UndefinedError as error:
            named = _UNDEFINED.search(str(error))
            field = next(filter(None, named.groups())) if named else ""
            raise RenderBlocked("render_missing", f"{name}: {error}", field=field) from None
        except TemplateNotFound as error:
            raise RenderBlocked("no_template", f"templates/{error.name} is missing") from None

    def _read_version(self, names: tuple[str, ...]) -> str:
        """A hash of the template files and all that they include or extend."""
        digest, pending, seen = hashlib.sha256(), list(names), set[str]()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            source = self._source(name)
            digest.update(f"{name}\0{source}\0".encode())
            found = meta.find_referenced_templates(self._environment.parse(source))
            pending.extend(sorted(reference for reference in found if reference))
        return digest.hexdigest()[:16]

    def _source(self, name: str) -> str:
        loader = self._environment.loader
        assert loader is not None  # noqa: S101 - set above
        return loader.get_source(self._environment, name)[0]


def _count_clicks(body: str, link_at: Callable[[int], str] | None) -> tuple[str, tuple[str, ...]]:
    """A text with click links and where they lead; as it was if they would cost a segment."""
    if link_at is None:
        return body, ()
    clicks = ClickLinks(link_at)
    counted = clicks.in_text(body)
    if count_segments(counted) > count_segments(body):
        return body, ()
    return counted, tuple(clicks.targets)


def _unsubscribe_headers(settings: Settings, unsubscribe_url: str) -> dict[str, str]:
    """RFC 8058: one click in the mail program, no page to visit."""
    ways = [f"<{unsubscribe_url}>"]
    if settings.unsubscribe_mailto:
        ways.append(f"<mailto:{settings.unsubscribe_mailto}?subject=unsubscribe>")
    return {
        "List-Unsubscribe": ", ".join(ways),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _need(value: str, reason: str) -> None:
    if not value:
        setting = "WINBACK_" + {"no_messaging_service": "TWILIO_MESSAGING_SERVICE_SID"}.get(
            reason, reason.removeprefix("no_").upper()
        )
        raise RenderBlocked(reason, f"set {setting}")


def _freeze(
    sender: str,
    payload: dict[str, Any],
    template_version: str,
    segments: int | None,
    links: tuple[str, ...],
) -> Rendered:
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Rendered(sender, text, sha256, template_version, segments, links)
