"""Click links: the addresses in a message give way to short ones that we can count."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Final

# Text of which a mail program or a phone makes a link, and the address in an HTML link. Neither
# goes past a `<`: from each of a hundred thousand `<a` it would look at all that follow.
_IN_TEXT: Final = re.compile(r"https?://[^\s<>\"]+")
_IN_HTML: Final = re.compile(r"(<a\b[^<>]*?\bhref=)([\"'])((?:(?!\2)[^<])*)\2", re.IGNORECASE)
# As long as a real one, so that a preview costs what the message will.
PREVIEW_TOKEN: Final = "preview00000"  # noqa: S105 - it opens nothing
_ENDS_A_SENTENCE: Final = ".,;:!?'"


class ClickLinks:
    """Replaces the links of one message; `targets` are the addresses replaced, by position.

    `link_at` gives the link that stands for a position. Addresses in `spared` stay.
    """

    def __init__(self, link_at: Callable[[int], str], *, spared: tuple[str, ...] = ()) -> None:
        self._link_at = link_at
        self._spared = spared
        self.targets: list[str] = []

    def in_text(self, text: str) -> str:
        return _IN_TEXT.sub(self._replace_in_text, text)

    def in_html(self, page: str) -> str:
        return _IN_HTML.sub(self._replace_in_html, page)

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
        if url not in self.targets:
            self.targets.append(url)
        return self._link_at(self.targets.index(url))
