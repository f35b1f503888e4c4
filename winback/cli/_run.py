"""`winback run`: the whole flow, as a Prefect flow run."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.cli._app import app
from winback.cli._build import AsOf
from winback.cli._plugins import part
from winback.settings import Settings

ModeOption = Annotated[
    str | None, typer.Option("--mode", help="dry-run, sandbox or live; default: WINBACK_MODE.")
]


@app.command(name="run")
def run_command(as_of: AsOf = None, mode: ModeOption = None) -> None:
    """Build, enroll, plan, send what is due, collect, measure, report."""
    part("run")(Settings.load(), mode=mode, as_of=as_of)
