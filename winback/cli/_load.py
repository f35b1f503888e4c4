"""`winback load`: a shop's files into landing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json
from winback.base.errors import UsageError
from winback.cli._app import START, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.base.settings import Settings
    from winback.landing import LoadReport, Outcome, Progress, Source, SourceReport


@app.command(
    "load",
    rich_help_panel=START,
    epilog=examples(
        "winback load",
        "winback load exports --format shopify",
        "winback load exports --date-format %d/%m/%Y --date-format orders=%m/%d/%Y",
        "winback load exports --json",
        keys="load_id, loaded_at, format, replace, sources, tables, notes, kept, emptied, "
        "held_customers, source, deleted_customers",
    ),
)
def load_command(
    place: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR|NAME]",
            help="The folder with the shop's files, or a source of sources.toml; default: all "
            "sources of sources.toml.",
            show_default=False,
        ),
    ] = None,
    *,
    format: Annotated[  # noqa: A002  # the option's name
        str | None,
        typer.Option(
            help="The form of the folder's files: generic, shopify, fivetran-shopify, "
            "airbyte-shopify, woocommerce, klaviyo, klaviyo-api, mailchimp, listmonk, "
            "online-retail or cdnow; default: generic.",
            show_default=False,
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Forget what is landed and start over; refusals with a date stay."
        ),
    ] = False,
    date_format: Annotated[
        list[str] | None,
        typer.Option(
            "--date-format",
            metavar="[TABLE=]FORMAT",
            help="How dates are written, if the files don't prove it: %d/%m/%Y for all tables, "
            "orders=%m/%d/%Y for one. You can give it several times.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a shop's files into landing.

    A row that can't be read without doubt is set aside with its file, line and
    reason, and counted. A row that bears on who may be contacted also pauses
    its customer, until a load brings it mended.

    Without DIR, all sources of sources.toml are read. One that fails leaves the
    others as they are, and the command ends with 1. Its --json has the keys
    loads and failed, each by the names of the sources.
    """
    from winback.base.settings import Settings
    from winback.landing import load, load_every

    settings = Settings.load()
    chosen = _chosen(place, settings)
    if isinstance(chosen, list):
        if format is not None:
            raise UsageError(
                f"--format is for a folder; {settings.sources_file.name} has the source's own"
            )
        with progress_bar() as progress:
            outcomes = list(
                load_every(
                    chosen,
                    settings,
                    WallClock(),
                    replace=replace,
                    date_formats=date_format or (),
                    progress=progress,
                )
            )
        _tell(outcomes, settings, as_json=as_json)
        return
    with progress_bar() as progress:
        report = load(
            chosen,
            settings,
            WallClock(),
            format=format or "generic",
            replace=replace,
            date_formats=date_format or (),
            progress=progress,
        )
    report = noted(report, settings)
    if as_json:
        print_json(asdict(report))
        return
    for line in summary(report, settings.shop_dir):
        typer.echo(line)


def _chosen(place: Path | None, settings: Settings) -> list[Source] | Path:
    """The sources that are meant, or the folder."""
    from winback.landing import read_sources

    if place is not None and (place.exists() or place.name != str(place)):
        return place
    sources = read_sources(settings)
    if place is not None:
        return [it for it in sources if it.name == str(place)] or place
    if not sources:
        raise UsageError(
            f"There is no folder given, and {settings.sources_file} names no source. "
            "Next: winback load DIR, or say in sources.toml where the data is (docs/sources.md)"
        )
    return sources


def _tell(outcomes: Sequence[Outcome], settings: Settings, *, as_json: bool) -> None:
    """What became of each source; ends with 1 where one failed."""
    done = [it for it in outcomes if it.report]
    reports = {it.source.name: it.report for it in done if it.report}
    if done:
        last = done[-1].source.name
        reports[last] = noted(reports[last], settings)
    failed = {it.source.name: it.failure for it in outcomes if it.failure and not it.is_elsewhere}
    if as_json:
        print_json({"loads": {n: asdict(it) for n, it in reports.items()}, "failed": failed})
    for outcome in outcomes if not as_json else ():
        source = outcome.source
        if source.name in failed:
            continue
        typer.echo(f"[{source.name}] {source.format}, {source.place}")
        if outcome.is_elsewhere:
            typer.echo(f"note: {outcome.failure}")
        else:
            for line in summary(reports[source.name], settings.shop_dir):
                typer.echo(line)
        typer.echo("")
    for name, line in failed.items():
        # Most refusals of a source name it themselves.
        told = line.removeprefix(f"{settings.sources_file.name}: [{name}] ")
        typer.secho(f"winback: [{name}] {told}", fg="red", err=True)
    if failed:
        raise typer.Exit(1)


def noted(report: LoadReport, settings: Settings) -> LoadReport:
    """With what is known of all that is landed."""
    from winback.landing import phone_note
    from winback.people.erasure import count_returned, erase_deleted

    deleted = erase_deleted(settings, WallClock())
    notes = [*report.notes, *deleted.notes(), *phone_note(settings)]
    if returned := count_returned(settings):
        notes.append(
            f"{returned:,} of the customers were erased here before (winback erase). Nobody "
            "writes to the addresses that they had"
        )
    return changed(report, notes=tuple(notes))


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on a terminal; a log or a pipe hears nothing of it."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _what, _done, _total: None
        return
    columns = (
        TextColumn("{task.description:24}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda what, done, total: bar.update(
            task, description=what, completed=done, total=total
        )


def summary(report: LoadReport, shop_dir: Path) -> Iterator[str]:
    """What a load did, as lines."""
    files = [source.file for source in report.sources]
    # One file may bring several tables.
    names = [it.file + f" ({it.name})" * (files.count(it.file) > 1) for it in report.sources]
    width = max(28, *(len(name) + 1 for name in names))
    yield f"{'file':<{width}}{'rows read':>14}{'landed':>14}{'rejected':>14}"
    for name, source in zip(names, report.sources, strict=True):
        yield f"{name:<{width}}{source.read:>14,}{source.landed:>14,}{source.rejected:>14,}"
        yield from _rejections(source)
    yield ""
    yield f"{'table':<28}{'this load':>14}{'now in all':>14}"
    for table in report.tables:
        yield f"{table.name:<28}{table.landed:>14,}{table.rows:>14,}"
    yield from (f"note: {note}" for note in report.notes)
    yield f"load {report.load_id}: {report.rejected:,} rows rejected; tables are in {shop_dir}"


def _rejections(source: SourceReport) -> Iterator[str]:
    for told, file in (
        (source.rejected_by_reason, source.rejected_file),
        (source.doubts, source.doubts_file),
    ):
        for reason, count in told.items():
            yield f"    {count:>10,}  {reason}"
        if file is not None:
            yield f"    {'':>10}   see {file}"
