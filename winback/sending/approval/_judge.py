"""When a step needs a yes, and what a yes covers.

A yes covers its messages, and lets what they say leave again: later ones that say the same need
none, up to the limits. A no covers its messages until none of them waits, or the step has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from winback.base.settings import Settings
from winback.ledger import Approval
from winback.sending._due import Part
from winback.sending.approval._batches import Batch, Figures

Reason = Literal["first", "content", "messages", "budget"]
REASONS: Final[dict[str, str]] = {
    "first": "nothing of this step was approved yet",
    "content": "what it says has changed",
    "messages": "more messages than may leave unasked",
    "budget": "it costs more than may be spent unasked",
}


@dataclass(frozen=True)
class Limits:
    """What may leave unasked, once its content was approved."""

    messages: int
    cents: Decimal

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(settings.approval_messages, Decimal(settings.approval_cents))

    def broken_by(self, figures: Figures) -> list[Reason]:
        reasons: list[Reason] = []
        if figures.messages > self.messages:
            reasons.append("messages")
        if figures.cost_cents > self.cents:
            reasons.append("budget")
        return reasons


@dataclass(frozen=True)
class Held:
    """A step that waits: by which request, if it was asked yet, and why."""

    batch: Batch
    request: Approval | None
    reasons: tuple[str, ...]

    @property
    def part(self) -> Part:
        return self.batch.part

    @property
    def is_refused(self) -> bool:
        return self.request is not None and self.request.decision == "no"

    @property
    def is_open(self) -> bool:
        """Whether its request waits for a decision."""
        return self.request is not None and self.request.decision is None

    @property
    def why(self) -> str:
        """Why it was asked, in words."""
        return ", ".join(REASONS.get(it, it) for it in self.reasons)

    def __str__(self) -> str:
        if self.request is None:
            return f"{self.part} waits for approval. Next: winback approvals"
        what = f"{self.request.messages:,} message{'' if self.request.messages == 1 else 's'}"
        what += f" for {self.request.cost_cents / 100:,.2f}"
        key = self.request.approval_id
        if self.is_refused:
            note = f" ({self.request.note})" if self.request.note else ""
            return (
                f"{self.part} was refused by {self.request.decided_by}{note}: {what} stay. "
                f"Next: change it, or winback approve {key}"
            )
        return f"{self.part} waits for approval ({self.why}): {what}. Next: winback approve {key}"


def approved_contents(history: Sequence[Approval]) -> frozenset[str]:
    """What a step may say by what was approved."""
    return frozenset().union(*(it.contents for it in history if it.decision == "yes"))


def approved_by_step(
    history: Mapping[Part, Sequence[Approval]],
) -> dict[Part, frozenset[str]]:
    """What each step may say by what was approved."""
    return {part: approved_contents(found) for part, found in history.items()}


def judge(
    batch: Batch, history: Sequence[Approval], limits: Limits, *, now: datetime
) -> Held | None:
    """Why a batch may not leave; None: it may. `history` are its step's requests, oldest first."""
    reasons = _reasons(batch, history, limits)
    refused = _refusal(batch, history)
    if refused is not None and (not reasons or not _has_changed(batch, refused, history, limits)):
        return Held(batch, refused, refused.reasons)
    if not reasons:
        return None
    asked = (it for it in reversed(history) if it.is_open(now) and batch.is_within(it))
    return Held(batch, next(asked, None), tuple(reasons))


def _reasons(batch: Batch, history: Sequence[Approval], limits: Limits) -> list[Reason]:
    approved = [it for it in history if it.decision == "yes" and it.contents]
    if not approved:
        return ["first", *limits.broken_by(batch.figures)]
    reasons: list[Reason] = ["content"] if batch.contents - approved_contents(approved) else []
    beyond = [batch.beyond(it) for it in approved]
    least = Figures(min(it.messages for it in beyond), min(it.cost_cents for it in beyond))
    return reasons + limits.broken_by(least)


def _refusal(batch: Batch, history: Sequence[Approval]) -> Approval | None:
    """The last decision, if it was a no and messages of it still wait."""
    decided = [it for it in history if it.decided_at is not None]
    last = max(decided, key=lambda it: it.decided_at or it.asked_at, default=None)
    if last is None or last.decision == "yes" or not batch.holds_of(last):
        return None
    return last


def _has_changed(
    batch: Batch, refused: Approval, history: Sequence[Approval], limits: Limits
) -> bool:
    news = batch.contents - refused.contents - approved_contents(history)
    return bool(news or limits.broken_by(batch.beyond(refused)))
