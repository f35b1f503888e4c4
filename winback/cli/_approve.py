"""`winback approve` and `winback approvals`: what waits for a person's yes, and giving it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import shop_time
from winback.base.console import print_json, say
from winback.base.errors import UsageError
from winback.cli._app import SEND, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.base.settings import Settings
    from winback.sending import Waiting


@app.command(
    "approvals",
    rich_help_panel=SEND,
    epilog=examples("winback approvals", "winback approvals --json", keys="needed, waiting"),
)
def approvals_command(as_json: AsJson = False) -> None:
    """List the steps that wait for a person's yes: how many messages, for how much, saying what.

    A step waits before its first send, when what it says has changed, and when it is
    larger or costs more than the settings WINBACK_APPROVAL_… allow. The texts are
    written for invented people.
    """
    from winback.base.settings import Settings

    _list(Settings.load(), as_json=as_json)


@app.command(
    "approve",
    rich_help_panel=SEND,
    epilog=examples(
        "winback approve",
        "winback approve 1a2b3c4d",
        "winback approve 1a2b3c4d --refuse --note 'the code is wrong'",
        keys="id, playbook_id, step, decision, decided_by, decided_at, note",
    ),
)
def approve_command(
    request: Annotated[
        str, typer.Argument(metavar="[ID]", help="The request; without it, list what waits.")
    ] = "",
    *,
    refuse: Annotated[bool, typer.Option("--refuse", help="Say no: nothing of it leaves.")] = False,
    note: Annotated[str, typer.Option(help="Why, for the next person who looks.")] = "",
    by: Annotated[str, typer.Option(help="Who decides; default: you, by your login.")] = "",
    as_json: AsJson = False,
) -> None:
    """Approve what waits, or refuse it; the next run that sends goes by it.

    What was refused may be approved later, and the other way round: then what has
    not left stays.
    """
    from winback.base.settings import Settings
    from winback.base.who import who
    from winback.ledger import open_ledger
    from winback.sending import ask, decide

    settings = Settings.load()
    if not request:
        if refuse or note or by:
            raise UsageError("which request? Next: winback approvals")
        _list(settings, as_json=as_json)
        return
    with open_ledger(settings) as ledger:
        done = decide(ledger, request, "no" if refuse else "yes", by=by or who(), note=note)
        ask(ledger, settings)  # `winback why` hears of it
    if as_json:
        print_json(
            {
                "id": done.approval_id,
                "playbook_id": done.playbook_id,
                "step": done.step,
                "decision": done.decision,
                "decided_by": done.decided_by,
                "decided_at": done.decided_at,
                "note": done.note,
            }
        )
        return
    what = f"step {done.step} of {done.playbook_id}"
    verb, then = ("Refused", "stays") if refuse else ("Approved", "leaves with the next run")
    say(f"{verb} by {done.decided_by}: {what} ({done.messages:,} messages) {then}")


def _list(settings: Settings, *, as_json: bool) -> None:
    from winback.ledger import has_ledger, open_ledger
    from winback.sending import read_waiting

    waiting: list[Waiting] = []
    is_needed = settings.approval == "always"
    if has_ledger(settings):
        with open_ledger(settings) as ledger:
            waiting, is_needed = read_waiting(ledger, settings)
    if as_json:
        print_json({"needed": is_needed, "waiting": [it.facts() for it in waiting]})
        return
    for it in waiting:
        _tell(it, settings)
    if not is_needed:
        say(f"Nothing waits: WINBACK_APPROVAL is {settings.approval}, and no send here asks.")
    elif not waiting:
        say("Nothing waits for approval.")


def _tell(it: Waiting, settings: Settings) -> None:
    say(str(it.held))
    until = shop_time(it.request.expires_at, settings.shop_timezone)
    if not it.held.is_refused:
        say(f"  asked at {shop_time(it.request.asked_at, settings.shop_timezone)}, until {until}")
    for shown in it.renders:
        subject = f"{shown.subject}: " if shown.subject else ""
        say(f"  {_short(subject + shown.words)}")
    say(f"  Its page: {it.page}")


def _short(words: str, most: int = 200) -> str:
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
