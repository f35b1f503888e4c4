"""`winback run`: the whole flow, as a Prefect flow run."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.cli._app import SEND, app
from winback.cli._build import AsOf
from winback.cli._plugins import part

ModeOption = Annotated[
    str | None, typer.Option("--mode", help="dry-run, sandbox or live; without it, WINBACK_MODE.")
]


@app.command("run", rich_help_panel=SEND)
def run_command(as_of: AsOf = None, mode: ModeOption = None) -> None:
    """Build, enroll, plan, send what is due, collect callbacks, measure and report.

    A dry run sends nothing: it shows the funnel, the decisions, the texts and
    their cost. The mode sandbox sends to a local SendGrid and Twilio. The mode
    live sends real messages, by the wall clock alone.
    """
    from winback.base.settings import Settings

    part("run")(Settings.load(), mode=mode, as_of=as_of)
