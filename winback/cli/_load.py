"""`winback load`: a shop's files into landing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json
from winback.cli._app import START, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.landing import LoadReport, Progress, SourceReport


@app.command(
    "load",
    rich_help_panel=START,
    epilog=examples(
        "winback load exports",
        "winback load exports --format shopify",
        "winback load exports --date-format %d/%m/%Y --date-format orders=%m/%d/%Y",
        "winback load exports --json",
        keys="load_id, loaded_at, format, replace, sources, tables, notes, kept, emptied, "
        "held_customers",
    ),
)
def load_command(
    source: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder with the shop's files.")
    ],
    *,
    format: Annotated[  # noqa: A002  # the option's name
        str,
        typer.Option(
            help="The form of the files: generic, shopify, woocommerce, klaviyo, mailchimp, "
            "listmonk, online-retail or cdnow."
        ),
    ] = "generic",
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
    """
    from winback.base.settings import Settings
    from winback.landing import load, phone_note
    from winback.people.erasure import count_returned

    settings = Settings.load()
    with _progress() as progress:
        report = load(
            source,
            settings,
            WallClock(),
            format=format,
            replace=replace,
            date_formats=date_format or (),
            progress=progress,
        )
    notes = [*report.notes, *phone_note(settings)]
    if returned := count_returned(settings):
        notes.append(
            f"{returned:,} of the customers were erased here before (winback erase). Nobody "
            "writes to the addresses that they had"
        )
    report = changed(report, notes=tuple(notes))
    if as_json:
        print_json(asdict(report))
        return
    for line in _summary(report, settings.shop_dir):
        typer.echo(line)


@contextmanager
def _progress() -> Iterator[Progress]:
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


def _summary(report: LoadReport, shop_dir: Path) -> Iterator[str]:
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
