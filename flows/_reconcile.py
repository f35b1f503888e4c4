"""Collecting and reconciling: a run, the deployment and `winback reconcile` share this code.

It needs no Prefect, so the command does not either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows._ended import note_ends
from flows._happenings import tell_unknown
from winback import conversations, inbound
from winback import reconcile as reconciling
from winback.ledger import export_ledger

if TYPE_CHECKING:
    from flows._context import Stage


def collect(stage: Stage) -> inbound.CollectReport:
    """Read new callbacks into the ledger and let the ledger's changes reach landing."""
    stage.settle()
    report = inbound.collect(stage.ledger, stage.settings, stage.run.clock)
    conversations.close_replied(stage.ledger, stage.run.clock)
    export_ledger(stage.ledger, stage.settings.ledger_landing_dir)
    note_ends(stage, "collect")
    return report


def reconcile(stage: Stage) -> reconciling.ReconcileReport:
    """Settle unknown messages and ask for missing callbacks; export what was learned to landing."""
    report = reconciling.reconcile(stage.ledger, stage.settings, stage.run.clock)
    # Export always: a swept message, such as a text that a dead run was sending, is in no count.
    export_ledger(stage.ledger, stage.settings.ledger_landing_dir)
    tell_unknown(stage)
    note_ends(stage, "reconcile")
    return report
