"""Put a person's history in order; runs in a row that decided the same are one entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from winback.base.duck import Rows
from winback.measure.why._read import Story


@dataclass
class Happening:
    """Something that happened once, or a decision that was repeated `until` a last time."""

    at: datetime
    until: datetime
    # joined, entered, dealt, decided, message, answer, came_back, ended
    kind: str
    row: dict[str, Any]
    # For a decision: the rules that decided it, and the other rules that failed in its runs.
    decisive: list[str] = field(default_factory=list)
    besides: list[str] = field(default_factory=list)
    runs: int = 1


# The rules, or kinds of rules, that decide each decision.
_DECISIVE: Final[Mapping[str, frozenset[str]]] = {
    "exited": frozenset({"purchase", "no_order", "merged", "other_id", "household"}),
    "holdout": frozenset({"holdout"}),
    "expired": frozenset({"range"}),
    "suppressed": frozenset(
        {
            "standing",
            "shared_address",
            "other_id",
            "household",
            "journey",
            "bandit_nothing",
            "bandit_stopped",
        }
    ),
    "capped": frozenset({"cap", "offer_budget", "offer_leak"}),
    "deferred": frozenset({"pause", "offer_stacking", "window", "usual_hour"}),
}
_ANSWERS: Final = ("clicked", "replied", "opted_out")


def timeline(story: Story) -> list[Happening]:
    """The happenings, oldest first."""
    happened = [
        *_joins(story.joins),
        *_entries(story),
        *(_once(row["chosen_at"], "dealt", row) for row in story.choices),
        *_decisions(story),
        *_messages(story),
        *_returns(story.reactivations),
    ]
    return sorted(happened, key=lambda it: (it.at, _ORDER[it.kind], it.row.get("step") or 0))


_ORDER: Final = {
    "joined": 0, "entered": 1, "dealt": 2, "decided": 3, "message": 4, "answer": 5,
    "came_back": 6, "ended": 7,
}  # fmt: skip


def _once(at: datetime, kind: str, row: dict[str, Any]) -> Happening:
    return Happening(at, at, kind, row)


def _entries(story: Story) -> Iterator[Happening]:
    came_back = {row["enrollment_id"] for row in story.reactivations}
    for row in story.enrollments:
        yield _once(row["entered_at"], "entered", row)
        # The order that brought them back tells why they left.
        if row["exited_at"] is not None and row["enrollment_id"] not in came_back:
            yield _once(row["exited_at"], "ended", row)


def _joins(joins: Rows) -> Iterator[Happening]:
    """The moments of each join: asked for, agreed to, ended."""
    for row in joins:
        for moment in ("asked", "joined", "left"):
            if row[f"{moment}_at"] is not None:
                yield _once(row[f"{moment}_at"], "joined", {**row, "moment": moment})


def _messages(story: Story) -> Iterator[Happening]:
    # The words are those of the last decision that let it go.
    words = {
        (row["enrollment_id"], row["step"]): {
            name: row[name] for name in ("template", "content_needs")
        }
        for row in story.decisions
        if row.get("template")
    }
    for message in story.messages:
        row = message | words.get((message["enrollment_id"], message["step"]), {})
        at = row["accepted_at"] or row.get("last_held_at")
        if at is None:
            continue
        yield _once(at, "message", row)
        for answer in _ANSWERS:
            if row[f"{answer}_at"] is not None:
                yield _once(row[f"{answer}_at"], "answer", {**row, "answer": answer})


def _returns(reactivations: Rows) -> Iterator[Happening]:
    for row in reactivations:
        yield _once(row["reactivated_at"], "came_back", row)


def _decisions(story: Story) -> Iterator[Happening]:
    by_step: dict[tuple[str, int], Rows] = defaultdict(list)
    for row in story.decisions:
        by_step[row["enrollment_id"], row["step"]].append(row)
    sent = {
        (row["enrollment_id"], row["step"])
        for row in story.messages
        if row["accepted_at"] is not None
    }
    kinds = {rule: str(row["kind"]) for rule, row in story.rules.items()}
    for step, rows in by_step.items():
        for told in _drop_repeats(rows, kinds):
            # The message itself is told instead.
            if not (told.row["decision"] == "send" and step in sent):
                yield told


def _drop_repeats(rows: Rows, kinds: Mapping[str, str]) -> Iterator[Happening]:
    """Merge runs in a row that decided the same for the same reason."""
    last: Happening | None = None
    for row in rows:
        decisive, besides = _weighed(row, kinds)
        if last is not None and _only_ran_out(last, row, kinds):
            continue
        if last is None or not _tells_the_same(last, row, decisive):
            if last is not None:
                yield last
            last = Happening(row["decided_at"], row["decided_at"], "decided", row, decisive)
        else:
            last.until, last.runs = row["decided_at"], last.runs + 1
        last.besides += [rule for rule in besides if rule not in last.besides]
    if last is not None:
        yield last


def _weighed(row: Mapping[str, Any], kinds: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The rules that failed: those that decided, and the others."""
    failed = [rule for rule in row["blocked_by"].split(",") if rule]
    weighty = _DECISIVE.get(row["decision"], frozenset())
    decisive = [rule for rule in failed if {rule, kinds.get(rule, "")} & weighty] or failed
    return decisive, [rule for rule in failed if rule not in decisive]


def _only_ran_out(last: Happening, row: Mapping[str, Any], kinds: Mapping[str, str]) -> bool:
    """Whether a step was skipped for good because the same block outlasted its days."""
    if last.row["decision"] != "suppressed" or row["decision"] != "expired":
        return False
    blocked, _ = _weighed({**row, "decision": "suppressed"}, kinds)
    return blocked == last.decisive


def _tells_the_same(last: Happening, row: Mapping[str, Any], decisive: list[str]) -> bool:
    return (
        last.row["decision"] == row["decision"]
        and last.row["send_after_at"] == row["send_after_at"]
        and last.decisive == decisive
    )
