"""`winback bandit`: what steps that learn deal by, and their choices dealt again."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.base.console import print_json
from winback.base.errors import WinbackError
from winback.cli._app import LOOK, app
from winback.cli._help import AsJson, examples

bandit_app = typer.Typer(
    epilog=examples(
        "winback bandit",
        "winback bandit --last 5",
        "winback bandit replay",
        "winback bandit --json",
        keys="moves",
    )
)
app.add_typer(bandit_app, name="bandit", rich_help_panel=LOOK)


@bandit_app.callback(invoke_without_command=True)
def bandit(
    context: typer.Context,
    last: Annotated[
        int, typer.Option(min=1, help="So many moves of each step, the newest last.")
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Show by which chances the steps that learn deal their arms, and why.

    A step learns where dbt_project/seeds/bandit_steps.csv lists its arms. What it
    brought is in the report of `winback report`.
    """
    if context.invoked_subcommand is not None:
        return
    from winback.base.settings import Settings
    from winback.ledger import open_ledger
    from winback.measure.bandit import read_moves

    with open_ledger(Settings.load()) as ledger:
        moves = [kept for of_step in read_moves(ledger) for kept in of_step[-last:]]
    if as_json:
        print_json(
            {
                "moves": [
                    {
                        "move_id": kept.move_id,
                        "playbook_id": kept.playbook_id,
                        "step": kept.step,
                        "moved_at": kept.moved_at.isoformat(),
                        "phase": kept.move.phase,
                        "why": kept.move.why,
                        "chances": {it.arm: it.propensity for it in kept.move.arms},
                        "stopped": {
                            it.arm: it.stopped_by for it in kept.move.arms if it.stopped_by
                        },
                    }
                    for kept in moves
                ]
            }
        )
        return
    for kept in moves:
        typer.echo(
            f"{kept.playbook_id} step {kept.step}, {kept.moved_at:%Y-%m-%d %H:%M} UTC: "
            f"{kept.move.why}"
        )
    if not moves:
        typer.echo(
            "No step has moved yet: a run moves those in dbt_project/seeds/bandit_steps.csv."
        )


@bandit_app.command(
    "replay",
    epilog=examples(
        "winback bandit replay", "winback bandit replay --json", keys="moves, choices, different"
    ),
)
def replay_command(*, as_json: AsJson = False) -> None:
    """Reckon every move again from its evidence, and deal every choice again by its move.

    All have to come out as the ledger keeps them, bit for bit; else it exits with 1.
    """
    from winback.base.settings import Settings
    from winback.ledger import open_ledger
    from winback.measure.bandit import replay

    with open_ledger(Settings.load()) as ledger:
        found = replay(ledger)
    if as_json:
        print_json(
            {"moves": found.moves, "choices": found.choices, "different": list(found.different)}
        )
    else:
        typer.echo(f"{found.moves:,} moves and {found.choices:,} choices came out again.")
    if found.different:
        raise WinbackError(
            f"{len(found.different):,} of {found.choices:,} choices differ, first "
            f"{found.different[0]}. Next: restore the ledger from a backup"
        )
