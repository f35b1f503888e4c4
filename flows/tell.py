"""Telling people of an event, for an automation that has no block of Prefect's to do it."""

from __future__ import annotations

from prefect import flow

from flows._ending import end_flow, ends_in_a_sentence
from flows._forms import about, named, with_form
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.readiness.notify import tell_people


@flow(name="tell", flow_run_name=named("tell of {event}"), description=about("tell"))
@with_form
@ends_in_a_sentence
def tell(event: str, what: str) -> None:
    """Tell the people that the settings name of an event, by mail and by a webhook."""
    failed = tell_people(Settings.load(), [f"{event}: {what}"])
    if failed:
        raise WinbackError("; ".join(failed))
    return end_flow(f"people were told of {event}", None)
