"""`winback upgrade`: what another release changes in a home, and a person's yes to it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.console import print_json, say
from winback.cli._app import OPERATE, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.base.settings import Settings
    from winback.readiness.upgrade import Upgrade


@app.command(
    "upgrade",
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback upgrade",
        "winback upgrade --accept",
        "winback upgrade --json",
        keys="written_by, accepted, release, revision, newest_revision, has_sent, revisions, "
        "changes, own, waits",
    ),
)
def upgrade_command(
    *,
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
    """
    from winback.base.settings import Settings
    from winback.readiness.upgrade import accept_upgrade, look_at_upgrade, next_line, upgrade_lines

    settings = Settings.load()
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
