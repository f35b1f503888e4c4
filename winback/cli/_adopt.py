"""`winback adopt`: a restored copy becomes the one that sends, and sends nothing twice."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer

from winback.base.clock import clock_at, shop_time
from winback.base.console import print_json, say
from winback.base.errors import UsageError
from winback.cli._app import OPERATE, app
from winback.cli._build import AsOf
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.backup import AdoptReport
    from winback.ledger import ChannelGroup

_GROUPS: Final[tuple[ChannelGroup, ...]] = ("email", "phone", "post")


@app.command(
    "adopt",
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback adopt",
        "winback adopt --hold email",
        keys="backup_id, made_at, heard_until, restored_at, left, settled, held, unbound, heard, "
        "suppressed, erased, not_asked, is_for_sandbox_alone",
    ),
)
def adopt_command(
    *,
    hold: Annotated[
        list[str] | None,
        typer.Option(
            help="Ask nobody about `email`, `phone` or `post`, and hold what may have left there."
        ),
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Let a restored copy send, once it knows what was sent since the backup.

    Be sure that the machine it replaces is off. SendGrid and Twilio are asked
    what left and who opted out since. What left counts as sent; what may have
    left is held, and winback reconcile list names it. Where they can't be
    asked, nothing changes.
    """
    from winback import backup
    from winback.base.settings import Settings

    settings = Settings.load()
    held = set(hold or ())
    if unknown := held - set(_GROUPS):
        raise UsageError(f"--hold {min(unknown)} is none of email, phone and post")
    clock = clock_at(as_of, settings.shop_timezone)
    done = backup.adopt(settings, clock, hold=[it for it in _GROUPS if it in held])
    if as_json:
        print_json(asdict(done))
        return
    for line in _lines(done, settings.shop_timezone):
        say(line)


def _lines(done: AdoptReport, shop_timezone: str) -> list[str]:
    if done.made_at is None:
        return ["This ledger was not restored from a backup: there is nothing to adopt."]
    lines = [f"Adopted: backup {done.backup_id} of {shop_time(done.made_at, shop_timezone)}"]
    for group, count in sorted(done.left.items()):
        lines.append(f"{group}: {count:,} messages had left since, and are not sent again")
    if done.settled or done.unbound:
        lines.append(
            f"{done.settled:,} of them waited here; {done.unbound:,} are of no message that this "
            "ledger knows, and the next run tells what they are of"
        )
    lines += [
        f"{group}: nobody was asked, and what may have left is held" for group in done.not_asked
    ]
    if done.is_for_sandbox_alone:
        lines.append(
            "No keys of providers are set, so nobody could be asked whether anything left since: "
            "this copy is for the sandbox alone. Next, to send: set them and restore into another "
            "WINBACK_HOME"
        )
    if done.held:
        lines.append(
            f"{done.held:,} messages may have left, and are held. Next: winback reconcile list"
        )
    lines.append(
        f"{done.heard:,} texts of people and {done.suppressed:,} opt-outs and bounces are taken in"
    )
    if done.erased:
        lines.append(f"{done.erased:,} customers who were erased since are erased here as well")
    if done.heard_until is not None and done.restored_at is not None:
        since, until = (shop_time(at, shop_timezone) for at in (done.heard_until, done.restored_at))
        lines.append(
            f"Nobody knows who opted out on our own pages after {since} and before the machine was "
            f"lost, {until} at the latest. Next: copy what can be saved of the lost landing/events "
            "into the new one, or call the /u/ addresses in your proxy's log again: docs/backup.md"
        )
    lines.append(
        "Nor are stops and approvals since the backup known. Next: winback doctor, then winback run"
    )
    return lines
