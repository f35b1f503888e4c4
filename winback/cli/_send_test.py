"""`winback send-test`: one step's message to the operator."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.cli._app import SEND, app
from winback.cli._help import AsJson, examples
from winback.cli._plugins import part
from winback.cli._run import ModeOption


@app.command(
    "send-test",
    rich_help_panel=SEND,
    epilog=examples(
        "winback send-test sms_email 2 --to me@shop.example --mode live",
        "winback send-test sms_four_step 1 --to +15005550100 --mode sandbox",
        keys="mode, playbook_id, step, channel, variant, template, outcome, reason, provider_id, "
        "cost_cents",
    ),
)
def send_test_command(
    playbook: Annotated[str, typer.Argument(metavar="PLAYBOOK", help="The playbook.")],
    step: Annotated[int, typer.Argument(metavar="STEP", help="The step of it.")],
    *,
    to: Annotated[str, typer.Option("--to", help="Your own address or number.")],
    variant: Annotated[str, typer.Option(help="One variant; without it, the first.")] = "",
    locale: Annotated[
        str, typer.Option(help="Its language, such as de; without it, the shop's.")
    ] = "",
    mode: ModeOption = None,
    as_json: AsJson = False,
) -> None:
    """Send one step's message to yourself, and count it nowhere.

    It is written for an invented person, and goes through the provider's own
    client with one call. A stop holds it like any message, and an address that
    has opted out gets none. Its unsubscribe link shows the page and changes nothing.
    """
    from winback.base.settings import Settings

    part("send_test")(
        Settings.load(),
        playbook=playbook,
        step=step,
        to=to,
        variant=variant,
        locale=locale,
        mode=mode,
        as_json=as_json,
    )
