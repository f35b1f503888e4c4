"""`winback doctor`: what is missing before going live."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json, say
from winback.base.errors import UsageError
from winback.cli._app import START, app
from winback.cli._help import AsJson, examples
from winback.cli._look import look_at
from winback.cli._plugins import part

if TYPE_CHECKING:
    from winback.base.settings import Settings
    from winback.readiness.upgrade import Upgrade
    from winback.sending import Stop


@app.command(
    "doctor",
    rich_help_panel=START,
    epilog=examples(
        "winback doctor",
        "winback doctor --network",
        "winback doctor --source exports --format shopify",
        "winback doctor --json",
        keys="ready, missing, upgrade, phones, codes, backup, offers, stopped, keeps, requests, "
        "ads, network",
    ),
)
def doctor_command(
    as_json: AsJson = False,
    network: Annotated[
        bool,
        typer.Option("--network", help="Ask DNS, the providers and the public address too."),
    ] = False,
    is_to_repair: Annotated[
        bool,
        typer.Option("--repair", help="Crash runs in Prefect that hang, and free their slots."),
    ] = False,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|NAME|all",
            help="Look at a folder of the shop's files, at a source of sources.toml, or at all of "
            "them, before they are loaded.",
        ),
    ] = None,
    format: Annotated[  # noqa: A002  # the option's name
        str | None,
        typer.Option(help="The form of that folder's files, as of winback load."),
    ] = None,
) -> None:
    """List what is missing before going live, and what is stopped.

    With --network it asks whether the sending domain has SPF, DKIM and DMARC,
    whether SendGrid and Twilio take the credentials and report to the receiver,
    and whether the public address reaches it: each for five seconds at most. It
    also reads from the storage that machines share, where a setting names one.

    With --repair it looks at Prefect instead: a run that gave no sign of life for
    five minutes is crashed, so that the next one begins. Prefect's server then
    does so by itself.

    With --source it says what a load would bring: which columns become what,
    what is missing and what that costs, rows with addresses, names and phones
    masked, and how many customers could be contacted on each channel and why
    the others not. Nothing is landed. Its --json has the keys source, formats,
    files, columns, tables, missing, held_customers, deleted_customers, notes
    and contact.
    """
    from winback.base.settings import Settings
    from winback.readiness.doctor import findings
    from winback.readiness.network import ask_network

    settings = Settings.load()
    if source is None and format is not None:
        raise UsageError("--format says how the folder of --source is written; give that too")
    if source is not None:
        look_at(source, settings, format_=format, as_json=as_json)
        return
    if is_to_repair:
        part("repair")(settings)
        return
    lines = findings(settings)
    answers = ask_network(settings) if network else []
    is_wrong = bool(lines) or any(it.verdict == "wrong" for it in answers)
    upgrade = _upgrade(settings)
    if as_json:
        facts = {"ready": not is_wrong, "missing": lines} | _facts(settings, upgrade)
        print_json(facts | {"network": [asdict(it) for it in answers]})
        raise typer.Exit(1 if is_wrong else 0)
    backups = [f"backup: {line}" for line in [_backup(settings)] if line]
    for line in (*_phones(settings), *backups, *(f"missing: {line}" for line in lines)):
        say(line)
    for it in answers:
        say(f"network: {it}")
    _say_of_upgrade(upgrade)
    # At last, since it ends here where the ledger can't be read.
    if not _is_behind(upgrade):
        _say_of_ledger(settings)
    if is_wrong:
        raise typer.Exit(1)
    say("Ready: nothing is missing.")


def _facts(settings: Settings, upgrade: Upgrade | None) -> dict[str, object]:
    """What `--json` has beside the findings; nothing from a ledger that is still to be brought up
    to date."""
    from winback.people.audiences import waiting_removals
    from winback.readiness.upgrade import next_line

    is_behind = _is_behind(upgrade)
    stops = [] if is_behind else _active_stops(settings)
    return {
        "upgrade": asdict(upgrade) if upgrade is not None and next_line(upgrade) else {},
        "phones": list(_phones(settings)),
        "codes": [] if is_behind else _codes(settings),
        "backup": _backup(settings),
        "offers": _offers(settings),
        "stopped": [{"what": str(it), "reason": it.reason} for it in stops],
        "keeps": "" if is_behind else _keeps(settings),
        "requests": list(_requests(settings)),
        "ads": list(waiting_removals(settings)),
    }


def _upgrade(settings: Settings) -> Upgrade | None:
    """What this release changes here; None where the ledger can't be looked at, which is told
    where it is opened."""
    from winback.ledger import LedgerUnavailable
    from winback.readiness.upgrade import look_at_upgrade

    with suppress(LedgerUnavailable, UsageError):
        return look_at_upgrade(settings)
    return None


def _is_behind(upgrade: Upgrade | None) -> bool:
    """Whether opening the ledger would change its tables, which waits until a person has seen
    what becomes of it."""
    return upgrade is not None and bool(upgrade.revisions)


def _say_of_upgrade(upgrade: Upgrade | None) -> None:
    from winback.readiness.upgrade import next_line, upgrade_lines

    if upgrade is not None:
        for line in filter(None, (*upgrade_lines(upgrade), next_line(upgrade))):
            say(f"upgrade: {line}")


def _say_of_ledger(settings: Settings) -> None:
    scarce = (f"codes: {it}. Next: winback codes import FILE" for it in _codes(settings))
    for line in (*scarce, *(f"offers: {it}" for it in _offers(settings))):
        say(line)
    _say_of_persons_and_stops(settings)


def _say_of_persons_and_stops(settings: Settings) -> None:
    from winback.people.audiences import waiting_removals

    say(f"keeps: {_keeps(settings)}")
    for line in _requests(settings):
        say(f"requests: {line}")
    for line in waiting_removals(settings):
        say(f"ads: {line}")
    for stop in _active_stops(settings):
        say(f"stopped: {stop}: {stop.reason}")


def _phones(settings: Settings) -> Iterator[str]:
    """Whose phone gets no texts, which keeps nobody from going live."""
    from winback.landing import unusable_phones

    for why, found in unusable_phones(settings).items():
        rest = found.count - len(found.customer_ids)
        more = f" and {rest:,} more" if rest else ""
        yield f"phones: {found.count:,} {why}: customers {', '.join(found.customer_ids)}{more}"


def _codes(settings: Settings) -> list[str]:
    """The pools of codes that will not do for the week, which keeps nobody from going live."""
    from winback.codes import scarce_pools
    from winback.ledger import has_ledger, open_ledger

    if not has_ledger(settings):
        return []
    with open_ledger(settings) as ledger:
        return scarce_pools(ledger, at=WallClock().now())


def _keeps(settings: Settings) -> str:
    """What is kept how long, and when what was older was forgotten; no reason not to go live."""
    from winback.people.retention import last_retention, limits

    kept = ", ".join(map(str, limits(settings).values()))
    last = last_retention(settings)
    return f"{kept}; retention {f'last ran {last:%Y-%m-%d}' if last else 'never ran'}"


def _requests(settings: Settings) -> Iterator[str]:
    """What the shop asks for its customers and is not done, and exports to be handed over."""
    from winback.people.requests import tell_requests

    for it in tell_requests(settings):
        if not it.is_done or it.is_ready:
            yield f"{it.request_id}, {it.received}, {it.asks}: {it.state}"


def _backup(settings: Settings) -> str:
    """How old the newest backup is; empty where no setting says where it would be."""
    from winback.backup import last_backup

    if not settings.backup_to:
        return ""
    last = last_backup(settings.backup_to, settings)
    if last is None:
        return "there is none yet. Next: winback backup"
    hours = max((WallClock().now() - last.made_at).total_seconds(), 0) / 3600
    age = f"{hours / 24:,.0f} days" if hours >= 48 else f"{hours:,.1f} hours"
    return f"the newest is {age} old ({last.backup_id})"


def _offers(settings: Settings) -> list[str]:
    """The offers that nobody more is given, as the last build found, which keeps nobody from going
    live."""
    from winback.codes import stopped_offers

    return stopped_offers(settings.published_dir / "current")


def _active_stops(settings: Settings) -> list[Stop]:
    """What is stopped now; nothing where there is no ledger yet."""
    from winback.ledger import has_ledger, open_ledger
    from winback.sending import active_stops

    if not has_ledger(settings):
        return []
    with open_ledger(settings) as ledger, ledger.read() as connection:
        return active_stops(connection, now=WallClock().now())
