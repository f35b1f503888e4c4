"""Data Docs: what each gate looked at, what it found and what to do, as pages of our own.

Great Expectations' own site asks other hosts for its looks, which a reader without a network or
with a strict browser does not get. These pages need nothing but themselves.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from quality._figures import Figure
from quality._rules import GATES, Rule, title_of
from winback.base.page_templates import page_templates
from winback.base.settings import Settings
from winback.base.whole import written_whole

# How many checks of a gate its page remembers.
REMEMBERED: Final = 50
_TITLES: Final = {
    "sources": {
        "title": "What came in",
        "about": "The shop's files, before anything is computed from them.",
    },
    "decisions": {
        "title": "What was decided",
        "about": "Who gets a message, before any is sent.",
    },
    "outcomes": {
        "title": "What came of it",
        "about": "Messages and returns, before they are published.",
    },
}
_NOT_PASSED: Final = ("stopped", "warned", "waived")
# What Great Expectations left here before these pages.
_FORMER: Final = ("static", "validations", "expectations")


@dataclass(frozen=True)
class Check:
    """One look of a gate, as of a moment: a rule and what came of it each, in the gate's order."""

    as_of: datetime
    rules: Sequence[Rule]
    figures: Sequence[Figure]
    broken: frozenset[str]
    waived: frozenset[str]

    def result(self, rule: Rule) -> str:
        """`passed`, `stopped`, `warned` or `waived`."""
        if rule.name not in self.broken:
            return "passed"
        if rule.severity == "warning":
            return "warned"
        return "waived" if rule.name in self.waived else "stopped"


def write_pages(gate: str, check: Check, settings: Settings) -> None:
    """Write `reports/data_docs/<gate>/index.html`, and the page above it that shows all gates.

    Figures and meanings only: the ids of a finding stand in the run's own message.
    """
    folder = settings.reports_dir / "data_docs"
    (folder / gate).mkdir(parents=True, exist_ok=True)
    for name in _FORMER:
        shutil.rmtree(folder / gate / name, ignore_errors=True)
    earlier = _remembered(folder / gate)
    row = _row(check)
    _write(folder / gate / "checks.json", json.dumps([row, *earlier][:REMEMBERED]))
    zone = ZoneInfo(settings.shop_timezone)
    _write(folder / gate / "index.html", _render("gate.html", {
        **_TITLES[gate], "gate": gate, "check": _shown(row, zone), "rules": _rules(check),
        "earlier": [_shown(it, zone) for it in earlier[: REMEMBERED - 1]],
    }))  # fmt: skip
    last = {name: next(iter(_remembered(folder / name)), None) for name in GATES}
    _write(folder / "index.html", _render("gates.html", {
        "gates": [
            {**_TITLES[name], "gate": name, "check": it and _shown(it, zone)}
            for name, it in last.items()
        ],
    }))  # fmt: skip


def _row(check: Check) -> dict[str, Any]:
    by_result: dict[str, list[str]] = {result: [] for result in _NOT_PASSED}
    for rule in check.rules:
        if (result := check.result(rule)) != "passed":
            by_result[result].append(rule.name)
    return {
        "as_of": check.as_of.astimezone(UTC).isoformat(),
        "rules": len(check.rules),
        **by_result,
    }


def _remembered(folder: Path) -> list[dict[str, Any]]:
    """The checks before, the latest first; none where the file is not what we wrote."""
    with suppress(OSError, ValueError):
        found = json.loads((folder / "checks.json").read_text())
        return [row for row in found if isinstance(row, dict) and "rules" in row]
    return []


def _shown(row: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    moment = datetime.fromisoformat(row["as_of"]).astimezone(zone)
    named = {result: [title_of(it) for it in row[result]] for result in _NOT_PASSED}
    state = next((result for result, names in named.items() if names), "passed")
    passed = row["rules"] - sum(map(len, named.values()))
    return {**named, "when": f"{moment:%a %d %b %Y, %H:%M} {zone}", "state": state,
            "rules": row["rules"], "passed": passed}  # fmt: skip


def _rules(check: Check) -> list[dict[str, Any]]:
    return [
        {"name": rule.name, "title": rule.title, "meaning": rule.meaning,
         "next_step": rule.next_step, "result": check.result(rule),
         "figure": f"{figure.figure:,.6g}", "allowed": f"{figure.allowed:,.6g}"}
        for rule, figure in zip(check.rules, check.figures, strict=True)
    ]  # fmt: skip


def _render(template: str, values: Mapping[str, Any]) -> str:
    return page_templates(Path(__file__).parent / "pages").get_template(template).render(values)


def _write(path: Path, text: str) -> None:
    with written_whole(path) as file:
        file.write_text(text, encoding="utf-8")
