"""`winback watch`: the watchdog outside of Prefect."""

from __future__ import annotations

import typer

from winback.base.clock import WallClock, shop_time
from winback.base.console import print_json, say, warn
from winback.cli._app import OPERATE, app
from winback.cli._help import AsJson, examples
from winback.cli._plugins import part


@app.command(
    "watch",
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback watch", "winback watch --json", keys="ok, why, stages, problems, not_told"
    ),
)
def watch_command(as_json: AsJson = False) -> None:
    """Say which stage has not ended well in time; exit with 1 if one has not.

    It asks the ledger alone, so it speaks while Prefect is silent. Let a timer call
    it every two minutes (deployments/winback-watch.timer). It also tells by mail
    and by a webhook, where the settings WINBACK_WATCH_… name them, and emits an
    event where Prefect's server hears it.
    """
    from winback.base.settings import Settings
    from winback.readiness.notify import notify
    from winback.readiness.watch import watch

    settings, now = Settings.load(), WallClock().now()
    found = watch(settings, now=now)
    failed = notify(settings, found.problems, now=now)
    try:
        part("tell_silent")(settings, found.silences)
    except Exception as error:  # noqa: BLE001  # the watchdog needs no Prefect
        warn(f"Prefect has no event of it ({type(error).__name__})")
    is_well = not (found.problems or failed)
    if as_json:
        rows = [
            {
                "stage": it.stage,
                "ended_at": it.ended_at,
                "limit_minutes": it.limit.total_seconds() // 60,
                "is_silent": it.is_silent,
            }
            for it in found.stages
        ]
        facts = {"ok": is_well, "why": found.why, "stages": rows, "problems": found.problems}
        print_json(facts | {"not_told": failed})
        raise typer.Exit(0 if is_well else 1)
    for it in found.stages:
        if not it.is_silent and it.ended_at is not None:
            say(f"{it.stage}: ended well at {shop_time(it.ended_at, settings.shop_timezone)}")
    for line in found.problems:
        say(line)
    for line in failed:
        warn(f"nobody was told: {line}")
    if not is_well:
        raise typer.Exit(1)
    say(f"Nothing is watched: {found.why}." if found.why else "All is well.")
