"""One person's facts, replies as data, and what no sent answer may ever hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from winback.content import count_sms_parts
from winback.conversations.responder import Conversation, Draft, Facts, HandOver, Offer, Product

NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)
HERE = Path(__file__).parent
FACTS = Facts(
    brand="Example Shop",
    shop_url="https://shop.example.com",
    products=(
        Product("Blue Mug", "24.50 USD", "https://shop.example.com/p/1"),
        Product("Olive Soap", "9 USD", "https://shop.example.com/p/2"),
        Product("Twin Vase", "30 USD", "https://shop.example.com/p/3"),
        Product("Twin Vase", "40 USD", "https://shop.example.com/p/4"),
    ),
    offer=Offer("20% off", "WELCOME20", "Mar 20"),
)
OPENS, CLOSES = "Example Shop, automated reply: ", " Reply PERSON for a human, STOP to opt out."
_URLS = {FACTS.shop_url, *(product.url for product in FACTS.products)}
_FIGURES = {"24.50 USD", "9 USD", "30 USD", "40 USD", "20% off", "Mar 20", "WELCOME20"}
_NEVER = re.compile(
    r"(?i)\b(not|never|no|free|refund|guarantee|promise|order|ship\w*|unsubscribe|stop|human|person|"
    r"bot|evil|anna|lisa|secret|vip\w*|half|double|all|every\w*|doctor|legal|gift|stock)\b"
)


class Says:
    """A plugged responder that says one thing, whatever it is asked; it keeps what it saw."""

    def __init__(self, what: object) -> None:
        self.what = what
        self.seen: list[Conversation] = []

    def respond(self, conversation: Conversation, facts: Facts) -> Draft | HandOver:
        self.seen.append(conversation)
        if isinstance(self.what, BaseException):
            raise self.what
        return self.what if not isinstance(self.what, str) else Draft(self.what)


class Obedient:
    """A model that says what it is told to: it gives the person's own words back."""

    def respond(self, conversation: Conversation, facts: Facts) -> Draft | HandOver:
        return Draft(conversation.messages[-1])


def replies() -> Iterator[tuple[str, str, str]]:
    """Kind, what must come of it, and the text of each reply of the data file."""
    for line in (HERE / "replies.tsv").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            kind, must, text = line.split("\t")
            readable = text.encode("latin-1", "backslashreplace").decode("unicode_escape")
            yield kind, must, readable


def outputs() -> list[str]:
    lines = (HERE / "outputs.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def wrong_with(text: str) -> list[str]:
    """What is wrong with an answer that is about to be sent, told without the fences' own code."""
    wrong = []
    if not (text.startswith(OPENS) and text.endswith(CLOSES)):
        return ["no disclosure, or no way out"]
    body = text[len(OPENS) : len(text) - len(CLOSES)]
    if count_sms_parts(text) > 2:
        wrong.append("too long")
    for url in re.findall(r"\S*(?:/|\w\.[a-zA-Z]{2})\S*", body):
        wrong += [] if url.rstrip(".,;:!?)'\"") in _URLS else [f"a link: {url}"]
    rest = body
    for fact in sorted(_URLS | _FIGURES | {p.name for p in FACTS.products}, key=len, reverse=True):
        rest = rest.replace(fact, "")
    rest = rest.replace(FACTS.brand, "")
    wrong += [f"a figure: {figure}" for figure in re.findall(r"\d+|[%$\u20ac\u00a3@]", rest)]
    wrong += [f"a word: {match[0]}" for match in _NEVER.finditer(rest)]
    # An accent on a letter changes no word.
    bare = unicodedata.normalize("NFD", rest)
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    wrong += [f"a character: {c!r}" for c in letters if not 32 <= ord(c) < 127 or c in "<>[]{}*|"]
    for product in FACTS.products:
        told = re.search(rf"(?<![\d.]){re.escape(product.price)}", body)
        if told and not any(p.price == product.price and p.name in body for p in FACTS.products):
            wrong.append(f"a price without its product: {product.price}")
    return wrong
