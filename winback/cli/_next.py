"""`winback next`: what leaves in the next 24 hours."""

from __future__ import annotations

from winback.cli._app import LOOK, app
from winback.cli._help import AsJson, examples


@app.command(
    "next",
    rich_help_panel=LOOK,
    epilog=examples(
        "winback next", "winback next --json", keys="as_of, is_dry_run, hours, changes"
    ),
)
def next_command(as_json: AsJson = False) -> None:
    """Tell what leaves in the next 24 hours, by the hour, with its count and cost.

    It reads what the last run decided, or the last dry run, and counts 24 hours
    from there. The cost is that of one part a message: long texts have more. An
    order, a reply or an opt-out that comes in before may still keep a message back.
    """
    from winback.base.console import print_json, say
    from winback.base.settings import Settings
    from winback.measure.last_screen import read_next_day, tell_next_day

    settings = Settings.load()
    day = read_next_day(settings)
    if as_json:
        print_json(day.as_dict())
        return
    for line in tell_next_day(day, settings.shop_timezone):
        say(line)
