"""All sources of the sources file, one load each: one that fails leaves the others as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from winback.base.clock import Clock
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.landing._load import load
from winback.landing._report import LoadReport, Progress
from winback.landing._sources_file import API_FORMAT, Source


@dataclass(frozen=True)
class Outcome:
    """What became of a source: its load, or one line why it has none."""

    source: Source
    report: LoadReport | None = None
    failure: str = ""
    # It is read by another command, which is no failure.
    is_elsewhere: bool = False


def load_every(
    sources: Sequence[Source],
    settings: Settings,
    clock: Clock,
    *,
    replace: bool = False,
    date_formats: Sequence[str] = (),
    progress: Progress = lambda _what, _done, _total: None,
) -> Iterator[Outcome]:
    """Load each source, in the order of the file.

    The first that is read replaces what is landed, and the others add to it. If the first fails,
    nothing is forgotten and none of the others is read.
    """
    for number, source in enumerate(sources):
        if source.format == API_FORMAT:
            yield Outcome(
                source, failure="winback pull reads this source from the shop", is_elsewhere=True
            )
            continue
        try:
            report = load(
                source,
                settings,
                clock,
                replace=replace,
                date_formats=date_formats,
                progress=progress,
            )
        except WinbackError as error:
            yield Outcome(source, failure=str(error))
            if replace:
                for other in sources[number + 1 :]:
                    yield Outcome(other, failure=f"not read, since [{source.name}] failed")
                return
            continue
        replace = False
        yield Outcome(source, report)
