"""What an approver looks at: how much waits, and what it reads like, without anybody's facts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from winback.base.settings import Settings
from winback.content.preview import Shown, write_page
from winback.ledger import Approval, Ledger, read_samples
from winback.sending.approval._ask import ask, needs_approval
from winback.sending.approval._batches import Figures
from winback.sending.approval._judge import Held

# As many renders as a list or a form shows; the page has all.
MOST_RENDERS: Final = 5


@dataclass(frozen=True)
class Waiting:
    """A step that waits for a yes, as it is shown."""

    held: Held
    request: Approval
    renders: list[Shown]
    page: Path

    def facts(self) -> dict[str, Any]:
        """What `--json` prints of it."""
        return {
            "id": self.request.approval_id,
            "playbook_id": self.request.playbook_id,
            "step": self.request.step,
            "reasons": list(self.held.reasons),
            "messages": self.request.messages,
            "cost_cents": self.request.cost_cents,
            "asked_at": self.request.asked_at,
            "expires_at": self.request.expires_at,
            "decision": self.request.decision,
            "decided_by": self.request.decided_by,
            "note": self.request.note,
            "renders": [{"subject": it.subject, "words": it.words} for it in self.renders],
            "page": self.page,
        }


def read_waiting(
    ledger: Ledger, settings: Settings, *, now: datetime | None = None
) -> tuple[list[Waiting], bool]:
    """Each step that waits, with its page written; and whether this ledger needs a yes at all."""
    held = ask(ledger, settings, now=now)
    with ledger.read() as connection:
        is_needed = needs_approval(connection, settings)
        found = [_waiting(connection, it, it.request, settings) for it in held if it.request]
    return found, is_needed


def _waiting(connection: Connection, held: Held, request: Approval, settings: Settings) -> Waiting:
    renders = _renders(connection, held)
    page = write_page(
        renders,
        settings.preview_dir / f"approval-{request.playbook_id}-{request.step}.html",
        title=f"{settings.brand_name}: {held.part} waits for approval",
        intro=f"{held}. Each text is written for invented people: of one all facts are known, "
        "of the other none is.",
    )
    return Waiting(held, request, renders[:MOST_RENDERS], page)


def _renders(connection: Connection, held: Held) -> list[Shown]:
    figures: dict[str, Figures] = defaultdict(lambda: Figures(0, Decimal(0)))
    for it in held.batch.slices:
        known = figures[it.content]
        figures[it.content] = Figures(
            known.messages + it.messages, known.cost_cents + it.cost_cents
        )
    return [
        Shown(
            playbook_id=str(held.part.playbook_id),
            step=int(held.part.step or 0),
            channel=row.channel,
            variant=row.variant,
            about=row.about,
            payload_json=row.payload_json,
            sms_parts=row.segments,
            count=figures[row.content_sha256].messages,
            cost_cents=figures[row.content_sha256].cost_cents,
        )
        for row in read_samples(connection, held.batch.contents)
    ]
