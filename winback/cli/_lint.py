"""`winback lint`: what is wrong with the messages of a playbook, before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json, say
from winback.cli._app import LOOK, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.content.preview import Shown


@app.command(
    "lint",
    rich_help_panel=LOOK,
    epilog=examples(
        "winback lint",
        "winback lint sms_email",
        "winback lint sms_email --json",
        keys="messages, stopped, findings, unwritten, lacking",
    ),
)
def lint_command(
    playbook: Annotated[
        str,
        typer.Argument(metavar="PLAYBOOK", help="The playbook; without it, all enabled."),
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with the messages of a playbook.

    Each template, variant, offer and language is written for an invented person
    of whom all facts are known, and for one of whom none is. A run holds what is named
    first, a step at a time; the rest is a matter of taste. Nothing is sent, and
    no build is needed. It ends with 1 where a run would hold a step.
    """
    from winback.base.settings import Settings
    from winback.content.preview import preview

    messages, lacking = preview(Settings.load(), WallClock(), playbook=playbook)
    # A template that several messages share is told of once.
    found = sorted(
        {finding for it in messages for finding in it.findings},
        key=lambda it: (not it.stops, it.file, it.line, it.rule, it.what),
    )
    written = {_which(it) for it in messages if not it.unwritten}
    # A message that is not written where nothing is known is held by itself.
    unwritten = [it for it in messages if _which(it) not in written]
    stopped = [it for it in found if it.stops]
    if as_json:
        print_json(
            {
                "messages": len(messages),
                "stopped": len(stopped) + len(unwritten),
                "findings": [it.facts() for it in found],
                "unwritten": [it.facts() for it in unwritten],
                "lacking": lacking,
            }
        )
    else:
        for it in unwritten:
            say(f"held: {it.playbook_id}, step {it.step}: {it.unwritten}")
        for finding in found:
            say(f"{'held' if finding.stops else 'taste'}: {finding}")
        what = playbook or "The enabled playbooks"
        say(
            f"{what}: {len(messages):,} messages, {len(stopped) + len(unwritten):,} findings that "
            f"hold a step, {len(found) - len(stopped):,} matters of taste"
        )
    if stopped or unwritten:
        raise typer.Exit(1)


def _which(shown: Shown) -> tuple[str, int, str, str]:
    return shown.playbook_id, shown.step, shown.variant, shown.locale
