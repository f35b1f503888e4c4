"""Asking: which steps wait for a yes, and the requests for those nobody was asked about yet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.base.whole import written_whole
from winback.ledger import Approval, Ledger, keep_approval, read_approvals, used_for
from winback.sending._due import Part
from winback.sending.approval._batches import digest, read_batches
from winback.sending.approval._judge import Held, Limits, judge


def needs_approval(connection: Connection, settings: Settings) -> bool:
    """Whether what leaves this ledger needs a person's yes at all.

    A ledger that nothing was sent from yet is taken for a live one, unless both providers are
    stood in for on this machine.
    """
    if settings.approval != "live":
        return settings.approval == "always"
    use = used_for(connection)
    return use == "live" or (use is None and not settings.sends_to_loopback_only)


def ask(ledger: Ledger, settings: Settings, *, now: datetime | None = None) -> list[Held]:
    """Every step that waits for a yes, each with its request, which is made if there is none.

    The same thing is asked once: a request stands until it is decided, expires, or speaks of less
    than waits now. `now` is real time, whatever clock a run goes by: people decide in it.
    """
    now = now or WallClock().now()
    held = read_held(ledger, settings, now=now)
    if not all(it.request for it in held):
        with ledger.write() as connection:
            history = approvals_by_step(connection)
            held = held_steps(connection, history, settings, now=now)
            held = [it if it.request else _request(connection, it, settings, now) for it in held]
    _leave_word(settings, held)
    return held


def read_held(ledger: Ledger, settings: Settings, *, now: datetime | None = None) -> list[Held]:
    """Every step that waits for a yes, whether it was asked for or not."""
    with ledger.read() as connection:
        if not needs_approval(connection, settings):
            return []
        now = now or WallClock().now()
        return held_steps(connection, approvals_by_step(connection), settings, now=now)


def held_steps(
    connection: Connection,
    history: Mapping[Part, Sequence[Approval]],
    settings: Settings,
    *,
    now: datetime,
) -> list[Held]:
    """The batches that may not leave; `history` is `approvals_by_step`."""
    batches, limits = read_batches(connection), Limits.of(settings)
    verdicts = (judge(it, history.get(it.part, []), limits, now=now) for it in batches)
    return [held for held in verdicts if held is not None]


def approvals_by_step(connection: Connection) -> dict[Part, list[Approval]]:
    """Every request there was, oldest first, by its step."""
    found: dict[Part, list[Approval]] = {}
    for it in read_approvals(connection):
        found.setdefault(Part(it.playbook_id, it.step), []).append(it)
    return found


def _leave_word(settings: Settings, held: Sequence[Held]) -> None:
    """For `winback why`, which opens no ledger."""
    path = settings.held_file
    words = [
        {"playbook_id": it.part.playbook_id, "step": it.part.step, "told": str(it)} for it in held
    ]
    text = json.dumps(words)
    if (path.read_text(encoding="utf-8") if path.exists() else "[]") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as beside:
            beside.write_text(text, encoding="utf-8")


def _request(connection: Connection, held: Held, settings: Settings, now: datetime) -> Held:
    batch, sha256 = held.batch, digest(connection, held.batch)
    request = Approval(
        approval_id=hashlib.sha256(f"{sha256} {now.isoformat()}".encode()).hexdigest()[:8],
        playbook_id=str(batch.part.playbook_id),
        step=int(batch.part.step or 0),
        reasons=held.reasons,
        contents=batch.contents,
        messages=batch.figures.messages,
        cost_cents=batch.figures.cost_cents,
        planned_until=batch.planned_until,
        asked_at=now,
        expires_at=now + timedelta(hours=settings.approval_hours),
    )
    keep_approval(connection, request, sha256=sha256)
    return replace(held, request=request)
