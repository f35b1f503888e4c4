"""Reconciling: evidence settles unknown messages, and missing callbacks are asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import Ledger, LedgerFenced
from winback.reconcile._ask import Records
from winback.reconcile._lists import sweep_lists
from winback.reconcile._prices import learn_prices
from winback.reconcile._progress import poll
from winback.reconcile._report import ReconcileReport
from winback.reconcile._unknown import Unknowns
from winback.sending import sweep


def reconcile(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> ReconcileReport:
    """Look into everything that is due. Safe to repeat, beside runs and beside itself.

    Sends nothing. Where nothing is unknown and nothing is due it makes no call. Raises LedgerFenced
    for a copied ledger; the report names what a provider could not be asked.
    """
    if ledger.fenced:
        raise LedgerFenced(ledger.fenced)
    report = ReconcileReport()
    sweep(ledger, clock)
    with Records(settings, report, sleep) as records:
        settle(ledger, settings, clock, records, report)
        poll(ledger, settings, clock, records, report)
        learn_prices(ledger, clock, records, report)
    sweep_lists(ledger, settings, clock, report)
    brought = collect(ledger, settings, clock)
    report.news, report.suppressed = brought.events, brought.suppressed
    return report


def withdraw_unresolved(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> ReconcileReport:
    """Only settle what is unknown: right after a send, while its batches can be withdrawn."""
    report = ReconcileReport()
    with Records(settings, report, sleep) as records:
        settle(ledger, settings, clock, records, report)
    return report


def settle(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    records: Records,
    report: ReconcileReport,
) -> None:
    """Take the next step with each message of unknown outcome."""
    Unknowns(
        ledger,
        records,
        report,
        clock=clock,
        settle=timedelta(minutes=settings.unknown_settle_minutes),
    ).settle()
