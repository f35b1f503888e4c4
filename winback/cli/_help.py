"""What several commands' `--help` have in common: examples that run, and `--json`."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object and nothing else; its instants are UTC."),
]


def examples(*commands: str, keys: str = "") -> str:
    """The end of a command's help: commands that can be copied, and the keys of its `--json`."""
    told = f"\n\nKeys of --json: {keys}" if keys else ""
    return "Examples:\n\n" + "\n\n".join(f"  {command}" for command in commands) + told
