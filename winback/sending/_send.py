"""Sending: claim, look again, record the intent, call once, record the response.

Each step is its own commit. A process may die between any two of them: a claim is then
given back, a call under way becomes unknown, and nothing is ever sent twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from winback.base.clock import Clock
from winback.base.ending import ending_later
from winback.base.settings import Settings
from winback.ledger import REPLIES, Ledger, LedgerFenced
from winback.providers import open_channel, why_off
from winback.sending._due import Due, channels_due, count_due
from winback.sending._owner import claiming
from winback.sending._report import SendReport
from winback.sending._run import ChannelRun
from winback.sending._sweep import release, sweep
from winback.sending.approval._ask import ask
from winback.sending.guard._guard import Caps


def send_due(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    *,
    playbook_id: str | None = None,
    step: int | None = None,
    caps: Caps | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    sleep: Callable[[float], None] | None = None,
) -> SendReport:
    """Send every message that is due now, each at most once.

    SIGINT and SIGTERM begin no further call; they act once the calls under way are written down.

    Safe to run again after any end, and beside another run. `on_progress` gets the number
    of messages settled and the number that was due. Raises LedgerFenced for a copied ledger and
    UsageError where a channel lacks credentials; a provider's trouble is in the report.
    """
    if ledger.fenced:
        raise LedgerFenced(ledger.fenced)
    report = SendReport(swept=sweep(ledger, clock))
    report.unknown_ids += report.swept.unknown_ids
    all_due = Due(playbook_id, step)
    if playbook_id != REPLIES:
        report.held = {it.part: str(it) for it in ask(ledger, settings)}
    due = replace(all_due, without=frozenset(report.held))
    total, settled = count_due(ledger, due, now=clock.now()), 0

    def tell(more: int) -> None:
        nonlocal settled
        settled += more
        if on_progress:
            on_progress(settled, total)

    with ending_later() as ending:
        for name in channels_due(ledger, due, now=clock.now()):
            if ending.is_asked:
                break
            if off := why_off(name, settings):
                report.stopped[name] = off
                continue
            channel = open_channel(name, settings)
            with claiming(ledger) as token:
                try:
                    ChannelRun(
                        ledger,
                        settings,
                        clock,
                        channel=channel,
                        due=due,
                        caps=caps or Caps(),
                        token=token,
                        report=report,
                        on_progress=tell,
                        sleep=sleep or ending.sleep,
                        ending=ending,
                    ).run()
                finally:
                    channel.close()
                    release(ledger, clock, token)
    report.held = {part: line for part, line in report.held.items() if all_due.includes(part)}
    report.left_waiting = count_due(ledger, all_due, now=clock.now())
    return report
