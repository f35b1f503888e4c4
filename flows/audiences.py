"""The lists for ads, each night; `winback audience export` writes one."""

from __future__ import annotations

from prefect import flow

from flows._artifacts import keep_table
from flows._ending import end_flow, ends_in_a_sentence
from flows._entry import take_over_waiting
from flows._forms import about, named, with_form
from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.people.audiences import Audience, refresh_audiences


@flow(name="audiences", flow_run_name=named("audiences"), description=about("audiences"))
@with_form
@ends_in_a_sentence
def audiences() -> list[Audience]:
    """Write the lists anew that were exported before."""
    take_over_waiting()
    found = refresh_audiences(Settings.load(), WallClock())
    if not found:
        return end_flow("No list for ads was ever exported", found, name="No lists")
    rows = [
        {
            "segment": it.segment, "platform": it.platform, "included": it.included,
            "excluded": it.excluded, "to take out": it.to_remove, "since": it.remove_since[:10],
        }
        for it in found
    ]  # fmt: skip
    keep_table("audiences", rows, "The lists for ads, with how many addresses stand in each.")
    waiting = sum(it.to_remove for it in found)
    left = f"; {waiting:,} addresses are to be taken out at the platforms" if waiting else ""
    return end_flow(f"{len(found):,} lists for ads are written anew{left}", found)
