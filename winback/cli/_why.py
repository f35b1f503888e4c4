"""`winback why`: one person's decisions, with every rule that failed."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.cli._app import app
from winback.console import print_rows, say
from winback.settings import Settings
from winback.why import Story, why


@app.command(name="why")
def why_command(
    customer_id: Annotated[str, typer.Argument(metavar="CUSTOMER_ID", help="The shop's id.")],
) -> None:
    """Print every decision for one person with all its reasons."""
    print_story(customer_id, why(Settings.load(), customer_id))


def print_story(customer_id: str, story: Story) -> None:
    person = story.person
    if person["order_count"]:
        say(
            f"{customer_id}: {person['lapse_stage']}, {person['days_inactive']} days since the "
            f"last of {person['order_count']} orders, {person['rfm_segment']}, "
            f"tier {person['value_tier']}"
        )
    else:
        say(f"{customer_id}: no valid order yet, so not lapsed and in no playbook")
    say(f"segments: {person['segments'] or 'none'}")
    for channel in story.channels:
        state = "may be contacted" if channel["is_eligible"] else "blocked"
        rules = f" by {channel['blocked_by']}" if channel["blocked_by"] else ""
        say(f"{channel['channel']}: {state}{rules}")
    print_rows("Enrollments", story.enrollments)
    print_rows("Decisions", story.decisions, limit=200)
    print_rows("Messages", story.messages, limit=200)
