"""The pages behind the links of messages: plain HTML that works without a style or a script."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse

from winback.inbound._unsubscribe import Choice
from winback.ledger import ChannelGroup

_STYLE: Final = Path(__file__).with_name("pages.css").read_text(encoding="utf-8")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # the address of this page is a key
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
REDIRECT_HEADERS: Final = {
    "Cache-Control": "no-store",  # or the next click would not be heard of
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
_RETRY: Final = {"Retry-After": "5"}
# What one message is called, by how it came; "message" where nobody can tell.
_NOUNS: Final[Mapping[ChannelGroup | None, str]] = {
    "email": "email",
    "phone": "text message",
    None: "message",
}
# What was done, as a title and a sentence.
_DONE: Final[Mapping[Choice, tuple[str, str]]] = {
    "channel": (
        "You are unsubscribed",
        "{brand} will send no more offers and news by {noun} to this {place}.",
    ),
    "all": (
        "You are unsubscribed from everything",
        "{brand} will send you no more offers and news, neither by email nor by text message.",
    ),
    "fewer": (
        "You will get fewer messages",
        "{brand} will send you at most one message a week, emails and texts together.",
    ),
    "pause": (
        "Your break has begun",
        "{brand} will send you no offers and news until {day}.",
    ),
}


def ask(brand: str, group: ChannelGroup | None, *, pause_days: int) -> HTMLResponse:
    """The question with what may be chosen; showing it changes nothing."""
    noun, name = _NOUNS[group], escape(brand)
    here = "number" if group == "phone" else "address"
    options = (
        _option(
            "channel",
            f"Stop these {noun}s",
            f"No more offers and news to the {here} that received this one.",
            is_checked=True,
        ),
        _option("all", "Stop everything", "No more offers and news, neither emails nor texts."),
        _option("fewer", "Fewer messages", "At most one a week, emails and texts together."),
        _option(
            "pause",
            f"A break of {pause_days} days" if pause_days > 1 else "A break of one day",
            "Nothing until then; after that, messages may come again.",
        ),
    )
    return _page(
        brand,
        f"Unsubscribe from {brand}",
        '<form method="post"><fieldset><legend>What would suit you?</legend>'
        f"{''.join(options)}</fieldset>"
        '<button type="submit">Confirm my choice</button></form>'
        "<p class=note>It takes effect at once, and is about advertising only."
        f" What {name} has to tell you about an"
        " order of yours still reaches you.</p>",
    )


def done(
    brand: str,
    choice: Choice,
    group: ChannelGroup | None,
    *,
    until_at: datetime | None,
    undo: str | None,
) -> HTMLResponse:
    """What was done, and the way back; `undo` is None where a click must not lead back."""
    title, text = _DONE[choice]
    text = text.format(
        brand=escape(brand),
        noun=_NOUNS[group],
        place="number" if group == "phone" else "address",
        day=_day(until_at),
    )
    return _page(brand, title, f'<p role="status">{text}</p>{_way_back(undo)}')


def undone(brand: str, choice: Choice) -> HTMLResponse:
    texts = " Text messages stay off: a click can't allow them again." if choice == "all" else ""
    return _page(
        brand,
        "Your choice was taken back",
        f'<p role="status">{escape(brand)} may write to you as before.{texts}</p>'
        "<p>The link in any of our messages brings you back to your choices.</p>",
    )


def too_late(brand: str) -> HTMLResponse:
    return _page(
        brand,
        "This can't be taken back here any more",
        "<p>Nothing was changed. To hear from us again, please write to us.</p>",
        status=410,
    )


def not_saved() -> HTMLResponse:
    return _page(
        "",
        "Please try again in a moment",
        "<p>Your choice could not be saved. Going back and confirming it again will do.</p>",
        status=503,
        headers=_RETRY,
    )


def unknown_link() -> HTMLResponse:
    return _page(
        "",
        "This link is not valid",
        "<p>It may have been cut off. Please open it again from the message.</p>",
        status=404,
    )


def unknown_click(brand: str, shop_url: str) -> HTMLResponse:
    return _page(
        brand,
        "This link is not valid",
        f"<p>It may have been cut off. {_to_shop(brand, shop_url)}</p>",
        status=404,
    )


def try_again(brand: str, shop_url: str) -> HTMLResponse:
    return _page(
        brand,
        "Please try again in a moment",
        f"<p>This link can't be opened right now. {_to_shop(brand, shop_url)}</p>",
        status=503,
        headers=_RETRY,
    )


def _to_shop(brand: str, shop_url: str) -> str:
    return f'You can also <a href="{escape(shop_url)}">go straight to {escape(brand)}</a>.'


def _option(value: Choice, label: str, hint: str, *, is_checked: bool = False) -> str:
    checked = " checked" if is_checked else ""
    return (
        f'<div class=option><input type="radio" name="choice" id="{value}" value="{value}"'
        f' aria-describedby="{value}-hint"{checked}>'
        f'<label for="{value}">{escape(label)}</label>'
        f'<p class=hint id="{value}-hint">{escape(hint)}</p></div>'
    )


def _way_back(undo: str | None) -> str:
    if undo is None:
        return "<p>You can close this page.</p>"
    return (
        "<p>You can close this page, or take it back within an hour.</p>"
        '<form method="post"><input type="hidden" name="choice" value="undo">'
        f'<input type="hidden" name="chosen" value="{escape(undo)}">'
        '<button type="submit" class=second>Undo my choice</button></form>'
    )


def _day(moment: datetime | None) -> str:
    if moment is None:
        return "further notice"
    return f'<time datetime="{moment:%Y-%m-%d}">{moment:%B} {moment.day}, {moment.year}</time>'


def _page(
    brand: str,
    title: str,
    body: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    sender = f"<header>{escape(brand)}</header>" if brand else ""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>{sender}<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(html, status_code=status, headers={**_HEADERS, **(headers or {})})
