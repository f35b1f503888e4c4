"""`winback automations`: what Prefect's server does by itself, and whom it tells."""

from __future__ import annotations

from flows._prefect import open_server
from winback.base.console import print_json, say
from winback.base.settings import Settings


def automations(settings: Settings, *, is_to_apply: bool, as_json: bool = False) -> None:
    """List the automations, or apply them first. Raises WinbackError where no server answers."""
    with open_server(settings, fails="no automation can be read") as client:
        from flows._automations import ADVICE, apply_automations, list_automations

        look = apply_automations if is_to_apply else list_automations
        found = look(client, settings)
    if as_json:
        rows = [{"name": it.wanted.name, "state": it.state, "does": it.does} for it in found]
        print_json({"automations": rows})
        return
    for it in found:
        say(f"{it.state}: {it.wanted.name}: {it.does}")
    if any(it.tells_nobody for it in found):
        say(ADVICE)
    elif any(it.state != "applied" for it in found):
        say("Next: winback automations apply")
