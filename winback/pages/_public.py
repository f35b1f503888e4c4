"""The pages that a person opens from a message: unsubscribe and preferences, and its click
links."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast, get_args
from urllib.parse import parse_qs, quote
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from winback.base.project import project_vars
from winback.ledger import (
    ChannelGroup,
    Ledger,
    LedgerUnavailable,
    channel_group,
    find_link,
    read_token,
    sign_token,
    tables,
)
from winback.pages import _pages
from winback.pages._page_words import Words, words_for
from winback.providers import (
    Choice,
    click_record,
    preference_record,
    undo_record,
    unsubscribe_record,
)

if TYPE_CHECKING:
    from winback.inbound._receiver import Receiver

log = logging.getLogger(__name__)

# Our form, and whatever a mail program posts for one click.
MAX_FORM_BYTES: Final = 16 * 1024
# Long enough to notice a slip, too short for a person to whom a message was forwarded later.
UNDO_WITHIN: Final = timedelta(hours=1)
# Nobody waits longer for the shop because a click is being counted.
CLICK_SECONDS: Final = 0.5
# As a browser sends it; what is escaped stays escaped.
_URL_SIGNS: Final = ":/%#?=@[]!$&'()*+,;~"


async def show_choices(request: Request) -> Response:
    """Shows the page and does nothing: link scanners open every link."""
    receiver, words = _receiver(request), _words(request)
    message_id = _message_id(receiver.ledger, request)
    if message_id is None:
        return _pages.unknown_link(words)
    group = await _group(receiver.ledger, message_id)
    settings = receiver.settings
    return _pages.ask(
        words,
        settings.brand_name,
        group,
        pause_days=settings.pause_days,
        fewer_per_7d=project_vars()["fewer_per_7d"],
    )


async def choose(request: Request) -> Response:
    """Acts at once, whether a mail program's one click (RFC 8058) or the page's form."""
    receiver, words = _receiver(request), _words(request)
    message_id = _message_id(receiver.ledger, request)
    if message_id is None:
        return _pages.unknown_link(words)
    form = await _form(request)
    if form is None:
        return Response(status_code=413)
    if form.get("choice") == "undo" and "List-Unsubscribe" not in form:
        return await _undo(receiver, words, message_id, form.get("chosen", ""))
    return await _keep_choice(receiver, words, message_id, _choice(form))


async def _keep_choice(
    receiver: Receiver, words: Words, message_id: str, choice: Choice
) -> Response:
    now, settings = receiver.clock.now(), receiver.settings
    until_at = now + timedelta(days=settings.pause_days) if choice == "pause" else None
    record = (
        unsubscribe_record(message_id, now)
        if choice == "channel"
        else preference_record(message_id, choice, now, until_at=until_at)
    )
    if not await receiver.keep(record):
        return _pages.not_saved(words)
    group = await _group(receiver.ledger, message_id)
    # A stop of texts is undone by an agreement as good as the first one, not by a click.
    undo = None
    if choice != "channel" or group == "email":
        undo = sign_token(receiver.ledger, f"undo|{message_id}|{choice}|{now.isoformat()}")
    return _pages.done(
        words,
        settings.brand_name,
        choice,
        group,
        until_at=_local(until_at, receiver),
        fewer_per_7d=project_vars()["fewer_per_7d"],
        undo=undo,
    )


async def _undo(receiver: Receiver, words: Words, message_id: str, token: str) -> Response:
    """Take back a choice that was made by this message a moment ago."""
    parts = (read_token(receiver.ledger, token) or "").split("|")
    if len(parts) != 4 or parts[:2] != ["undo", message_id]:
        return _pages.unknown_link(words)
    choice, chosen_at = cast("Choice", parts[2]), datetime.fromisoformat(parts[3])
    now = receiver.clock.now()
    if now - chosen_at > UNDO_WITHIN:
        return _pages.too_late(words, receiver.settings.brand_name)
    if not await receiver.keep(undo_record(message_id, chosen_at, now)):
        return _pages.not_saved(words)
    return _pages.undone(words, receiver.settings.brand_name, choice)


async def follow(request: Request) -> Response:
    """Leads to where the link of the message led, and nowhere else; the click is kept."""
    receiver = _receiver(request)
    settings = receiver.settings
    try:
        link = await asyncio.to_thread(find_link, receiver.ledger, request.path_params["token"])
    except (LedgerUnavailable, SQLAlchemyError) as error:
        log.error("a click link can't be looked up: %s", type(error).__name__)
        return _pages.try_again(_words(request), settings.brand_name, settings.shop_url)
    if link is None:
        return _pages.unknown_click(_words(request), settings.brand_name, settings.shop_url)
    record = click_record(link, request.method, request.headers, receiver.clock.now())
    keeping = asyncio.ensure_future(receiver.keep(record))
    # It goes on being kept after that; the person goes on in any case.
    await asyncio.wait([keeping], timeout=CLICK_SECONDS)
    return Response(
        status_code=302,
        headers={"Location": quote(link.url, safe=_URL_SIGNS), **_pages.REDIRECT_HEADERS},
    )


ROUTES: Final = (
    Route("/u/{token}", show_choices, methods=["GET"]),
    Route("/u/{token}", choose, methods=["POST"]),
    Route("/r/{token}", follow, methods=["GET"]),
)


def _receiver(request: Request) -> Receiver:
    return cast("Receiver", request.app.state.receiver)


def _words(request: Request) -> Words:
    return words_for(request.headers.get("accept-language", ""))


def _message_id(ledger: Ledger, request: Request) -> str | None:
    name = read_token(ledger, request.path_params["token"])
    # A token for the undo form names no message.
    return None if name is None or "|" in name else name


def _choice(form: dict[str, str]) -> Choice:
    """One click means silence, and so does a form that is not understood."""
    chosen = form.get("choice", "")
    if "List-Unsubscribe" in form or chosen not in get_args(Choice):
        return "channel"
    return cast("Choice", chosen)


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a short form; empty if it is none of ours, None if it is too long.

    RFC 8058 lets a mail program post multipart too: that can only be its one click.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            return None
    try:
        fields = parse_qs(body.decode(), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


async def _group(ledger: Ledger, message_id: str) -> ChannelGroup | None:
    """Whether the message was an email or a text: for the words only, so a failure is no harm."""
    try:
        channel = await asyncio.to_thread(_channel, ledger, message_id)
    except (LedgerUnavailable, SQLAlchemyError) as error:
        log.error("a message can't be looked up: %s", type(error).__name__)
        return None
    group = channel_group(channel) if channel else None
    # The words for any message fit a letter.
    return None if group == "post" else group


def _channel(ledger: Ledger, message_id: str) -> str | None:
    m = tables.messages.c
    with ledger.read() as connection:
        return connection.scalar(select(m.channel).where(m.message_id == message_id))


def _local(moment: datetime | None, receiver: Receiver) -> datetime | None:
    return moment.astimezone(ZoneInfo(receiver.settings.shop_timezone)) if moment else None
