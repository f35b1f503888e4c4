"""Which events the stages tell, and with what figures; each is told where it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from flows._events import emit, emit_news
from winback import sending
from winback.base.errors import GateFailure
from winback.measure.words import tell_comparison
from winback.reconcile import open_messages

if TYPE_CHECKING:
    from flows._context import Stage
    from flows._run_report import Sent
    from winback.base.duck import Rows
    from winback.base.settings import Settings
    from winback.warehouse import Gate

# The gate's rule for a feed that has stopped; all others mean that a load is wrong.
STALE: Final = "days_since_the_newest_order"
# The lists of the providers have been asked by then.
OLD: Final = timedelta(hours=1)
_OPEN: Final = frozenset({"not yet decidable", "withheld"})


def telling(gate: Gate) -> Gate:
    """The gate, which also tells of its failure once, and of the next one once it has passed."""

    def check(name: str, settings: Settings, as_of: datetime) -> Sequence[str]:
        try:
            warnings = gate(name, settings, as_of)
        except GateFailure as failure:
            _tell_failure(name, settings, failure)
            raise
        _tell_failure(name, settings, None)
        return warnings

    return check


def _tell_failure(name: str, settings: Settings, failure: GateFailure | None) -> None:
    # Without a rule, the gate itself did not answer.
    rules = (failure.rules or ("",)) if failure is not None else ()
    rows = {rule: {"gate": name, "rule": rule} for rule in rules}
    stale = {STALE: rows.pop(STALE)} if STALE in rows else {}
    if name == "sources":
        emit_news(settings, "winback.source.stale", stale, what=str(failure))
    emit_news(settings, "winback.gate.failed", rows, what=str(failure), part=name)


def tell_sent(stage: Stage, sent: Sent) -> None:
    """Tell what a run has sent, where it has tried to, and which breakers it has opened."""
    counts: Counter[str] = sum((done.counts for _, _, done in sent), Counter())
    if counts.total():
        steps = [
            {"playbook": playbook, "step": step, **done.counts} for playbook, step, done in sent
        ]
        what = "; ".join(f"{name} step {step}: {done.summary()}" for name, step, done in sent)
        totals = dict(counts)
        emit(stage.settings, "winback.send.finished", what, totals=totals, steps=steps)
    if sent:
        _tell_breakers(stage)


def _tell_breakers(stage: Stage) -> None:
    with stage.ledger.read() as connection:
        stops = sending.unreleased_stops(connection)
    opened = {
        f"{it} {it.kind}": {"channel": it.channel, "kind": it.kind, "what": f"{it}: {it.reason}"}
        for it in stops
        if it.kind != "operator"
    }
    emit_news(stage.settings, "winback.breaker.opened", opened)


def tell_unknown(stage: Stage) -> None:
    """Tell of messages whose outcome nobody knows after an hour."""
    now = stage.run.clock.now()
    old = {
        it.message_id: {"message_id": it.message_id, "channel": it.channel, "state": it.state}
        for it in open_messages(stage.ledger)
        if it.started_at is None or now - it.started_at > OLD
    }
    what = f"{len(old):,} messages have had an unknown outcome for over an hour"
    what += ". Next: winback reconcile list"
    emit_news(stage.settings, "winback.unknown.old", old, what=what)


def tell_verdicts(settings: Settings, results: Rows) -> None:
    """Tell of each comparison that is decided."""
    decided = {}
    for row in results:
        if row["verdict"] not in _OPEN:
            named = {it: row[it] for it in ("playbook", "contrast", "window_days", "verdict")}
            key = " ".join(map(str, named.values()))
            decided[key] = {**named, "what": tell_comparison(row)}
    emit_news(settings, "winback.verdict.reached", decided)
