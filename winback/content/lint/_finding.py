"""What is wrong with a message: the rule, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

# Each rule: whether it stops a message, and what to do. Taste alone stops none.
_RULES: Final[dict[str, tuple[bool, str]]] = {
    "brand": (True, "begin the text with {{ brand }}"),
    "opt_out": (True, "end the text with the words of the opt-out, as the shipped texts do"),
    "parts": (True, "shorten the text to two SMS parts"),
    "alphabet": (False, "replace the characters that the plain alphabet of texts lacks"),
    "length": (False, "shorten the text: carriers advise 320 characters at most"),
    "capitals": (True, "write words in small letters"),
    "placeholder": (True, "fill it in, or take it out of the template"),
    "promise": (True, "show what is promised, or say it only where it is known"),
    "foreign_link": (True, "link to the shop, or name the domain in WINBACK_LINK_DOMAINS"),
    "insecure_link": (True, "begin the address with https://"),
    "postal_address": (True, "include the footer, or {{ postal_address }}, in both parts"),
    "one_click": (True, "set WINBACK_PUBLIC_BASE_URL to an https address"),
    "unsubscribe": (True, "include the footer, or {{ unsubscribe_url }}, in both parts"),
    "twin_links": (True, "put the same addresses into the text and the HTML"),
    "subject": (False, "shorten the subject to 60 characters"),
    "no_subject": (True, "write a subject"),
    "preheader": (False, "fill the block preheader with what the subject doesn't say"),
    "lang": (True, "name the mail's language: <html lang=\"en\">"),
    "one_h1": (True, "give the mail one <h1>, its title"),
    "img_alt": (True, "say in alt what the image shows; alt=\"\" where it only adorns"),
    "table_role": (True, "give a table that only lays out role=\"presentation\""),
    "contrast": (True, "take a darker or a lighter color"),
    "contrast_inverted": (False, "take colors that are further apart"),
    "feature": (True, "do without it, or declare a plain fallback before it"),
    "size": (True, "shorten the mail: Gmail cuts it off"),
    "mostly_images": (False, "say in words what the images show"),
    "no_words": (True, "say in words what the images show: many see no images"),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a message; `file` is that of its template, from the root.

    `line` is 0 where no single line is to blame.
    """

    rule: str
    what: str
    file: str = ""
    line: int = 0

    @property
    def stops(self) -> bool:
        """Whether a message with it must not leave."""
        return _RULES[self.rule][0]

    @property
    def next(self) -> str:
        """What to do."""
        return _RULES[self.rule][1]

    @property
    def place(self) -> str:
        """The template's file and line."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}: {self.what}. Next: {self.next}"

    def facts(self) -> dict[str, Any]:
        """What `--json` prints of it."""
        return {
            "rule": self.rule,
            "stops": self.stops,
            "file": self.file,
            "line": self.line or None,
            "what": self.what,
            "next": self.next,
        }


def rule_names() -> tuple[str, ...]:
    """All rules, in the order of the page of them."""
    return tuple(_RULES)


def rule_rows() -> list[tuple[str, bool, str]]:
    """Each rule, whether it stops a message, and what to do."""
    return [(name, stops, fix) for name, (stops, fix) in _RULES.items()]
