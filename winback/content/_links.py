"""Links: the addresses in a message give way to short ones that we can count, and may tell the
shop's analytics which message they stood in."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from winback.base.addresses import host_of, with_parameters
from winback.base.settings import Settings
from winback.content.lint import is_own

# Text of which a mail program or a phone makes a link, and the address in an HTML link. Neither
# goes past a `<`: from each of a hundred thousand `<a` it would look at all that follow.
_IN_TEXT: Final = re.compile(r"https?://[^\s<>\"]+")
_IN_HTML: Final = re.compile(r"(<a\b[^<>]*?\bhref=)([\"'])((?:(?!\2)[^<])*)\2", re.IGNORECASE)
# As long as a real one, so that a preview costs what the message will.
PREVIEW_TOKEN: Final = "preview00000"  # noqa: S105 - it opens nothing
_ENDS_A_SENTENCE: Final = ".,;:!?'"


LinkAt = Callable[[int], str] | None
# How analytics call the ways to a phone.
_MEDIUMS: Final = {"email": "email", "sms": "sms", "mms": "sms", "rcs": "sms"}


class ClickLinks:
    """Replaces the links of one message; `targets` are the addresses replaced, by position.

    `link_at` gives the link that stands for a position; without it an address stays, with what
    `mark` adds to it. Addresses in `spared` stay.
    """

    def __init__(
        self,
        link_at: LinkAt,
        *,
        spared: tuple[str, ...] = (),
        mark: Callable[[str], str] | None = None,
    ) -> None:
        self._link_at = link_at
        self._spared = spared
        self._mark = mark or str
        self._is_idle = link_at is None and mark is None
        self.targets: list[str] = []

    def in_text(self, text: str) -> str:
        return text if self._is_idle else _IN_TEXT.sub(self._replace_in_text, text)

    def in_html(self, page: str) -> str:
        return page if self._is_idle else _IN_HTML.sub(self._replace_in_html, page)

    def _replace_in_text(self, found: re.Match[str]) -> str:
        whole = found.group()
        url = whole.rstrip(_ENDS_A_SENTENCE)
        if url.endswith(")") and "(" not in url:
            url = url.rstrip(")" + _ENDS_A_SENTENCE)
        return self._link(url) + whole[len(url) :]

    def _replace_in_html(self, found: re.Match[str]) -> str:
        before, quote, value = found.groups()
        link = self._link(html.unescape(value).strip())
        return f"{before}{quote}{html.escape(link)}{quote}"

    def _link(self, url: str) -> str:
        if url in self._spared or not url.lower().startswith(("http://", "https://")):
            return url
        marked = self._mark(url)
        if self._link_at is None:
            return marked
        if marked not in self.targets:
            self.targets.append(marked)
        return self._link_at(self.targets.index(marked))


def utm_mark(row: Mapping[str, Any], settings: Settings) -> Callable[[str], str] | None:
    """What tells the shop's analytics of a message; None where it is switched off.

    It goes to the shop's own addresses alone, and says nothing of the person.
    """
    if not settings.utm:
        return None
    step = "-".join(str(part) for part in (row.get("step"), row.get("variant")) if part)
    told = {
        "utm_source": "winback",
        "utm_medium": _MEDIUMS.get(row["channel"], row["channel"]),
        "utm_campaign": str(row.get("playbook_id") or ""),
        "utm_content": step,
    }
    parameters = {name: value for name, value in told.items() if value}
    shop = frozenset([host_of(settings.shop_url).removeprefix("www.")])
    return lambda url: with_parameters(url, parameters) if is_own(host_of(url), shop) else url
