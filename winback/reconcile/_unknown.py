"""Settling messages of unknown outcome: ask what can be asked now, write down what it proves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from sqlalchemy import select

from winback.base.clock import Clock, WallClock
from winback.ledger import EvidenceKind, Ledger, tables
from winback.providers import EndWithdrawal, Finding, Withdraw
from winback.reconcile._ask import Records
from winback.reconcile._decide import (
    CANCEL_BEFORE,
    GiveUp,
    LetGo,
    SearchNow,
    TakenWithRequest,
    Wait,
    WithdrawNow,
    after_unreadable,
    next_step,
)
from winback.reconcile._report import ReconcileReport
from winback.reconcile._settle import Book
from winback.reconcile._unresolved import Unresolved, search_for, unresolved_messages

# SendGrid's own limit, all of the account's counted.
MOST_WITHDRAWALS = 10
# What it discards is long gone by then, so that ending the withdrawal releases nothing.
END_AFTER = timedelta(hours=1)
# A known text this young or old says whether a list shows what it should.
KNOWN_SINCE = timedelta(days=30)
# Of the latest ones, the first whose person was not erased since is asked for.
MOST_KNOWN = 20

# The provider's clock and ours may differ by so much.
CLOCKS_DIFFER = timedelta(minutes=5)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_m, _a, _e = tables.messages.c, tables.attempts.c, tables.evidence.c


class Unknowns:
    """One look at all messages of unknown outcome; `settle` is its only public method."""

    def __init__(
        self,
        ledger: Ledger,
        records: Records,
        report: ReconcileReport,
        *,
        clock: Clock,
        settle: timedelta,
    ) -> None:
        self._ledger, self._records, self._report = ledger, records, report
        self._now = now = clock.now()
        self._is_replay, self._settle = not isinstance(clock, WallClock), settle
        self._book = Book(ledger, report, now)
        # Whether each channel's list shows what it certainly should.
        self._is_sound: dict[str, bool] = {}

    def settle(self) -> None:
        """End old withdrawals, then go through the attempts, the oldest first."""
        places = MOST_WITHDRAWALS - self._end_withdrawals()
        with self._ledger.read() as connection:
            unresolved = unresolved_messages(connection)
        for _, group in groupby(unresolved, key=lambda it: it.attempt_id or it.message.message_id):
            places -= self._settle_attempt(list(group), places)

    def _settle_attempt(self, group: list[Unresolved], places: int) -> int:
        """Take the next step with each message of an attempt; how many withdrawals that took."""
        step = next_step(group[0], now=self._now, settle=self._settle)
        if isinstance(step, WithdrawNow):
            return self._withdraw(group, may_ask=step.may_ask and places > 0)
        if isinstance(step, SearchNow) and group[0].batch_id and self._is_withdrawn(group[0]):
            self._book.let_go_withdrawn(group)
            return 0
        if isinstance(step, LetGo):
            self._book.let_go_withdrawn(group)
            return 0
        for unresolved in group:
            self._settle_one(unresolved)
        return 0

    def _settle_one(self, unresolved: Unresolved) -> None:
        step = next_step(unresolved, now=self._now, settle=self._settle)
        if isinstance(step, SearchNow):
            self._search(unresolved)
        elif isinstance(step, TakenWithRequest):
            self._book.accept_with_request(unresolved)
        elif isinstance(step, GiveUp):
            self._book.give_up(unresolved, "silence")
        elif isinstance(step, Wait):
            self._report.wait(step.until)

    def _search(self, unresolved: Unresolved) -> None:
        question = search_for(
            unresolved.message,
            since=self._since(unresolved.started_at),
            attempt_id=unresolved.attempt_id,
        )
        if question is None:
            self._leave(unresolved, "erased")
            return
        finding = self._records.ask(unresolved.channel, question)
        kind: EvidenceKind = "logged" if unresolved.is_batch else "listed"
        if finding.kind == "found" and self._book.settle_listed(unresolved, finding.listed, kind):
            return
        if finding.kind == "unreadable":
            self._leave(unresolved, finding.reason)
        elif unresolved.is_batch:
            self._miss_mail(unresolved)
        elif self._shows_what_it_should(unresolved.channel):
            self._miss_text(unresolved)
        else:
            self._leave(unresolved, "its list lacks what was certainly sent")

    def _miss_text(self, unresolved: Unresolved) -> None:
        """The list doesn't have it: once is not enough."""
        self._book.keep_absence(unresolved, "not_listed")
        seen = replace(unresolved, first_absent_at=unresolved.first_absent_at or self._now)
        again = next_step(
            replace(seen, last_absent_at=self._now), now=self._now, settle=self._settle
        )
        if unresolved.first_absent_at is None and isinstance(again, Wait):
            self._report.wait(again.until)

    def _miss_mail(self, unresolved: Unresolved) -> None:
        """The logs don't have it, which proves nothing; the last look ends the search."""
        self._book.keep_absence(unresolved, "not_logged")
        again = next_step(
            replace(unresolved, last_absent_at=self._now), now=self._now, settle=self._settle
        )
        if isinstance(again, Wait):
            self._report.wait(again.until)
        else:
            self._book.give_up(unresolved, "silence")

    def _leave(self, unresolved: Unresolved, reason: str) -> None:
        """Nothing can be read about it: it stays as it is, for a long time."""
        self._report.unreadable[unresolved.channel] = reason
        step = after_unreadable(unresolved, now=self._now)
        if isinstance(step, Wait):
            self._report.wait(step.until)
        elif not self._records.has_asked_enough():
            self._book.give_up(unresolved, "unreadable")

    def _withdraw(self, group: list[Unresolved], *, may_ask: bool) -> int:
        unresolved = group[0]
        finding = self._ask_to_withdraw(unresolved, may_ask=may_ask)
        if finding.kind == "withdrawn":
            self._book.let_go_withdrawn(group)
            return int(may_ask)
        if unresolved.send_at is not None:
            latest = unresolved.send_at - CANCEL_BEFORE
            for _ in group:
                self._report.wait(latest if self._now < latest else unresolved.send_at)
        return int(may_ask)

    def _is_withdrawn(self, unresolved: Unresolved) -> bool:
        """Whether a withdrawal was heard whose response never came."""
        return self._ask_to_withdraw(unresolved, may_ask=False).kind == "withdrawn"

    def _ask_to_withdraw(self, unresolved: Unresolved, *, may_ask: bool) -> Finding:
        return self._records.ask(
            unresolved.channel, Withdraw(unresolved.batch_id or "", may_ask=may_ask)
        )

    def _end_withdrawals(self) -> int:
        """Free the places of batches that are long discarded; how many are still taken."""
        with self._ledger.read() as connection:
            ended = select(_e.attempt_id).where(_e.kind == "withdrawal_ended")
            held = connection.execute(
                select(_a.attempt_id, _a.channel, _a.sg_batch_id, _a.sg_send_at)
                .join(tables.evidence, _e.attempt_id == _a.attempt_id)
                .where(_e.kind == "withdrawn", _a.attempt_id.not_in(ended))
            ).all()
        over = [row for row in held if row.sg_send_at + END_AFTER <= self._now]
        for row in over:
            if self._records.ask(row.channel, EndWithdrawal(row.sg_batch_id)).kind == "ended":
                self._book.keep_end_of_withdrawal(row.attempt_id)
        return len(held) - len(over)

    def _shows_what_it_should(self, channel: str) -> bool:
        """Whether a channel's list has a message that was certainly accepted.

        A list that lacks it, by redacted numbers, another account or a stand-in that keeps none,
        would miss an unknown one just as well. Where nothing was ever accepted there is nothing
        to compare, and the list is believed.
        """
        if channel not in self._is_sound:
            self._is_sound[channel] = self._look_for_known(channel)
        return self._is_sound[channel]

    def _look_for_known(self, channel: str) -> bool:
        known = (
            select(tables.messages)
            .where(
                _m.accepted_at > self._now - KNOWN_SINCE,
                _m.accepted_at <= self._now - self._settle,
                _m.channel == channel,
                # Joined to nothing, so that SQLite looks for the latest first.
                _m.state.concat("") == "accepted",
                _m.provider_id.is_not(None),
                # By our call's own response: then we also know when.
                _m.matched_by.is_(None),
            )
            .order_by(_m.accepted_at.desc())
            .limit(MOST_KNOWN)
        )
        with self._ledger.read() as connection:
            messages = connection.execute(known).all()
        for message in messages:
            question = search_for(message, since=self._since(message.accepted_at))
            if question is not None:
                return _shows(self._records.ask(channel, question), message.provider_id)
        return not messages

    def _since(self, began_at: datetime) -> datetime:
        """From where records are of this attempt; in a replay the provider's clock is another."""
        return _BEGINNING if self._is_replay else began_at - CLOCKS_DIFFER


def _shows(finding: Finding, provider_id: str) -> bool:
    listed: Iterable[str] = (it.provider_id for it in finding.listed)
    return finding.kind == "found" and provider_id in listed
