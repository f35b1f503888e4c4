"""Mistakes of a user and refusals of a run, each with its exit code.

WinbackError (exit 1: a refusal)
├── GateFailure       a data gate found what would make a send wrong
├── BuildFailure      dbt could not build or a test failed
└── UsageError        (exit 2: the command was called wrongly)

The command line prints the message of these, and only the message; any other
exception is a defect of ours and keeps its traceback.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

# The stop that works when nothing else does, for the end of a line about a broken disk or ledger.
SILENCE: Final = "To silence this machine meanwhile, make an empty file STOP under WINBACK_HOME"


class WinbackError(Exception):
    """A refusal: one clear line that names the thing, the rule and the next command."""

    exit_code = 1


class GateFailure(WinbackError):
    """A gate stopped the run: the data would make a send wrong. `rules` are those it broke."""

    def __init__(self, line: str, *, rules: Sequence[str] = ()) -> None:
        super().__init__(line)
        self.rules = tuple(rules)


class BuildFailure(WinbackError):
    """dbt failed: a model, a contract or a test."""


class UsageError(WinbackError):
    """The command was called wrongly."""

    exit_code = 2


def meant(word: str, known: Iterable[str]) -> str:
    """For the end of a refusal: ` (is offers.csv meant?)`, or nothing where no name is near."""
    near = get_close_matches(word, list(known), 1)
    return f" (is {near[0]} meant?)" if near else ""
