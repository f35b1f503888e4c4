"""`winback init`: the first files of a shop, by questions or by options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, get_args

import typer

from winback.base.console import print_json, say
from winback.base.errors import UsageError
from winback.cli._app import START, app
from winback.cli._help import AsJson, examples

_BRAND = "The name that every message begins with."
_ADDRESS = "The postal address, which the law wants in every marketing email."
_COUNTRY = "Two letters, such as GB: where a phone number without a calling code is from."
_ZONE = "The zone of the shop's days, such as Europe/London."
_URL = "Where messages link to."
_FROM = "The sender's address of email."
_CHANNELS = "Comma-separated: email, sms, mms, rcs, whatsapp, voice."
_SOURCE = "The form of the shop's files, for the next command: winback load."


@app.command(
    "init",
    rich_help_panel=START,
    epilog=examples(
        "winback init",
        "winback init --brand 'Copper and Tea' --country GB --timezone Europe/London",
        keys="written, stays, missing, next",
    ),
)
def init_command(
    *,
    brand: Annotated[str | None, typer.Option(help=_BRAND)] = None,
    address: Annotated[str | None, typer.Option(help=_ADDRESS)] = None,
    country: Annotated[str | None, typer.Option(help=_COUNTRY)] = None,
    timezone: Annotated[str | None, typer.Option(help=_ZONE)] = None,
    url: Annotated[str | None, typer.Option(help=_URL)] = None,
    from_email: Annotated[str | None, typer.Option(help=_FROM)] = None,
    channels: Annotated[str | None, typer.Option(help=_CHANNELS)] = None,
    source: Annotated[str | None, typer.Option(help=_SOURCE)] = None,
    as_json: AsJson = False,
) -> None:
    """Write `.env` and `brand.toml` in this folder, and say what is missing and what comes next.

    What no option says is asked on a terminal; Enter leaves it out. Elsewhere it
    is left out, and --brand is needed. Nothing that is there is changed.
    """
    from winback.base.settings import Settings
    from winback.landing import FormatName
    from winback.readiness.doctor import findings
    from winback.readiness.first_files import FirstSettings, write_first_files, zone_of

    forms = get_args(FormatName)
    asks = sys.stdin.isatty() and not as_json
    name = _ask(asks, brand, _BRAND)
    if not name:
        raise UsageError("the shop's name is missing. Next: winback init --brand NAME")
    place = _ask(asks, country, _COUNTRY)
    said = FirstSettings(
        brand_name=name,
        postal_address=_ask(asks, address, _ADDRESS),
        shop_country=place.upper(),
        shop_timezone=_ask(asks, timezone, _ZONE, proposed=zone_of(place)),
        shop_url=_ask(asks, url, _URL),
        from_email=_ask(asks, from_email, _FROM),
        channels=_ask(asks, channels, _CHANNELS, proposed="email,sms"),
    )
    form = _ask(asks, source, f"{_SOURCE} {', '.join(forms)}.", proposed="generic")
    if form not in forms:
        raise UsageError(f"there is no form {form!r}; there are {', '.join(forms)}")
    written, stays = write_first_files(said, Path())
    missing = findings(Settings.load())
    following = "winback load DIR" + ("" if form == "generic" else f" --format {form}")
    if as_json:
        facts = {"written": written, "stays": stays, "missing": missing}
        print_json({**facts, "next": following})
        return
    for line in (*(f"written: {it}" for it in written), *(f"stays as it is: {it}" for it in stays)):
        say(line)
    for line in missing:
        say(f"missing before live: {line}")
    say(f"Next: {following}")


def _ask(asks: bool, given: str | None, question: str, *, proposed: str = "") -> str:
    if given is not None:
        return given.strip()
    if not asks:
        return proposed
    return str(typer.prompt(question, default=proposed, show_default=bool(proposed))).strip()
