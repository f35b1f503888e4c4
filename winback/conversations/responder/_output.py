"""The fence behind a responder: a draft is sent only if all its figures, links and names are facts.

The facts that it was given are taken out of the text; what is left must be words of one short
list. So a figure, a link, a code, a day, a name, a promise can only come from the facts. What
passes is framed with the disclosure, which no responder can leave out.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from winback.content import count_sms_parts, one_line, to_gsm7
from winback.conversations.responder._seam import Facts, HandOver, Product
from winback.conversations.responder._words import clean, phrases

# Two texts, disclosure included: the budget of every text that leaves the house (rule T1).
SMS_PARTS_BUDGET: Final = 2
LONGEST: Final = 1_000
# Stands for a fact that was taken out; one_line leaves no such character in a text.
_MARK: Final = " \0 "
_PUNCTUATION: Final = frozenset(" .,;:!?'\"()-\0")
_LINK: Final = re.compile(r"\w\s*:\s*/|//|\w\.[^\W\d_]{2,}")
# Two capitals in a word: how codes are written.
_CODE: Final = re.compile(r"\b\w*[^\W\d_a-z]\w*[^\W\d_a-z]\w*\b")


def framed(text: object, facts: Facts) -> str | HandOver:
    """The reply as it is sent, disclosure and way out included, or the fence that it broke."""
    if not isinstance(text, str):
        return HandOver("fence_empty")
    if len(text) > LONGEST:
        return HandOver("fence_length")
    body = _plain(text)
    if not clean(body):
        return HandOver("fence_empty")
    broken = _broken(body, facts)
    if broken:
        return HandOver(f"fence_{broken}")
    whole = frame(body, facts.brand)
    return HandOver("fence_length") if count_sms_parts(whole) > SMS_PARTS_BUDGET else whole


def frame(body: str, brand: str) -> str:
    """The frame of every automated reply: that it is one, and how to get a person or silence."""
    return f"{_plain(brand)}, automated reply: {body} Reply PERSON for a human, STOP to opt out."


def _plain(text: str) -> str:
    """One line without look-alikes of width or style: the text that is checked is the text that is
    sent."""
    return to_gsm7(one_line(unicodedata.normalize("NFKC", text)))


def _broken(body: str, facts: Facts) -> str:
    """The first fence that the text breaks; empty if none."""
    named = _named(body, facts.products)
    rest = _without(body, _tellable(facts, named))
    words = clean(rest)
    if len(named) > 1 or _names_another(words, facts.products):
        return "several_products"
    if any(unicodedata.category(c).startswith("N") for c in rest):
        return "figure"
    if _LINK.search(rest):
        return "link"
    if any(c not in _PUNCTUATION and not c.isalpha() for c in rest):
        return "characters"
    if _CODE.search(rest):
        return "code"
    return "" if set(words.split()) <= set(phrases("fences.toml")["plain_words"]) else "words"


def _named(body: str, products: tuple[Product, ...]) -> list[Product]:
    """The products that the text names, except a name inside a longer one."""
    found = [product for product in products if _whole(product.name).search(body)]
    names = [product.name for product in found]
    return [p for p in found if not any(p.name in name and p.name != name for name in names)]


def _names_another(words: str, products: tuple[Product, ...]) -> bool:
    """A product in what is left is a second one, or one whose figures were not taken out."""
    return any(name in f" {words} " for p in products if (name := f" {clean(p.name)} ").strip())


def _tellable(facts: Facts, named: list[Product]) -> list[str]:
    """Facts that the reply may repeat word by word: a product's price only beside its name."""
    told = [facts.brand, facts.shop_url]
    told += [fact for product in named for fact in (product.name, product.price, product.url)]
    if facts.offer:
        told += [facts.offer.text, facts.offer.code, facts.offer.until]
    return [fact for fact in told if _plain(fact)]


def _without(body: str, facts: list[str]) -> str:
    for fact in sorted(facts, key=len, reverse=True):
        body = _whole(fact).sub(_MARK, body)
    return body


def _whole(fact: str) -> re.Pattern[str]:
    """The fact as it stands, not as part of something longer: no digit, word or path goes on."""
    plain = re.escape(_plain(fact)) or r"(?!)"
    return re.compile(rf"(?<![\w/@.%$-]){plain}(?![\w@%$/-]|[.,:?#&=]\S)")
