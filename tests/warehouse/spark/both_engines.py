"""One home built by DuckDB and by Spark, and what they publish compared."""

from __future__ import annotations

import shutil
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from published_rows import compare
from seasons import NEXT_AT, winback


def report(what: str, seconds: dict[str, float], found: dict[str, Any]) -> None:
    rows = sum(it.rows for it in found.values())
    differing = sum(it.differing_at_12_digits for it in found.values())
    last_digits = {name: it.differing for name, it in found.items() if it.differing}
    times = ", ".join(f"{name} {it:.0f} s" for name, it in seconds.items())
    sys.stdout.write(
        f"\n{what}: {len(found)} tables, {rows:,} rows, {differing} differing; {times}\n"
    )
    if last_digits:
        sys.stdout.write(f"  of rows with doubles, beyond the twelfth digit: {last_digits}\n")


def built_by_both(folder: Path, home: Path, master: str, what: str, *, beside: Any = None) -> None:
    """Build a home by each engine, and compare what they publish."""
    other = folder / "on_spark"
    shutil.copytree(home, other, symlinks=True)
    seconds = {"DuckDB": winback(home, "build", "--as-of", NEXT_AT, "--no-collect")}
    with beside(other) if beside else nullcontext():
        seconds["Spark"] = winback(
            other, "build", "--target", "spark", "--as-of", NEXT_AT, "--no-collect",
            WINBACK_SPARK_MASTER=master,
        )  # fmt: skip
    found = compare(home / "published" / "current", other / "published" / "current")
    report(what, seconds, found)
    assert {name: it for name, it in found.items() if it.differing_at_12_digits} == {}
    winback(other, "report", "--as-of", NEXT_AT, "--out", str(folder / "report.html"))
