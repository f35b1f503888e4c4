"""Collect and reconcile: what a run, the deployment and `winback reconcile` do by the same code.

It needs no Prefect, so the command does not either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    return report


def reconcile(stage: Stage) -> reconciling.ReconcileReport:
    """Look into what is unknown or was never told; let what was learned reach landing."""
    report = reconciling.reconcile(stage.ledger, stage.settings, stage.run.clock)
    # Always: what it swept, such as a text that a dead run was sending, is in no count.
    export_ledger(stage.ledger, stage.settings.ledger_landing_dir)
    return report
