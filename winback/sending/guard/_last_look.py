"""The last look: a message that the guard refuses leaves the group, and the ledger says why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from winback.base.project import project_vars
from winback.ledger import State, transition
from winback.sending.guard._budgets import Budgets
from winback.sending.guard._guard import Caps, Rule, refusals

# The state of a refused message: it ends if it may not be sent later either, else it is parked.
FINAL: dict[Rule, State] = {
    "suppression": "suppressed",
    "consent": "suppressed",
    "range": "expired",
}


def refuse(
    connection: Connection,
    group: Sequence[Row[Any]],
    *,
    token: str,
    now: datetime,
    caps: Caps,
    shop_timezone: str,
    budgets: Budgets | None = None,
) -> dict[str, Rule]:
    """Take out of a claimed group what the guard forbids; the rule for each, by message id."""
    refused = refusals(
        connection,
        group,
        now=now,
        caps=caps,
        shop_timezone=shop_timezone,
        answer_pause=timedelta(hours=project_vars()["answer_pause_hours"]),
        left=(budgets or Budgets()).left(connection, now=now),
    )
    for key, rule in refused.items():
        state = FINAL.get(rule, "planned")
        row = {"message_id": key, "state_reason": f"guard:{rule}", "claim_token": None}
        if state == "planned":
            # Parked: only a new plan, by a new look in SQL, gives it a window again.
            row |= {"not_before": None, "lease_until": None}
        transition(connection, [row], state, from_states=("claimed",), at=now, claim_token=token)
    return refused
