"""What a run of sending came to, in numbers and opaque ids only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from winback.base.words import OUTCOMES
from winback.ledger import State
from winback.providers import Outcome, Request
from winback.sending._due import Part
from winback.sending._sweep import SweepReport
from winback.sending.guard._guard import Rule
from winback.sending.guard._last_look import FINAL

# States in which a message needs no further call of this run.
_SETTLED: frozenset[State] = frozenset({"accepted", "rejected", "unknown"})


@dataclass
class SendReport:
    """One call of `send_due`."""

    # Messages by the state they ended in: accepted, rejected, unknown, suppressed, expired.
    counts: Counter[str] = field(default_factory=Counter)
    # Requests made, by what they came to.
    attempts: Counter[str] = field(default_factory=Counter)
    # Messages that SQL allowed and the guard refused, by rule.
    refused_by_guard: Counter[str] = field(default_factory=Counter)
    # Messages that may have been sent. They are never sent again by themselves; callbacks settle
    # them.
    unknown_ids: list[str] = field(default_factory=list)
    # Channels that stopped early, and why: one line for the operator each.
    stopped: dict[str, str] = field(default_factory=dict)
    # Steps that wait for a person's yes, with the line for the operator; they stay due.
    held: dict[Part, str] = field(default_factory=dict)
    # Messages that were due, not sent, and claimed by nobody when the run ended.
    left_waiting: int = 0
    swept: SweepReport = field(default_factory=SweepReport)

    def count(self, request: Request, outcome: Outcome, states: Mapping[State, int]) -> int:
        """Take in what a request came to; how many of its messages are settled by it."""
        self.attempts[outcome.kind] += 1
        settled = {state: states[state] for state in states if state in _SETTLED}
        self.counts.update(settled)
        if outcome.kind == "unknown":
            self.unknown_ids += request.message_ids
        return sum(settled.values())

    def count_refusals(self, rules: Mapping[str, Rule]) -> None:
        """Take in what the guard refused: a rule for each message id."""
        self.refused_by_guard.update(rules.values())
        self.counts.update(FINAL[rule] for rule in rules.values() if rule in FINAL)

    def summary(self) -> str:
        """One line with the numbers that matter."""
        parts = [
            f"{count:,} {OUTCOMES[state]}" for state, count in sorted(self.counts.items()) if count
        ]
        # Who was stopped for good is counted above.
        held = self.refused_by_guard["budget"]
        parts += [f"{held:,} held for lack of budget"] if held else []
        later = sum(n for rule, n in self.refused_by_guard.items() if rule not in FINAL) - held
        parts += [f"{later:,} stopped by the last look, to be planned anew"] if later else []
        parts += [f"{self.left_waiting:,} still wait"] if self.left_waiting else []
        parts += self.held.values()
        return ", ".join(parts) or "nothing was due"
