"""What the shop asks for its customers, each hour; `winback requests --run` does the same."""

from __future__ import annotations

from prefect import flow

from flows._artifacts import keep_table
from flows._ending import end_flow, ends_in_a_sentence
from flows._entry import take_over_waiting
from flows._forms import about, named, with_form
from winback.base.clock import WallClock
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.people.requests import Served, serve_requests, tell_requests


@flow(name="requests", flow_run_name=named("requests"), description=about("requests"))
@with_form
@ends_in_a_sentence
def requests() -> Served:
    """Do the erasures and exports that wait."""
    take_over_waiting()
    settings = Settings.load()
    served = serve_requests(settings, WallClock())
    rows = [
        {"request": it.request_id, "received": it.received, "asks": it.asks, "state": it.state}
        for it in tell_requests(settings)
    ]
    if rows:
        keep_table("requests", rows, "What the shop has asked for its customers, by their ids.")
    if served.notes:
        raise WinbackError("; ".join(served.notes))
    if not (served.done or served.waiting):
        return end_flow("No request of the shop's waits", served, name="Nothing asked")
    left = f", {served.waiting:,} wait for a person" if served.waiting else ""
    return end_flow(f"{served.done:,} requests of the shop's are done{left}", served)
