"""`winback project`: what a shop has of its own, beside and over what winback brings."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from winback.base.console import print_json, say
from winback.base.errors import UsageError
from winback.base.places import HOUSE_DIR, PROBLEM, PROJECT_DIR, SHOP_DIR
from winback.cli._app import OPERATE, app
from winback.cli._help import AsJson, examples

project = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(project, name="project", rich_help_panel=OPERATE)

_NAME: Final = "A file as in this folder, such as templates/sms_email/2_offer.txt."


@project.callback(
    epilog=examples("winback project show", "winback project take segments/at_risk.sql")
)
def project_group() -> None:
    """Show, take and compare what this shop has of its own.

    A folder with winback.toml, as winback init writes it, is a shop's project.
    """


@project.command(
    "show",
    epilog=examples("winback project show", "winback project show --seeds", keys="release, own"),
)
def show_command(
    *,
    seeds: Annotated[
        bool, typer.Option("--seeds", help="List our seeds instead, and what names their rows.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the shop's own files, rows and vars, and which of ours they replace."""
    from winback.readiness import own_project

    if seeds:
        for name, key in own_project.seeds_and_keys(HOUSE_DIR).items():
            say(f"seeds/{name}: {', '.join(key)}")
        return
    shop = _shop()
    own = own_project.everything_own(HOUSE_DIR, shop)
    if as_json:
        release = own_project.read_accepted(shop)["release"]
        print_json({"release": release, "own": [asdict(it) for it in own]})
        return
    for it in own:
        again = "; ours has changed since it was looked at" if it.is_ours_changed else ""
        say(f"{it.name}: {it.change}{again}")
    say(f"{len(own):,} of the shop's own. Next: winback project diff")


@project.command(
    "take",
    epilog=examples(
        "winback project take templates/sms_email/2_offer.txt",
        "winback project take segments/at_risk.sql segments/seasonal.sql",
    ),
)
def take_command(
    names: Annotated[list[str], typer.Argument(metavar="FILE", help=_NAME)],
) -> None:
    """Copy files of ours here, to be edited."""
    from winback.readiness import own_project

    shop = _shop()
    for path in own_project.take(HOUSE_DIR, shop, names):
        say(f"taken: {path.relative_to(shop)}")


@project.command("diff", epilog=examples("winback project diff", "winback project diff --release"))
def diff_command(
    name: Annotated[str, typer.Argument(metavar="[FILE]", help=_NAME)] = "",
    *,
    release: Annotated[
        bool, typer.Option("--release", help="What the last upgrade changed in ours instead.")
    ] = False,
) -> None:
    """Show how the shop's own differs from ours."""
    from winback.readiness import own_project

    shop = _shop()
    if release:
        before = PROJECT_DIR.with_name(f"{PROJECT_DIR.name}-before")
        lines = list(own_project.release_diff(before, HOUSE_DIR)) if before.is_dir() else []
        for line in lines or ("no upgrade has changed a segment, a seed or a template",):
            say(line)
        return
    found = [it for it in own_project.everything_own(HOUSE_DIR, shop) if it.name.startswith(name)]
    if name and not found:
        raise UsageError(f"the shop has nothing of its own named {name}")
    for it in found:
        if it.is_ours_changed:
            say(f"{it.name}: ours has changed since it was looked at")
        for line in it.lines if it.lines and it.lines[0].startswith("--- ") else (
            f"{it.name}: {line}" for line in it.lines
        ):  # fmt: skip
            say(line)


@project.command("accept", epilog=examples("winback project accept", "winback project show"))
def accept_command() -> None:
    """Keep in mind that ours was looked at as it is now."""
    from winback.readiness import own_project

    count = own_project.accept(HOUSE_DIR, _shop())
    say(f"looked at: {count:,} of ours that the shop's own replaces")


def _shop() -> Path:
    if SHOP_DIR is None:
        raise UsageError(
            "this folder is no shop's project: it has no winback.toml. "
            "Next: winback init, in a folder of the shop's own"
        )
    if PROBLEM:
        raise PROBLEM
    return SHOP_DIR
