"""What a yes covers, whatever waits and whatever was asked before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.ledger import Approval
from winback.sending import Part
from winback.sending.approval._batches import Batch, Slice
from winback.sending.approval._judge import Limits, judge

pytestmark = pytest.mark.long

NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)
LATER = NOW + timedelta(days=1)

slices = st.builds(
    Slice,
    st.sampled_from("abc"),
    st.integers(0, 4).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    st.integers(1, 9),
    st.integers(0, 9).map(Decimal),
)
batches = st.lists(slices, min_size=1, max_size=4).map(lambda it: Batch(Part("p", 1), tuple(it)))
limits = st.builds(Limits, st.integers(0, 20), st.integers(0, 20).map(Decimal))


def asked(batch, decision=None, *, place=0):
    at = NOW + timedelta(seconds=place)
    return Approval(
        approval_id=str(place),
        playbook_id="p",
        step=1,
        reasons=("first",),
        contents=batch.contents,
        messages=batch.figures.messages,
        cost_cents=batch.figures.cost_cents,
        planned_until=batch.planned_until,
        asked_at=at,
        expires_at=LATER,
        decision=decision,
        decided_at=at if decision else None,
        decided_by="ann" if decision else None,
    )


@st.composite
def histories(draw):
    found = draw(st.lists(st.tuples(batches, st.sampled_from(["yes", "no", None])), max_size=4))
    return [asked(batch, decision, place=place) for place, (batch, decision) in enumerate(found)]


@given(batches, histories(), limits)
def test_what_says_something_that_nobody_approved_is_held(batch, history, limit):
    approved = {said for it in history if it.decision == "yes" for said in it.contents}
    if batch.contents - approved:
        assert judge(batch, history, limit, now=NOW) is not None


@given(batches, histories(), limits)
def test_a_yes_lets_all_of_it_leave_and_a_no_none(batch, history, limit):
    allowed = [*history, asked(batch, "yes", place=9)]
    assert judge(batch, allowed, limit, now=NOW) is None
    refused = judge(batch, [*history, asked(batch, "no", place=9)], limit, now=NOW)
    assert refused is not None
    assert refused.is_refused


@given(batches, histories(), limits)
def test_what_waits_with_a_request_is_not_asked_for_again_until_it_expires(batch, history, limit):
    held = judge(batch, history, limit, now=NOW)
    if held is None or held.is_refused:
        return
    again = judge(batch, [*history, asked(batch, place=9)], limit, now=NOW)
    assert again is not None
    assert again.request is not None
    anew = judge(batch, [*history, asked(batch, place=9)], limit, now=LATER)
    assert anew is not None
    assert anew.request is None


@given(batches, slices, limits)
def test_more_than_was_approved_leaves_up_to_the_limits_alone(batch, more, limit):
    grown = Batch(batch.part, (*batch.slices, more))
    held = judge(grown, [asked(batch, "yes")], limit, now=NOW)
    is_more = more.messages > limit.messages or more.cost_cents > limit.cents
    assert (held is not None) == (is_more or more.content not in batch.contents)


@given(batches, histories(), limits, st.data())
def test_less_of_what_may_leave_may_leave_too(batch, history, limit, data):
    if judge(batch, history, limit, now=NOW) is None:
        kept = data.draw(st.lists(st.sampled_from(batch.slices), min_size=1, unique=True))
        less = Batch(batch.part, tuple(kept))
        assert judge(less, history, limit, now=NOW) is None
