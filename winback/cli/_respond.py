"""`winback respond`: try the responder on questions of your own; nothing is sent."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer

from winback.base.errors import WinbackError
from winback.cli._app import LOOK, app
from winback.cli._help import examples


@app.command(
    rich_help_panel=LOOK,
    epilog=examples(
        "echo 'Is my code still valid?' | winback respond",
        "winback respond --customer 17 < questions.txt",
    ),
)
def respond(
    customer: Annotated[
        str,
        typer.Option(metavar="CUSTOMER_ID", help="The customer whose live offer a reply may name."),
    ] = "",
) -> None:
    """Read questions from stdin, one a line, and print the responder's reply to each.

    Where a human would get the question, the reason is printed. The responder
    is the one of WINBACK_RESPONDER, or the one that ships; it reads the
    published set. Nothing is sent.
    """
    from winback.base.settings import Settings
    from winback.conversations.responder import (
        Draft,
        Thread,
        ask,
        facts_for,
        open_responder,
        read_catalog,
    )
    from winback.replies import classify
    from winback.warehouse import read_manifest

    settings = Settings.load()
    responder = open_responder(
        settings.model_copy(update={"responder": settings.responder or "rules"})
    )
    published = settings.published_dir / "current"
    manifest = read_manifest(published)
    if responder is None or manifest is None:
        raise WinbackError("nothing is published yet. Next: winback build")
    now = datetime.fromisoformat(manifest.as_of)
    catalog = read_catalog(published, settings)
    for line in sys.stdin:
        text = line.rstrip("\n")
        facts = facts_for(catalog, settings, customer_id=customer, text=text, now=now)
        thread = Thread([(text, classify(text))], received_at=now)
        given = ask(responder, thread, facts, now=now, replies_per_day=1)
        typer.echo(given.text if isinstance(given, Draft) else f"(a human: {given.reason})")
