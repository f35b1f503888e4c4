"""The pages behind the unsubscribe link: plain HTML that works without a style or a script."""

from __future__ import annotations

from html import escape
from typing import Final

from starlette.responses import HTMLResponse

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
_STYLE: Final = (
    "body{font:1.125rem/1.6 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem;"
    "color:#1a1a1a;background:#fff}"
    "button{font:inherit;padding:.75rem 1.5rem;border:0;border-radius:.375rem;color:#fff;"
    "background:#14532d;cursor:pointer}button:focus-visible{outline:3px solid #1d4ed8;"
    "outline-offset:3px}"
)


def ask(brand: str) -> HTMLResponse:
    """The question with its one button; showing it changes nothing."""
    return _page(
        f"Unsubscribe from {brand}",
        f"<p>{escape(brand)} will stop sending offers and news to the address that received this"
        " message.</p>"
        '<form method="post"><button type="submit">Unsubscribe</button></form>',
    )


def done(brand: str) -> HTMLResponse:
    return _page(
        "You are unsubscribed",
        f'<p role="status">{escape(brand)} will not send offers or news to this address any'
        " more. You can close this page.</p>",
    )


def unknown_link() -> HTMLResponse:
    return _page(
        "This link is not valid",
        "<p>It may have been cut off. Please open it again from the message.</p>",
        status=404,
    )


def _page(title: str, body: str, *, status: int = 200) -> HTMLResponse:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(html, status_code=status, headers=_HEADERS)
