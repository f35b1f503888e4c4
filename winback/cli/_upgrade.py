"""`winback upgrade`: what another release changes in a home, and a person's yes to it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.console import print_json, print_rows, say, tell_step, telling
from winback.base.errors import UsageError, WinbackError
from winback.cli._app import OPERATE, app
from winback.cli._help import AsJson, examples
from winback.cli._plugins import part

if TYPE_CHECKING:
    from winback.base.settings import Settings
    from winback.readiness.upgrade import Upgrade


@app.command(
    "upgrade",
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback upgrade",
        "winback upgrade --compare",
        "winback upgrade --accept",
        "winback upgrade --json",
        keys="written_by, accepted, release, revision, newest_revision, has_sent, revisions, "
        "changes, own, waits; with --compare: as_of, more, fewer, steps",
    ),
)
def upgrade_command(
    *,
    is_to_compare: Annotated[
        bool,
        typer.Option(
            "--compare",
            help="Decide the last run again by this release, and count who is written to in one "
            "of the two alone.",
        ),
    ] = False,
    is_to_accept: Annotated[
        bool,
        typer.Option(
            "--accept", help="Bring the ledger up to date and agree to how this release sends."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what this release of winback changes in a home that an earlier one wrote.

    The home stays as it is until --accept. Live mode waits for that where a
    change may send differently; a dry run and the sandbox don't.

    With --compare it builds the moment of the last run, as a dry run does, from
    what the shop and the ledger told until then.
    """
    from winback.base.settings import Settings
    from winback.readiness.upgrade import accept_upgrade, look_at_upgrade, next_line, upgrade_lines

    settings = Settings.load()
    if is_to_compare:
        if is_to_accept:
            raise UsageError("--compare changes nothing: look first, then give --accept alone")
        _compare(settings, as_json=as_json)
        return
    found = look_at_upgrade(settings)
    if is_to_accept and found is not None:
        accept_upgrade(settings)
    if as_json:
        print_json(_facts(settings, found) if not is_to_accept else _facts(settings))
        return
    if found is None:
        say("There is no ledger yet, so there is nothing to upgrade.")
        return
    if is_to_accept:
        say(f"Agreed: winback {found.release} sends from here (before: {found.accepted}).")
        return
    for line in upgrade_lines(found):
        say(line)
    say(next_line(found) or f"winback {found.release} changes nothing here.")


def _facts(settings: Settings, found: Upgrade | None = None) -> dict[str, object]:
    from winback.readiness.upgrade import look_at_upgrade

    found = found or look_at_upgrade(settings)
    if found is None:
        return {
            **dict.fromkeys(("written_by", "accepted", "revision", "newest_revision"), ""),
            "release": "",
            "has_sent": False,
            **{name: [] for name in ("revisions", "changes", "own")},
            "waits": False,
        }
    return asdict(found) | {"waits": found.is_to_accept}


def _compare(settings: Settings, *, as_json: bool) -> None:
    """Decide the last run again by this release, and tell how its decisions differ."""
    from winback.base.clock import shop_time
    from winback.base.running import at_work
    from winback.measure import difference
    from winback.warehouse import build, invoke_dbt, read_manifest

    before = (settings.published_dir / "current").resolve()
    manifest = read_manifest(before)
    if manifest is None:
        raise WinbackError("no release has published decisions here. Next: winback run")
    run_id = manifest.decided_by or manifest.run_id
    decided = datetime.strptime(run_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    gate = part("gate")(sends=False)
    with gate.beside(), at_work(settings), telling() as teller:
        teller.stage("Deciding the last run again")
        built = build(
            settings,
            # What that run itself wrote is of its own moment, and not known yet.
            decided - timedelta(seconds=1),
            gate=gate,
            invoke=lambda s, arguments, variables: invoke_dbt(
                s, arguments, variables, on_node=tell_step
            ),
            with_entrants=difference.knows_entrants(before),
            name="dry-run",
        )
    steps = difference.steps_that_differ(before, built.published)
    more, fewer = difference.people_who_differ(before, built.published)
    if as_json:
        print_json({"as_of": decided, "more": more, "fewer": fewer, "steps": steps})
        return
    if steps:
        print_rows("Steps that differ", steps)
    at = shop_time(decided, settings.shop_timezone)
    say(f"As of {at}, this release writes to {more:,} people more and to {fewer:,} fewer.")
