"""What steps that learn deal now and why, and what their deciding added, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from winback.base.duck import Rows


def tell_learning(arms: Rows, learned: Rows) -> Iterator[str]:
    """Of each step the reason of its newest move, then what deciding added to dealing evenly."""
    why = {(row["playbook"], row["step"]): row for row in arms}
    for (playbook, step), row in why.items():
        yield f"Step {step} of {playbook} deals since {row['moved_on']:%Y-%m-%d}: {row['why']}"
    for row in learned:
        yield _added(row)


def _added(row: Mapping[str, Any]) -> str:
    name = f"step {row['step']} of {row['playbook']}"
    if row["verdict"] == "withheld":
        return (
            f"What deciding added at {name} is withheld: its two groups are not as large as "
            f"planned (p = {row['srm_p_value']:.2g})."
        )
    if row["points"] is None:
        return f"What deciding added at {name} is not known yet: nobody's window is over."
    return (
        f"Deciding at {name} added {row['points']:+.1f} points to the return rate "
        f"({row['points_low']:+.1f} to {row['points_high']:+.1f}), against dealing its arms "
        f"evenly: {row['verdict']}."
    )
