"""`winback audience`: lists of a segment for ads, as files of hashes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from winback.base.clock import WallClock, parse_as_of
from winback.base.console import print_json, say
from winback.cli._app import PEOPLE, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.people.audiences import Audience

audience_app = typer.Typer(no_args_is_help=True)
app.add_typer(audience_app, name="audience", rich_help_panel=PEOPLE)

Segment = Annotated[
    str, typer.Argument(metavar="SEGMENT", help="A segment, as in segment_members.")
]
Platform = Annotated[
    Literal["meta", "google", "csv"],
    typer.Option("--for", help="Whose spelling of addresses and names of columns."),
]
# Each reason of ad_people, for people.
_REASONS: Final = {
    "refused": "refused to be in such lists",
    "unread_rows": "have a row that can't be read",
    "merged": "are another customer since",
    "holdout": "are kept aside by a playbook",
    "opted_out": "want no messages",
    "household": "can't be told from others",
    "consent": "never agreed to be in such lists",
}


@audience_app.callback(
    epilog=examples("winback audience export lapsed_30_45 --for meta", "winback audience list")
)
def audience_group() -> None:
    """Write lists of a segment for ads, as files of hashes.

    Nothing is uploaded: a person does that, or doesn't.
    """


@audience_app.command(
    "export",
    epilog=examples(
        "winback audience export lapsed_30_45 --for meta",
        "winback audience export at_risk --for google --json",
        keys="segment, platform, folder, exported_at, included, excluded, to_remove, remove_since, "
        "left_out",
    ),
)
def export_command(segment: Segment, platform: Platform, *, as_json: AsJson = False) -> None:
    """Write who may be in a list for ads, who must be kept away, and who left since.

    A member is included who agreed to `ads`, a consent of its own. The exclusion
    list has the holdout, whom ads would treat, and those who want no messages: give
    it to the campaign, too. A customer who refused is in neither.
    """
    from winback.base.settings import Settings
    from winback.people.audiences import export_audience

    it, left_out = export_audience(Settings.load(), WallClock(), segment, platform)
    if as_json:
        print_json(_facts(asdict(it)) | {"left_out": left_out})
        return
    say(f"include.csv: {it.included:,} customers of {segment}")
    say(f"exclude.csv: {it.excluded:,} customers whom ads must not reach")
    for reason, count in left_out.items():
        say(f"not included: {count:,} {_REASONS[reason]}")
    say(f"Next: upload both from {it.folder}")
    _tell_removed(it)


@audience_app.command(
    "list",
    epilog=examples("winback audience list", "winback audience list --json", keys="audiences"),
)
def list_command(*, as_json: AsJson = False) -> None:
    """List what was exported, and who is to be taken out at the platform."""
    from winback.base.settings import Settings
    from winback.people.audiences import audiences

    found = list(audiences(Settings.load()))
    if as_json:
        print_json({"audiences": [_facts(asdict(it)) for it in found]})
        return
    for it in found:
        say(f"{it.segment} for {it.platform}: {it.included:,} included, {it.excluded:,} excluded, "
            f"of {it.exported_at}")  # fmt: skip
        _tell_removed(it)
    if not found:
        say("No list was exported. Next: winback audience export SEGMENT --for meta")


@audience_app.command(
    "removed",
    epilog=examples(
        "winback audience removed lapsed_30_45 --for meta --until 2026-03-02T03:30",
        "winback audience removed at_risk --for google",
    ),
)
def removed_command(
    segment: Segment,
    platform: Platform,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", help="When remove.csv was read; those who left since stay in it."
        ),
    ] = None,
) -> None:
    """Note that those of remove.csv were taken out at the platform.

    The list may be written anew while they are taken out there. Those who left it
    after --until are in remove.csv still, and are named again.
    """
    from winback.base.settings import Settings
    from winback.people.audiences import note_removed

    settings = Settings.load()
    read_at = parse_as_of(until, settings.shop_timezone) if until else None
    say(f"noted: {note_removed(settings, segment, platform, read_at):,} taken out")


def _facts(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"folder": str(told["folder"])}


def _tell_removed(it: Audience) -> None:
    if it.to_remove:
        say(f"remove.csv: {it.to_remove:,} who left the list. Next, within a day: take them out "
            f"there, then winback audience removed {it.segment} --for {it.platform} "
            f"--until {it.exported_at}")  # fmt: skip
