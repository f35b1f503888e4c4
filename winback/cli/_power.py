"""`winback power`: how many customers a verdict takes, and on which day it falls."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.base.console import print_json, say
from winback.base.errors import UsageError
from winback.cli._app import LOOK, app
from winback.cli._help import AsJson, examples


@app.command(
    "power",
    rich_help_panel=LOOK,
    epilog=examples(
        "winback power",
        "winback power --playbook sms_email --holdout 30",
        "winback power --effect 1.5",
        keys="plans",
    ),
)
def power_command(
    *,
    playbook: Annotated[str, typer.Option(help="One playbook; without it, all enabled.")] = "",
    effect: Annotated[
        float | None,
        typer.Option(
            metavar="POINTS",
            help="The difference to tell, in percentage points; without it, the smallest that "
            "matters (smallest_effect_reactivation in dbt_project.yml).",
        ),
    ] = None,
    holdout: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", help="Left alone; without it, the playbook's share."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how many customers a verdict takes, and on which day it falls.

    Each playbook's plan starts from how many customers come back by themselves
    and how many enter a day, as the last build counted them. The number is the
    one by which 80 of 100 tests are decided, by the rule of the verdict itself.
    """
    from winback.base.settings import Settings
    from winback.measure import power

    settings = Settings.load()
    plans = power.read_plans(
        settings.published_dir / "current",
        timezone=settings.shop_timezone,
        playbook=playbook,
        effect=_share("--effect", effect),
        holdout=_share("--holdout", holdout),
    )
    if as_json:
        print_json({"plans": [plan.as_dict() for plan in plans]})
        return
    for plan in plans:
        for line in power.tell(plan):
            say(line)


def _share(option: str, value: float | None) -> float | None:
    if value is not None and not 0 < value < 100:
        raise UsageError(f"{option} {value:g} is not between 0 and 100.")
    return None if value is None else value / 100
