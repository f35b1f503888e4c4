"""The story of a load: lock, read into a workshop beside landing, merge, swap in, tell."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Literal, get_args

import pyarrow.parquet as pq

from winback.base.clock import Clock
from winback.base.errors import UsageError, WinbackError
from winback.base.locks import take_lock
from winback.base.private import keep_private
from winback.base.settings import Settings
from winback.landing import _cdnow, _generic, _online_retail
from winback.landing._date_formats import read_date_formats
from winback.landing._deleted import settle_deleted, tell_deleted
from winback.landing._formats import Format, Parsed
from winback.landing._limits import Limits
from winback.landing._loads import load_before, loads_of_others, next_load_id
from winback.landing._merge import Merged, merge
from winback.landing._places import Tables, bring_tables
from winback.landing._report import LoadReport, Progress, Saw
from winback.landing._revocations import keep_refused, tell_revocations
from winback.landing._set_aside import MEANWHILE, keep_set_aside
from winback.landing._shared import bring_landing, compare_landing, shared_landing
from winback.landing._sources_file import API_FORMAT, Source
from winback.landing._stage import Work
from winback.landing._start_over import keep_refusals, kept_note
from winback.landing.schema import INPUT_TABLES, TABLES, table_of
from winback.landing.sources import klaviyo_api, shopify, shopify_api, woocommerce
from winback.landing.sources.lists import ListFormat
from winback.landing.sources.shopify_tables import TablesFormat

FormatName = Literal[
    "generic", "shopify", "shopify-api", "fivetran-shopify", "airbyte-shopify", "woocommerce",
    "klaviyo", "klaviyo-api", "mailchimp", "listmonk", "online-retail", "cdnow",
]  # fmt: skip

_FIVETRAN, _AIRBYTE = TablesFormat("Fivetran"), TablesFormat("Airbyte")
FORMATS: dict[str, Format] = {
    "generic": _generic,
    "shopify": shopify,
    API_FORMAT: shopify_api,
    "fivetran-shopify": _FIVETRAN,
    "airbyte-shopify": _AIRBYTE,
    "woocommerce": woocommerce,
    "klaviyo-api": klaviyo_api,
    "online-retail": _online_retail,
    "cdnow": _cdnow,
    **{name: ListFormat(name) for name in ("klaviyo", "mailchimp", "listmonk")},
}
# The formats that are tables, by the names of these; all others are files of their own form.
_TABLES: dict[str, Tables] = {
    "generic": dict.fromkeys(INPUT_TABLES, ()),
    "fivetran-shopify": _FIVETRAN.tables,
    "airbyte-shopify": _AIRBYTE.tables,
    "woocommerce": {"orders": (), "customers": ()},
}


def load(
    source: Path | Source,
    settings: Settings,
    clock: Clock,
    *,
    format: str = "generic",  # noqa: A002  # the word of the command line
    replace: bool = False,
    date_formats: Sequence[str] = (),
    progress: Progress = lambda _what, _done, _total: None,
    saw: Saw | None = None,
) -> LoadReport:
    """Read a shop's files, or a source of the sources file, into landing.

    A source says its `format` itself. `date_formats` say how a file's dates are written:
    `%d/%m/%Y` for all files, or `orders=%d/%m/%Y` for one. `saw` hears of each file's columns.

    Nothing of landing changes before every file has been read. A load that dies while
    the tables are swapped in leaves some new and some old: loading again mends that.

    Raises UsageError for a wrong source or date format, WinbackError where a required file
    or column is missing, no row of a required one can be read, or another load is at work.
    """
    if isinstance(source, Path):
        source = Source("", format, folder=source)
    if source.format not in FORMATS:
        raise UsageError(
            f"--format {source.format!r} is none of {', '.join(get_args(FormatName))}."
        )
    reader = FORMATS[source.format]
    stated = read_date_formats(date_formats)
    total = _size(reader.files(source.folder)) if source.folder else 0
    with landing_lock(settings), _workshop(settings, clock, progress, total) as work:
        work.date_formats, work.saw = stated, saw
        work.columns = source.columns
        work.shop_dir = None if replace else settings.shop_dir
        work.shop_country = settings.shop_country
        work.counts_pending = settings.shopify_pending == "count"
        folder = source.folder or bring_tables(work, source, _TABLES.get(source.format, {}))
        work.total_bytes = _size(reader.files(folder))
        parsed = reader.parse(work, folder)
        _refuse_unread(work, parsed, settings)
        settle_deleted(work, parsed, settings)
        consents = settings.shop_dir / "consents.parquet"
        refusals = keep_refusals(work, parsed.tables.get("consents"), consents) if replace else None
        before = load_before(settings, "consents", source.name)
        merged = _merge_all(work, parsed, settings, before, replace=replace, refusals=refusals)
        others = loads_of_others(settings, source.name)
        held = keep_set_aside(work, parsed, settings.shop_dir, others, replace=replace)
        parsed.notes += _notes(parsed, merged, held)
        parsed.notes += kept_note(refusals)
        parsed.notes += tell_revocations(work, settings)
        parsed.notes += keep_refused(work, settings, parsed)
        deleted = tell_deleted(work, parsed, settings)
        report = LoadReport(
            load_id=work.load_id,
            loaded_at=clock.now(),
            format=source.format,
            source=source.name,
            replace=replace,
            sources=tuple(staged.report(settings.rejected_dir) for staged in parsed.sources),
            tables=tuple(item.table for item in merged),
            notes=tuple(parsed.notes),
            kept={f"{m.table.name}.{name}": n for m in merged for name, n in m.stay.items()},
            emptied={f"{m.table.name}.{name}": n for m in merged for name, n in m.go.items()},
            held_customers=held,
            deleted_customers=deleted,
        )
        _swap_in(work, settings, report)
    return report


def _size(files: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in files)


def _refuse_unread(work: Work, parsed: Parsed, settings: Settings) -> None:
    """Raise WinbackError where a required file has rows and none of them can be held."""
    landed: Counter[str] = Counter()
    for staged in parsed.sources:
        landed[table_of(staged.name)] += staged.rows
    for staged in parsed.sources:
        name = table_of(staged.name)
        is_required = name not in TABLES or TABLES[name].required
        reasons = staged.rejections.reasons
        if landed[name] or not reasons or not is_required:
            continue
        rejected = staged.report(settings.rejected_dir)
        settings.rejected_dir.mkdir(parents=True, exist_ok=True)
        _keep_rejected(work, settings, staged.name)
        [(reason, count)] = reasons.most_common(1)
        advice = staged.advice or (
            f"Next: read {rejected.rejected_file}, mend the file and run winback load again"
        )
        raise WinbackError(
            f"{rejected.file}: none of its {rejected.read:,} rows could be read ({reason}: "
            f"{count:,}), so nothing was loaded. {advice}"
        )


def _notes(parsed: Parsed, merged: Sequence[Merged], held: int) -> Iterator[str]:
    """What the figures don't say: what stayed or went of replaced rows, and whom it holds."""
    files = {staged.name: staged.rejections.file for staged in parsed.sources}
    for staged in parsed.sources:
        yield from staged.notes
    for name, table in ((item.table.name, item) for item in merged):
        file = files.get(name) or parsed.sources[0].rejections.file
        for column, count in table.stay.items():
            yield f"{file} has no {column}: {count:,} {name} keep theirs"
        for column, count in table.go.items():
            yield f"{file} has an empty {column} in every row: {count:,} {name} lose theirs"
    if held:
        yield (
            f"{held:,} customers are held, since rows about them were set aside: mend these and "
            "load again (winback why CUSTOMER_ID says which)"
        )


def ensure_tables(settings: Settings) -> None:
    """Give every table a file with its declared columns, empty where the shop sent none.

    What an earlier version landed lacks the columns that came later.
    """
    missing = [name for name in TABLES if not _is_whole(settings.shop_dir, name)]
    if not missing:
        return
    settings.shop_dir.mkdir(parents=True, exist_ok=True)
    folder = settings.landing_dir / f".empty-{os.getpid()}"
    # A load that swaps its tables in meanwhile must not be undone.
    is_older = any((settings.shop_dir / f"{name}.parquet").exists() for name in missing)
    with (
        landing_lock(settings) if is_older or settings.landing_url else nullcontext(),
        Work("", folder, "UTC", lambda *_: None, 0) as work,
    ):
        for name in missing:
            landed = settings.shop_dir / f"{name}.parquet"
            merge(work, TABLES[name], None, landed if landed.exists() else None)
            (folder / f"{name}.parquet").replace(settings.shop_dir / f"{name}.parquet")
    shutil.rmtree(folder)


def _is_whole(shop_dir: Path, name: str) -> bool:
    """Whether a table's file is there and names every column that is declared."""
    path = shop_dir / f"{name}.parquet"
    if not path.exists():
        return False
    return {column.name for column in TABLES[name].columns} <= set(pq.read_schema(path).names)


def _merge_all(
    work: Work,
    parsed: Parsed,
    settings: Settings,
    before: str,
    *,
    replace: bool,
    refusals: Path | None,
) -> list[Merged]:
    """Every table as it will stand; one that this load leaves as it is gets no new file.

    `before` is the load before that brought consents of this source. Of what `replace` forgets,
    the `refusals` stay.
    """
    merged = []
    for name, table in TABLES.items():
        landed = settings.shop_dir / f"{name}.parquet"
        standing = None if replace or not landed.exists() else landed
        if replace and name == "consents":
            standing = refusals
        staged = parsed.tables.get(name)
        if staged is None and standing is not None and not replace:
            continue
        work.progress(f"{name}: merging", work.total_bytes, work.total_bytes)
        report = merge(work, table, staged, standing, before=before)
        if staged is not None:
            merged.append(report)
    return merged


def _swap_in(work: Work, settings: Settings, report: LoadReport) -> None:
    for folder in (settings.shop_dir, settings.rejected_dir, settings.landing_dir / "loads"):
        folder.mkdir(parents=True, exist_ok=True)
    if (meanwhile := work.folder / MEANWHILE).exists():
        meanwhile.replace(settings.shop_dir / "set_aside.parquet")
    for name in TABLES:
        _move(work.folder / f"{name}.parquet", settings.shop_dir)
    for source in report.sources:
        _keep_rejected(work, settings, source.name)
    told = work.folder / f"{work.load_id}.json"
    told.write_text(report.to_json(), encoding="utf-8")
    _move(told, settings.landing_dir / "loads")


def _keep_rejected(work: Work, settings: Settings, name: str) -> None:
    for kind in ("csv", "doubts.csv"):
        _move(work.folder / f"{name}-{work.load_id}.{kind}", settings.rejected_dir)


def _move(path: Path, folder: Path) -> None:
    if path.exists():
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.replace(folder / path.name)


@contextmanager
def landing_lock(settings: Settings, *, forgets: bool = False) -> Iterator[None]:
    """One load at a time: two that merge at once would lose rows. A dead load holds no lock.

    Landing that is shared by URL is brought here first, and what became of it is put there after.
    `forgets` is an erasure, after which no older file may be left there.
    """
    with _lock_here(settings), shared_landing(settings, forgets=forgets):
        yield


def refresh_landing(settings: Settings) -> Sequence[str]:
    """Have the newest landing before a build reads it; a warning where this machine has news that
    did not get to the URL.

    Raises WinbackError where the URL can't be read: a landing that is not known is no empty one.
    """
    state = compare_landing(settings)
    if state == "behind":
        with _lock_here(settings):
            bring_landing(settings)
    elif state == "ahead":
        try:
            with landing_lock(settings):
                pass
        except WinbackError as error:
            return (f"What was landed here is not at {settings.landing_url} yet: {error}",)
    return ()


@contextmanager
def _lock_here(settings: Settings) -> Iterator[None]:
    keep_private(settings.home)
    landing = settings.landing_dir
    landing.mkdir(parents=True, exist_ok=True)
    with (landing / ".load.lock").open("w") as file:
        take_lock(
            file,
            f"another load or an erasure is writing to {landing}. "
            "Next: the same command when it is done",
        )
        yield


@contextmanager
def _workshop(
    settings: Settings, clock: Clock, progress: Progress, total_bytes: int
) -> Iterator[Work]:
    for left in settings.landing_dir.glob(".loading-*"):
        shutil.rmtree(left)  # of a load that was killed
    load_id = next_load_id(settings, clock)
    folder = settings.landing_dir / f".loading-{load_id}"
    try:
        with Work(
            load_id,
            folder,
            settings.shop_timezone,
            progress,
            total_bytes,
            clock.now(),
            Limits.of(settings),
        ) as work:
            yield work
    finally:
        shutil.rmtree(folder, ignore_errors=True)
