"""The shop's data from the shop itself, before each build of the audience; `winback pull` does the
same in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from prefect import flow, get_run_logger

from flows._ending import end_flow, ends_in_a_sentence
from flows._entry import take_over_waiting
from flows._forms import about, named, with_form
from winback.base.clock import WallClock
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.people.erasure import erase_deleted
from winback.pulling import PullReport, api_sources
from winback.pulling import pull as pull_source


@flow(name="pull", flow_run_name=named("pull"), description=about("pull"))
@with_form
@ends_in_a_sentence
def pull(full: bool = False) -> list[PullReport]:
    """Pull what changed at the shop, and erase whom the shop has deleted."""
    take_over_waiting()
    settings, clock = Settings.load(), WallClock()
    sources = api_sources(settings)
    if not sources:
        line = f"{settings.sources_file} names no shop that is read by its API (docs/sources.md)"
        return end_flow(line, [], name="Nothing to pull")
    done, failed = list[PullReport](), list[str]()
    for source in sources:
        try:
            done.append(pull_source(source, settings, clock, is_full=full))
        except WinbackError as error:
            failed.append(str(error))
    erased = list(erase_deleted(settings, clock).notes())
    for note in (note for it in done for note in it.load.notes):
        get_run_logger().info(note)
    if failed:
        raise WinbackError("; ".join([*failed, *erased]))
    return end_flow("; ".join([*map(_told, done), *erased]), done)


def _told(report: PullReport) -> str:
    return f"{report.shop}: {', '.join(_counts(report))}"


def _counts(report: PullReport) -> Iterator[str]:
    for table in report.load.tables:
        if table.landed and table.name in {"customers", "orders", "products", "consents"}:
            yield f"{table.landed:,} {table.name}"
    yield "everything" if report.is_full else "what changed since the last pull"
