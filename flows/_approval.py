"""What waits for a person's yes, as a run finds it: asked for once, told in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.runtime import deployment

from flows._approval_forms import keep_forms
from flows._events import emit_news
from winback import sending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows._context import Stage
    from winback.base.settings import Settings
    from winback.sending import Held


def ask(stage: Stage) -> list[Held]:
    """The steps that wait, each asked for if it was not yet; a dry run asks for nothing."""
    if not stage.run.sends:
        return []
    held = sending.ask(stage.ledger, stage.settings)
    _tell(stage.settings, held)
    if held or deployment.id is not None:
        keep_forms(held)
    return held


def lines(held: Sequence[Held], playbook: str | None = None) -> list[str]:
    """A sentence for each step that waits, of all playbooks or of one."""
    return [str(it) for it in held if playbook in {None, it.part.playbook_id}]


def _tell(settings: Settings, held: Sequence[Held]) -> None:
    """Each request is news once."""
    standing = {
        it.request.approval_id: {
            "what": str(it),
            "approval_id": it.request.approval_id,
            "playbook": it.request.playbook_id,
            "step": it.request.step,
            "reasons": list(it.reasons),
            "messages": it.request.messages,
            "cost_cents": float(it.request.cost_cents),
            "expires_at": it.request.expires_at,
        }
        for it in held
        if it.request is not None and it.is_open
    }
    emit_news(settings, "winback.approval.asked", standing)
