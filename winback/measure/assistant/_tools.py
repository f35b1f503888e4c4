"""What each tool tells. Nothing here writes, and nothing reads the ledger."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from winback.base.errors import UsageError, WinbackError
from winback.base.phones import canonical
from winback.base.settings import Settings
from winback.measure import report
from winback.measure.assistant import _docs
from winback.measure.assistant._masked import masked, plain
from winback.measure.why import tell
from winback.measure.why import why as read_story
from winback.warehouse import read_manifest

# A table for people is longer than one for an assistant.
_MOST: Final = 200


def why(settings: Settings, customer_id: str) -> dict[str, Any]:
    """One customer's story, in sentences and as facts."""
    story = read_story(settings, customer_id)
    told = tell(story, shop_timezone=settings.shop_timezone)
    # A shop of one country may call its customers by their phones, as they are dialed there.
    is_phone = canonical(customer_id, settings.shop_country or None) is not None
    also = customer_id if is_phone else ""
    return {
        "story": masked("\n".join(told), also),
        "facts": plain(asdict(story), also),
    }


def funnel(settings: Settings) -> dict[str, Any]:
    """How many are lapsed, reachable and chosen, and what drops the others."""
    published = _published(settings)
    tables = {
        "funnel": report.funnel(published),
        "segments": report.segments(published),
        "decisions": report.decisions(published),
    }
    return _with_as_of(published, tables)


def results(settings: Settings) -> dict[str, Any]:
    """What each playbook caused."""
    published = _published(settings)
    tables = {
        "reactivation_rates": report.reactivation_rates(published),
        "experiment_results": report.experiment_results(published),
    }
    return _with_as_of(published, tables)


def backtests(settings: Settings, name: str) -> dict[str, Any]:
    """The figures of a stored backtest; without a name the names of all."""
    folder = settings.reports_dir / "backtest"
    known = sorted(path.name for path in folder.glob("*") if path.is_dir())
    if not name:
        return {"backtests": plain(known), "next": "ask for one by its name"}
    if name not in known:
        raise UsageError(f"there is no backtest {name!r}; there are {', '.join(known) or 'none'}")
    tables = {path.stem: _csv_rows(path) for path in sorted((folder / name).glob("*.csv"))}
    return {"backtest": name, **plain(tables)}


def search_docs(words: str) -> dict[str, Any]:
    """The passages of the documents that have these words."""
    return {"passages": _docs.search(words)}


def read_docs(page: str) -> str:
    """One page of the documents, as Markdown."""
    return _docs.read(page)


def _published(settings: Settings) -> Path:
    for name in ("current", "dry-run"):
        published = (settings.published_dir / name).resolve()
        if read_manifest(published) is not None:
            return published
    raise WinbackError("nothing is published yet. Next: winback build")


def _with_as_of(published: Path, tables: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    manifest = read_manifest(published)
    return plain({"as_of": manifest.as_of if manifest else "", **tables})  # type: ignore[no-any-return]


def _csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))[:_MOST]
