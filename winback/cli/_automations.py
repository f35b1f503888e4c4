"""`winback automations`: what Prefect's server does by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.base.errors import UsageError
from winback.cli._app import OPERATE, app
from winback.cli._help import AsJson, examples
from winback.cli._plugins import part


@app.command(
    "automations",
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback automations",
        "winback automations apply",
        "winback automations --json",
        keys="automations",
    ),
)
def automations_command(
    wanted: Annotated[
        str | None, typer.Argument(metavar="[apply]", help="apply; without it, list them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List or apply the automations: what Prefect's server does and tells by itself.

    They are in automations.yaml, and applied by their names: again changes nothing.
    The list says of each whether the server has it as the file says, and whom it
    tells. The commands up and doctor --repair apply them too.
    """
    from winback.base.settings import Settings

    if wanted not in {None, "apply"}:
        raise UsageError(f"{wanted!r} is nothing to do. Next: winback automations apply")
    part("automations")(Settings.load(), is_to_apply=wanted == "apply", as_json=as_json)
