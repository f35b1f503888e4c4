"""The pages behind the links of messages: plain HTML that works without a style or a script."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse

from winback.ledger import ChannelGroup
from winback.pages._page_words import Words
from winback.providers import Choice

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


def ask(
    words: Words, brand: str, group: ChannelGroup | None, *, pause_days: int, fewer_per_7d: int
) -> HTMLResponse:
    """The question with what may be chosen; showing it changes nothing."""
    channel = f"channel_{group or 'any'}"
    options = (
        _option("channel", words.say(channel), words.say(f"{channel}_hint"), is_checked=True),
        _option("all", words.say("all"), words.say("all_hint")),
        _option("fewer", words.say("fewer"), words.count("fewer", fewer_per_7d, then="_hint")),
        _option("pause", words.count("pause", pause_days), words.say("pause_hint")),
    )
    return _page(
        words,
        brand,
        words.say("ask_title", brand=brand),
        f'<form method="post"><fieldset><legend>{words.say("ask")}</legend>'
        f"{''.join(options)}</fieldset>"
        f'<button type="submit">{words.say("confirm")}</button></form>'
        f"<p class=note>{words.say('note', brand=brand)}</p>",
    )


def done(
    words: Words,
    brand: str,
    choice: Choice,
    group: ChannelGroup | None,
    *,
    until_at: datetime | None,
    fewer_per_7d: int,
    undo: str | None,
) -> HTMLResponse:
    """The page after a choice, with its undo; `undo` is None where a click must not take it
    back."""
    match choice:
        case "channel":
            text = words.say(f"channel_done_{group or 'any'}", brand=brand)
        case "fewer":
            text = words.count("fewer_done", fewer_per_7d, brand=brand)
        case "pause":
            text = words.say("pause_done", brand=brand, day=words.day(until_at))
        case "all":
            text = words.say("all_done", brand=brand)
    body = f'<p role="status">{text}</p>{_way_back(words, undo)}'
    return _page(words, brand, words.say(f"{choice}_done_title"), body)


def undone(words: Words, brand: str, choice: Choice) -> HTMLResponse:
    text = words.say("undone_all" if choice == "all" else "undone", brand=brand)
    body = f'<p role="status">{text}</p><p>{words.say("come_back")}</p>'
    return _page(words, brand, words.say("undone_title"), body)


def too_late(words: Words, brand: str) -> HTMLResponse:
    body = f"<p>{words.say('too_late')}</p>"
    return _page(words, brand, words.say("too_late_title"), body, status=410)


def not_saved(words: Words) -> HTMLResponse:
    body = f"<p>{words.say('not_saved')}</p>"
    return _page(words, "", words.say("try_again_title"), body, status=503, headers=_RETRY)


def unknown_link(words: Words) -> HTMLResponse:
    body = f"<p>{words.say('invalid')}</p>"
    return _page(words, "", words.say("invalid_title"), body, status=404)


def unknown_click(words: Words, brand: str, shop_url: str) -> HTMLResponse:
    body = f"<p>{words.say('cut_off')} {_to_shop(words, brand, shop_url)}</p>"
    return _page(words, brand, words.say("invalid_title"), body, status=404)


def try_again(words: Words, brand: str, shop_url: str) -> HTMLResponse:
    body = f"<p>{words.say('not_opened')} {_to_shop(words, brand, shop_url)}</p>"
    return _page(words, brand, words.say("try_again_title"), body, status=503, headers=_RETRY)


def _to_shop(words: Words, brand: str, shop_url: str) -> str:
    return f'<a href="{escape(shop_url)}">{words.say("to_shop", brand=brand)}</a>.'


def _option(value: Choice, label: str, hint: str, *, is_checked: bool = False) -> str:
    checked = " checked" if is_checked else ""
    return (
        f'<div class=option><input type="radio" name="choice" id="{value}" value="{value}"'
        f' aria-describedby="{value}-hint"{checked}>'
        f'<label for="{value}">{label}</label>'
        f'<p class=hint id="{value}-hint">{hint}</p></div>'
    )


def _way_back(words: Words, undo: str | None) -> str:
    if undo is None:
        return f"<p>{words.say('close')}</p>"
    return (
        f"<p>{words.say('close_or_undo')}</p>"
        '<form method="post"><input type="hidden" name="choice" value="undo">'
        f'<input type="hidden" name="chosen" value="{escape(undo)}">'
        f'<button type="submit" class=second>{words.say("undo")}</button></form>'
    )


def _page(
    words: Words,
    brand: str,
    title: str,
    body: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    sender = f"<header>{escape(brand)}</header>" if brand else ""
    html = (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body>{sender}<main><h1>{title}</h1>{body}</main></body></html>"
    )
    language = {"Content-Language": words.language, "Vary": "Accept-Language"}
    return HTMLResponse(
        html, status_code=status, headers={**_HEADERS, **language, **(headers or {})}
    )
