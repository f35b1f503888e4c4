"""`winback run`: the whole flow, as a Prefect flow run."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.cli._app import SEND, app
from winback.cli._build import AsOf
from winback.cli._help import AsJson, examples
from winback.cli._plugins import part

ModeOption = Annotated[
    str | None, typer.Option("--mode", help="dry-run, sandbox or live; without it, WINBACK_MODE.")
]


@app.command(
    "run",
    rich_help_panel=SEND,
    epilog=examples(
        "winback run",
        "winback run --mode sandbox --as-of 2026-03-02T15:30",
        "winback run --json",
        keys="mode, as_of, published, warnings, outlook, funnel, decisions, enrolled, planned, "
        "cost_cents, channel_costs, currency, unpriced, not_written, sent, stopped, "
        "waiting_for_approval, unknown, sent_twice, "
        "waiting_for_a_human, reactivation_rates",
    ),
)
def run_command(
    as_of: AsOf = None,
    mode: ModeOption = None,
    tables: Annotated[
        bool, typer.Option("--tables", help="Show the funnel and the decisions as tables too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build, enroll, plan, send what is due, collect callbacks, measure and report.

    The last lines say who was found, who is written to, why not the others, and
    when the next messages leave. A dry run sends nothing: it shows what would be
    sent, and its cost. The mode sandbox sends to a local SendGrid and Twilio. The
    mode live sends real messages, by the wall clock alone.
    """
    from winback.base.settings import Settings

    part("run")(Settings.load(), mode=mode, as_of=as_of, as_json=as_json, tables=tables)
