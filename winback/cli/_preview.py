"""`winback preview`: a look at what a playbook writes, before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json, say
from winback.base.languages import wanted_languages
from winback.cli._app import LOOK, app
from winback.cli._help import AsJson, examples


@app.command(
    "preview",
    rich_help_panel=LOOK,
    epilog=examples(
        "winback preview",
        "winback preview sms_email --step 2",
        "winback preview sms_email --locale de",
        "winback preview sms_email --customer 17 --out look.html",
        keys="messages, lacking, page",
    ),
)
def preview_command(
    playbook: Annotated[
        str,
        typer.Argument(metavar="PLAYBOOK", help="The playbook; without it, all enabled."),
    ] = "",
    *,
    step: Annotated[int | None, typer.Option(help="One step of it.")] = None,
    customer: Annotated[
        str, typer.Option(help="A customer's id: their facts instead of invented ones.")
    ] = "",
    locale: Annotated[
        str,
        typer.Option(
            help="A language, such as de, or all; without it, those that are switched on."
        ),
    ] = "",
    out: Annotated[Path | None, typer.Option(help="The page's file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a page of a playbook's messages, as phones and mail programs show them.

    Each message is written for an invented person of whom all facts are known,
    and for one of whom none is. Nothing is sent, and templates and seeds are
    read as they stand: no build is needed. The last line is the page's path.
    """
    from winback.base.settings import Settings
    from winback.content.preview import preview, write_page

    settings = Settings.load()
    messages, lacking = preview(
        settings,
        WallClock(),
        playbook=playbook,
        step=step,
        customer_id=customer,
        locales=wanted_languages(locale),
    )
    what = playbook or "The enabled playbooks"
    page = write_page(
        messages,
        out or settings.preview_dir / f"{playbook or 'playbooks'}.html",
        title=f"{settings.brand_name}: {what}",
        intro=_INTRO,
        lacking=lacking,
    )
    if as_json:
        facts = [it.facts() for it in messages]
        print_json({"messages": facts, "lacking": lacking, "page": page})
        return
    unwritten = [it for it in messages if it.unwritten]
    say(f"{what}: {len(messages) - len(unwritten):,} messages, each as it would be read")
    for it in unwritten:
        say(f"not written: {it.playbook_id}, step {it.step}, {it.about}: {it.unwritten}")
    if lacking:
        say(f"Before anything is sent for real, set {', '.join(lacking)}")
    say(str(page))


_INTRO = (
    "Every step of the playbook, as it would be sent today. Offers count from today, and links "
    "lead to the shop: a sent message has links of its own."
)
