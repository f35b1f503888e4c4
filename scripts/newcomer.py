"""Play a newcomer, from a clone to a message in the sandbox: `python scripts/newcomer.py`.

It clones this project's last commit, runs the demo there, writes a shop's files as a shop has them,
and goes on with them. It prints each command with its time. `--no-demo` leaves the demo out.
"""

from __future__ import annotations

import argparse
import csv
import os
import shlex
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
# What a person says once.
INIT: Final = (
    "init --brand 'Copper and Tea' --country GB --timezone Europe/London "
    "--address '1 High Street, Exampleton'"
)
CUSTOMERS: Final = 40
# Ofcom keeps 07700 900000 to 900999 for fiction.
_FIRST_NAMES: Final = ("Ada", "Ben", "Cleo", "Dan", "Eva")


def write_shop(folder: Path, now: datetime) -> None:
    """A shop as it is found: three ways to write a day, `paid`, and numbers without a country."""
    folder.mkdir()
    ordered = {number: now - timedelta(days=20 + 2 * number) for number in range(CUSTOMERS)}
    joined = {number: at - timedelta(days=400) for number, at in ordered.items()}
    _write(
        folder / "customers.csv",
        ["customer_id", "email", "phone", "first_name", "country", "created_at"],
        [
            [_id(n), f"{_id(n).lower()}@example.com", f"07700 900{n:03}",
             _FIRST_NAMES[n % 5], "United Kingdom", f"{at:%d/%m/%Y}"]
            for n, at in joined.items()
        ],
    )  # fmt: skip
    _write(
        folder / "orders.csv",
        ["order_id", "customer_id", "ordered_at", "total_amount", "status"],
        [
            [f"{kind}{n}", _id(n), f"{at:%Y-%m-%dT%H:%M:%S}Z", f"£{20 + n}.50", "paid"]
            for kind, days in (("first-", 300), ("last-", 0))
            for n, at in ((n, at - timedelta(days=days)) for n, at in ordered.items())
        ],
    )
    _write(
        folder / "consents.csv",
        ["customer_id", "channel", "status", "basis", "source", "occurred_at"],
        [
            [_id(n), channel, "yes", basis, "checkout", f"{at.day} {at:%B %Y}"]
            for n, at in joined.items()
            for channel, basis in (("email", "express"), ("sms", "express_written"))
        ],
    )


def _id(number: int) -> str:
    return f"K{number + 1:03}"


def _write(path: Path, names: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])


def commands(folder: Path, as_of: datetime, *, demo: bool = True) -> list[str]:
    """What the newcomer types, one after the other."""
    winback, at = ".venv/bin/winback", f"{as_of:%Y-%m-%dT%H:%M}"
    return [
        f"git clone --quiet {shlex.quote(str(ROOT))} winback",
        "make demo" if demo else "make setup",
        f"{winback} {INIT}",
        f"{winback} load {shlex.quote(str(folder / 'my-shop'))}",
        f"{winback} run --as-of {at}",
        f"{winback} preview sms_email",
        f"{winback} run --mode sandbox --as-of {at}",
        f"{winback} why K009",
    ]


def play(folder: Path, *, demo: bool = True) -> list[tuple[str, float, str]]:
    """Run the commands; returns each with its seconds and what it printed."""
    # In the afternoon, so that texts may be sent; of yesterday, so that it is over.
    as_of = datetime.now(UTC).replace(hour=15, minute=0, second=0) - timedelta(days=1)
    write_shop(folder / "my-shop", as_of)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WINBACK_")}
    done = []
    for command in commands(folder, as_of, demo=demo):
        clone = folder / "winback"
        began = time.monotonic()
        ran = subprocess.run(
            shlex.split(command), cwd=clone if clone.exists() else folder, env=kept,
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        done.append((command, time.monotonic() - began, ran.stdout))
    return done


def main() -> None:
    """Play the newcomer, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--no-demo", action="store_true", help="set up without the demo")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = [
            (command.replace(folder, "~"), seconds, printed)
            for command, seconds, printed in play(Path(folder), demo=not wanted.no_demo)
        ]
    lines = [f"$ {command}\n{printed}\n" for command, _, printed in done]
    lines += [f"{seconds:7.1f} s  {command}\n" for command, seconds, _ in done]
    lines += [f"{sum(seconds for _, seconds, _ in done):7.1f} s  {len(done)} commands\n"]
    sys.stdout.writelines(lines)


if __name__ == "__main__":
    main()
