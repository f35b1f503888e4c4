"""`winback deploy`: what runs when, on a Prefect server of your own."""

from __future__ import annotations

from winback.cli._app import OPERATE, app
from winback.cli._help import AsJson, examples
from winback.cli._plugins import part


@app.command(
    "deploy",
    rich_help_panel=OPERATE,
    epilog=examples("winback deploy", "winback deploy --json", keys="deployed"),
)
def deploy_command(as_json: AsJson = False) -> None:
    """Register the deployments of prefect.yaml on Prefect's server, a line each.

    The work pool is made too, and what an operator has paused stays paused. The
    command up does the same on this machine's own server.
    """
    from winback.base.settings import Settings

    part("deploy")(Settings.load(), as_json=as_json)
