"""What a watchdog outside of Prefect goes by: each stage's last good end, in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from winback.base.clock import WallClock
from winback.ledger import note_stage_end

if TYPE_CHECKING:
    from flows._context import Stage
    from winback.readiness.watch import WatchedStage


def note_ends(stage: Stage, *ended: WatchedStage) -> None:
    """Keep that these stages ended well now; a dry run leaves the ledger as it is."""
    if not stage.run.sends:
        return
    at = WallClock().now()
    with stage.ledger.write() as connection:
        for name in ended:
            note_stage_end(connection, name, at=at)
