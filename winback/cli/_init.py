"""`winback init`: the first files of a shop, by questions or by options."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from winback.base.console import print_json, say
from winback.base.errors import UsageError, WinbackError
from winback.base.places import HOUSE_DIR
from winback.cli._app import START, app
from winback.cli._help import AsJson, examples
from winback.cli._lapse import propose_lapse, tell_lapse
from winback.cli._look import tell_channel

if TYPE_CHECKING:
    from winback.base.settings import Settings
    from winback.readiness.look import Channel

_BRAND = "The name that every message begins with."
_ADDRESS = "The postal address, which the law wants in every marketing email."
_COUNTRY = "Two letters, such as GB: where a phone number without a calling code is from."
_ZONE = "The zone of the shop's days, such as Europe/London."
_URL = "Where messages link to."
_FROM = "The sender's address of email."
_CHANNELS = "Comma-separated: email, sms, mms, rcs, whatsapp, voice, direct_mail."
_SOURCE = "The form of the shop's data."
_PLACE = (
    "Where it is: a folder, a .duckdb file, the variable with PostgreSQL's URL, s3://…, or a shop "
    "like example.myshopify.com."
)
_HOLDOUT = (
    "Percent of customers kept aside, which shows what the messages bring; 30 until the first "
    "verdict, then 10."
)


@app.command(
    "init",
    rich_help_panel=START,
    epilog=examples(
        "winback init",
        "winback init --brand 'Copper and Tea' --country GB --timezone Europe/London",
        "winback init --brand 'Copper and Tea' --source shopify --place exports --holdout 30",
        keys="written, stays, missing, contact, lapse, next",
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
    place: Annotated[str | None, typer.Option(help=_PLACE)] = None,
    holdout: Annotated[str | None, typer.Option(help=_HOLDOUT)] = None,
    as_json: AsJson = False,
) -> None:
    """Write `.env`, `brand.toml` and `sources.toml` in this folder, and say what comes next.

    A terminal is asked for each fact that no option gives; Enter leaves it out.
    Elsewhere such facts are left out, and --brand is needed. No file that is there
    is changed, but for the holdout, which stands in the seed playbooks.

    A folder other than winback's checkout becomes the shop's own project: its
    segments, templates and rows of seeds stand there, over ours.

    With a place it also looks at the source, as doctor --source does: how many
    customers could be contacted, before anything is loaded. Once a year of orders
    is loaded it proposes the lapse preset, as backtest --compare does.
    """
    from winback.base.settings import Settings
    from winback.landing import API_FORMAT, FormatName
    from winback.readiness import first_holdout, first_source
    from winback.readiness.doctor import findings
    from winback.readiness.first_files import FirstSettings, write_first_files, zone_of

    forms = tuple(dict.fromkeys((*get_args(FormatName), API_FORMAT)))
    asks = sys.stdin.isatty() and not as_json
    name = _ask(asks, brand, _BRAND)
    if not name:
        raise UsageError("the shop's name is missing. Next: winback init --brand NAME")
    country_code = _ask(asks, country, _COUNTRY)
    said = FirstSettings(
        brand_name=name,
        postal_address=_ask(asks, address, _ADDRESS),
        shop_country=country_code.upper(),
        shop_timezone=_ask(asks, timezone, _ZONE, proposed=zone_of(country_code)),
        shop_url=_ask(asks, url, _URL),
        from_email=_ask(asks, from_email, _FROM),
        channels=_ask(asks, channels, _CHANNELS, proposed="email,sms"),
    )
    form = _ask(asks, source, f"{_SOURCE} {', '.join(forms)}.", proposed="generic")
    if form not in forms:
        raise UsageError(f"there is no form {form!r}; there are {', '.join(forms)}")
    where = _ask(asks, place, _PLACE)
    first_source.refuse_place_without_form(form, where)
    percent = first_holdout.read_percent(
        _ask(asks, holdout, _HOLDOUT, proposed=str(first_holdout.RECOMMENDED) if asks else "")
    )
    text = first_source.source_text(form, where) if where else ""
    if text:
        first_source.check_source(text, Settings.load())
    written, stays = write_first_files(said, Path())
    if text:
        is_new = first_source.write_source(text, Path())
        (written if is_new else stays).append(first_source.SOURCES_FILE)
    written += _lay_out(percent)
    settings = Settings.load()
    missing = findings(settings)
    if not as_json:
        _tell(written, stays, missing)
    reached = _channels(settings) if text else []
    lapse = propose_lapse(settings)
    following = _following(form, where)
    if as_json:
        facts = {"written": written, "stays": stays, "missing": missing}
        found = [asdict(it) for it in reached]
        print_json({**facts, "contact": found, "lapse": lapse.facts, "next": following})
        return
    for line in (line for channel in reached for line in tell_channel(channel)):
        say(line)
    tell_lapse(lapse)
    say(f"Next: {following}")


def _lay_out(percent: int | None) -> list[str]:
    """The project of a folder that isn't our checkout, and the holdout; what was written."""
    from winback.readiness import first_holdout
    from winback.readiness.own_project import lay_out

    written = [] if Path.cwd() == HOUSE_DIR else lay_out(Path())
    if percent is not None and first_holdout.keep_holdout(percent, Path()):
        written.append(f"{first_holdout.SEED.name} (a holdout of {percent} %)")
    return written


def _channels(settings: Settings) -> Sequence[Channel]:
    """The channels by a look at the sources; one line and none where they can't be read yet."""
    from winback.base.clock import WallClock
    from winback.base.console import telling, warn
    from winback.readiness.first_source import sources_at_hand
    from winback.readiness.look import look

    if not (sources := sources_at_hand(settings)):
        return []
    try:
        with telling():
            return look(sources, settings, WallClock()).channels
    except WinbackError as error:
        warn(f"sources.toml: what it names can't be looked at yet: {error}")
        return []


def _following(form: str, place: str) -> str:
    from winback.landing import API_FORMAT

    if place:
        return "winback pull" if form == API_FORMAT else "winback load"
    return "winback load DIR" + ("" if form == "generic" else f" --format {form}")


def _tell(written: list[str], stays: list[str], missing: list[str]) -> None:
    for line in (*(f"written: {it}" for it in written), *(f"stays as it is: {it}" for it in stays)):
        say(line)
    for line in missing:
        say(f"missing before live: {line}")


def _ask(asks: bool, given: str | None, question: str, *, proposed: str = "") -> str:
    if given is not None:
        return given.strip()
    if not asks:
        return proposed
    return str(typer.prompt(question, default=proposed, show_default=bool(proposed))).strip()
