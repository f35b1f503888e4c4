"""The decision about a message of unknown outcome, branch by branch and to the second."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reconcile_parts import NOW, SETTLE

from winback.reconcile._decide import (
    GiveUp,
    LetGo,
    SearchNow,
    Step,
    TakenWithRequest,
    Wait,
    WithdrawNow,
    after_unreadable,
    may_let_go,
    next_step,
)
from winback.reconcile._unresolved import Unresolved

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SEND_AT = NOW + 25 * MINUTE


def unresolved(channel: str = "sms", **known: Any) -> Unresolved:
    message: Any = SimpleNamespace(channel=channel)
    return Unresolved(message, "a1", NOW, **known)


def mail(**known: Any) -> Unresolved:
    return unresolved("email", **known)


def held(**known: Any) -> Unresolved:
    return mail(batch_id="b1", send_at=SEND_AT, **known)


@pytest.mark.parametrize(
    ("of", "after", "step"),
    [
        (unresolved(), timedelta(0), Wait(NOW + SETTLE)),
        (unresolved(), SETTLE - SECOND, Wait(NOW + SETTLE)),
        (unresolved(), SETTLE, SearchNow()),
        (unresolved("whatsapp"), SETTLE, SearchNow()),
        (unresolved(last_absent_at=NOW + SETTLE), 20 * MINUTE - SECOND, Wait(NOW + 20 * MINUTE)),
        (unresolved(last_absent_at=NOW + SETTLE), 20 * MINUTE, SearchNow()),
        (unresolved(), timedelta(days=300), SearchNow()),
        (held(), timedelta(0), WithdrawNow(may_ask=True)),
        (held(), 14 * MINUTE, WithdrawNow(may_ask=True)),
        (held(), 14 * MINUTE + SECOND, WithdrawNow(may_ask=False)),
        (held(), 25 * MINUTE - SECOND, WithdrawNow(may_ask=False)),
        (held(), 25 * MINUTE, Wait(SEND_AT + 15 * MINUTE)),
        (held(), 40 * MINUTE, SearchNow()),
        (held(last_absent_at=SEND_AT + 15 * MINUTE), 41 * MINUTE, Wait(SEND_AT + HOUR)),
        (held(is_withdrawn=True), timedelta(0), LetGo()),
        (held(is_request_proven=True), timedelta(0), TakenWithRequest()),
        (held(is_withdrawn=True, is_request_proven=True), timedelta(0), LetGo()),
        (mail(), 15 * MINUTE - SECOND, Wait(NOW + 15 * MINUTE)),
        (mail(), 15 * MINUTE, SearchNow()),
        (mail(last_absent_at=NOW + 15 * MINUTE), HOUR - SECOND, Wait(NOW + HOUR)),
        (mail(last_absent_at=NOW + 15 * MINUTE), HOUR, SearchNow()),
        (mail(last_absent_at=NOW + 6 * HOUR), 24 * HOUR - SECOND, Wait(NOW + 24 * HOUR)),
        (mail(last_absent_at=NOW + 6 * HOUR), 24 * HOUR, SearchNow()),
        (mail(last_absent_at=NOW + 24 * HOUR), 24 * HOUR, GiveUp()),
        (mail(), timedelta(days=300), SearchNow()),
        (mail(is_request_proven=True), timedelta(0), TakenWithRequest()),
        # One text is one request: another attempt's proof says nothing of it.
        (unresolved(is_request_proven=True), timedelta(0), Wait(NOW + SETTLE)),
    ],
)
def test_the_next_step(of: Unresolved, after: timedelta, step: Step) -> None:
    assert next_step(of, now=NOW + after, settle=SETTLE) == step


@pytest.mark.parametrize(
    ("of", "after", "step"),
    [
        (unresolved(), 72 * HOUR - SECOND, Wait(NOW + 72 * HOUR)),
        (unresolved(), 72 * HOUR, GiveUp()),
        (mail(), 24 * HOUR - SECOND, Wait(NOW + 24 * HOUR)),
        (mail(), 24 * HOUR, GiveUp()),
        (held(), 24 * HOUR + 25 * MINUTE - SECOND, Wait(SEND_AT + 24 * HOUR)),
        (held(), 24 * HOUR + 25 * MINUTE, GiveUp()),
    ],
)
def test_what_cant_be_read_waits_long_and_is_never_let_go(
    of: Unresolved, after: timedelta, step: Step
) -> None:
    assert after_unreadable(of, now=NOW + after) == step


@pytest.mark.parametrize(
    ("first", "let_go"), [(None, False), (5 * MINUTE - SECOND, False), (5 * MINUTE, True)]
)
def test_a_list_must_miss_a_text_twice_five_minutes_apart(
    first: timedelta | None, let_go: bool
) -> None:
    seen = unresolved(first_absent_at=NOW - first if first is not None else None)
    assert may_let_go(seen, now=NOW) is let_go


def looks(times: list[int]) -> Iterator[tuple[timedelta, Step, Unresolved]]:
    """A text that is nowhere, looked at in these seconds: what each look does."""
    seen = unresolved()
    for second in sorted(times):
        after = timedelta(seconds=second)
        step = next_step(seen, now=NOW + after, settle=SETTLE)
        yield after, step, seen
        if isinstance(step, SearchNow):
            first = seen.first_absent_at or NOW + after
            seen = unresolved(first_absent_at=first, last_absent_at=NOW + after)


@given(st.lists(st.integers(0, 4000), max_size=30))
def test_however_often_one_looks_a_text_goes_again_only_after_two_late_looks(
    times: list[int],
) -> None:
    let_go_at = [
        after
        for after, step, seen in looks(times)
        if isinstance(step, SearchNow) and may_let_go(seen, now=NOW + after)
    ]
    assert all(after >= SETTLE + 5 * MINUTE for after in let_go_at)
    searches = [after for after, step, _ in looks(times) if isinstance(step, SearchNow)]
    pairs = itertools.pairwise(searches)
    assert all(later - sooner >= 5 * MINUTE for sooner, later in pairs)


@given(st.integers(0, 40 * 24 * 3600), st.booleans(), st.booleans())
def test_mail_is_let_go_by_a_confirmed_withdrawal_alone(
    seconds: int, is_held: bool, is_proven: bool
) -> None:
    of = (held if is_held else mail)(is_request_proven=is_proven)
    step = next_step(of, now=NOW + timedelta(seconds=seconds), settle=SETTLE)
    assert not isinstance(step, LetGo)
