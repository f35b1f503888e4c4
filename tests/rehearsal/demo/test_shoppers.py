"""What shoppers do depends on nothing but the seed and what they received, and is known."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime, timedelta

import pytest
from demo_files import ENDS_AT
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.rehearsal.demo import TEMPERS, Reaction, ReceivedMessage, Shop, Shoppers
from winback.rehearsal.demo._messages import FEEDBACK_TEXTS, STOP_TEXTS

pytestmark = pytest.mark.long

SMS_EMAIL = ((1, "sms", 0), (2, "email", 1), (3, "sms", 4), (4, "email", 7), (6, "sms", 12))
MONTH = timedelta(days=30)
HORIZON = ENDS_AT + timedelta(days=200)


def message(
    customer_id: str, *, step: int = 1, channel: str = "sms", day: float = 0
) -> ReceivedMessage:
    return ReceivedMessage(
        message_id=f"{customer_id}-{step}",
        customer_id=customer_id,
        channel=channel,  # type: ignore[arg-type]  # the literal of the test's own tables
        playbook_id="sms_email",
        step=step,
        sent_at=ENDS_AT + timedelta(days=day),
        coupon_code="COME20",
        coupon_percent=20,
    )


def play(shoppers: Shoppers, customers: list[str]) -> list[Reaction]:
    """Send a whole sequence to everybody, day by day."""
    return [
        reaction
        for step, channel, day in SMS_EMAIL
        for who in customers
        for reaction in shoppers.react(message(who, step=step, channel=channel, day=day))
    ]


@pytest.fixture(scope="session")
def everybody(demo_shop: Shop) -> list[str]:
    return [customer.customer_id for customer in demo_shop.customers]


@pytest.fixture(scope="session")
def lapsed(demo_shop: Shop) -> list[str]:
    """Whoever bought, but not in the last thirty days."""
    last = {o.customer_id: o.ordered_at for o in demo_shop.orders}
    return [who for who, ordered_at in last.items() if ENDS_AT - ordered_at > MONTH]


@pytest.fixture(scope="session")
def played(demo_shop: Shop, lapsed: list[str]) -> tuple[Shoppers, list[Reaction]]:
    shoppers = Shoppers(demo_shop, seed=5)
    return shoppers, play(shoppers, lapsed)


def test_the_same_seed_and_messages_give_the_same_reactions_and_orders(
    demo_shop: Shop, lapsed: list[str], played: tuple[Shoppers, list[Reaction]]
) -> None:
    shoppers, reactions = played
    again = Shoppers(demo_shop, seed=5)
    backwards = play(again, lapsed[::-1])
    assert Counter(backwards) == Counter(reactions)
    assert again.caused_orders(ENDS_AT, HORIZON) == shoppers.caused_orders(ENDS_AT, HORIZON)
    assert again.natural_orders(ENDS_AT, HORIZON) == shoppers.natural_orders(ENDS_AT, HORIZON)
    other = Shoppers(demo_shop, seed=6)
    assert other.natural_orders(ENDS_AT, HORIZON) != shoppers.natural_orders(ENDS_AT, HORIZON)


def test_a_message_received_twice_changes_nothing(demo_shop: Shop, lapsed: list[str]) -> None:
    shoppers = Shoppers(demo_shop)
    first = play(shoppers, lapsed)
    caused = shoppers.caused_orders(ENDS_AT, HORIZON)
    assert play(shoppers, lapsed) == first
    assert shoppers.caused_orders(ENDS_AT, HORIZON) == caused


def test_what_others_receive_does_not_change_a_persons_reactions(
    demo_shop: Shop, lapsed: list[str], played: tuple[Shoppers, list[Reaction]]
) -> None:
    _, reactions = played
    some = set(lapsed[::7])
    alone = play(Shoppers(demo_shop, seed=5), sorted(some))
    assert Counter(alone) == Counter(r for r in reactions if r.customer_id in some)


def test_messages_change_no_natural_order(
    demo_shop: Shop, played: tuple[Shoppers, list[Reaction]]
) -> None:
    untouched = Shoppers(demo_shop, seed=5)
    received, _ = played
    assert untouched.caused_orders(ENDS_AT, HORIZON) == []
    assert untouched.natural_orders(ENDS_AT, HORIZON) == received.natural_orders(ENDS_AT, HORIZON)


def test_days_tile_the_future_without_gap_or_overlap(demo_shop: Shop) -> None:
    shoppers = Shoppers(demo_shop)
    days = [ENDS_AT + timedelta(days=n) for n in range(31)]
    by_day = [
        order
        for after, until in itertools.pairwise(days)
        for order in shoppers.natural_orders(after, until)
    ]
    assert by_day == shoppers.natural_orders(ENDS_AT, days[-1])
    assert all(order.ordered_at > ENDS_AT for order in by_day)
    old = {order.order_id for order in demo_shop.orders}
    assert not old & {order.order_id for order in by_day}


def test_the_unknown_future_is_refused(demo_shop: Shop) -> None:
    with pytest.raises(ValueError, match="is known until"):
        Shoppers(demo_shop).natural_orders(ENDS_AT, ENDS_AT + timedelta(days=999))


def test_a_stranger_is_refused(demo_shop: Shop) -> None:
    with pytest.raises(ValueError, match="C99999 is not a customer"):
        Shoppers(demo_shop).react(message("C99999"))


def test_a_few_of_the_lately_lapsed_return_by_themselves_and_fewer_of_the_long_gone(
    demo_shop: Shop,
) -> None:
    last = {o.customer_id: o.ordered_at for o in demo_shop.orders}
    rates = {}
    for name, low, high in (("lately", 30, 46), ("long ago", 180, 2000)):
        people = [c for c, at in last.items() if low <= (ENDS_AT - at).days < high]
        draws = [
            Shoppers(demo_shop, seed=seed).truth([(c, "holdout", ENDS_AT) for c in people], 30)
            for seed in range(5)
        ]
        rates[name] = sum(draw.holdout_rate for draw in draws) / len(draws)
    assert 0.04 < rates["lately"] < 0.09
    assert rates["long ago"] < rates["lately"] / 2


def test_reaction_rates_are_the_documented_ones(
    played: tuple[Shoppers, list[Reaction]], lapsed: list[str]
) -> None:
    _, reactions = played
    counts = Counter((r.channel, r.kind) for r in reactions)
    texts, mails = counts["sms", "delivered"], counts["email", "delivered"]
    assert texts + counts["sms", "bounced"] == 3 * len(lapsed)
    assert mails + counts["email", "bounced"] == 2 * len(lapsed)
    assert counts["sms", "stop"] / texts == pytest.approx(TEMPERS["sms"].stop, rel=0.3)
    assert 0.03 < counts["sms", "replied"] / texts < 0.06
    assert counts["email", "machine_opened"] / mails == pytest.approx(0.45, abs=0.03)
    assert counts["email", "bounced"] / (2 * len(lapsed)) == pytest.approx(0.015, abs=0.006)


def test_people_answer_in_their_own_words(played: tuple[Shoppers, list[Reaction]]) -> None:
    _, reactions = played
    stops = {r.text for r in reactions if r.kind == "stop" and r.channel == "sms"}
    assert stops <= set(STOP_TEXTS)
    assert {"STOP", "ARRET"} <= stops
    feedback = {r.text for r in reactions if r.kind == "replied" and r.message_id.endswith("-3")}
    assert feedback
    assert feedback <= set(FEEDBACK_TEXTS)


def test_after_an_opt_out_a_channel_gets_nothing_but_deliveries(
    played: tuple[Shoppers, list[Reaction]],
) -> None:
    shoppers, reactions = played
    ended = {
        (r.customer_id, r.channel): r.at for r in reactions if r.kind in {"stop", "spamreport"}
    }
    later = [
        r
        for r in reactions
        if (r.customer_id, r.channel) in ended and r.at > ended[r.customer_id, r.channel]
    ]
    assert later
    assert {r.kind for r in later} <= {"delivered", "machine_opened"}
    clicked = {(r.customer_id, r.channel) for r in reactions if r.kind == "clicked"}
    caused = {order.customer_id for order in shoppers.caused_orders(ENDS_AT, HORIZON)}
    assert caused <= {customer for customer, _ in clicked}


def test_who_has_ordered_ignores_later_messages(played: tuple[Shoppers, list[Reaction]]) -> None:
    shoppers, reactions = played
    until = ENDS_AT + timedelta(days=12)
    orders = [*shoppers.natural_orders(ENDS_AT, until), *shoppers.caused_orders(ENDS_AT, until)]
    first: dict[str, datetime] = {}
    for order in sorted(orders, key=lambda o: o.ordered_at):
        if order.is_valid:
            first.setdefault(order.customer_id, order.ordered_at)
    sent = {f"-{step}": ENDS_AT + timedelta(days=day) for step, _, day in SMS_EMAIL}
    quiet = [
        r
        for r in reactions
        if r.customer_id in first and sent[r.message_id[-2:]] >= first[r.customer_id]
    ]
    assert quiet
    assert {r.kind for r in quiet} <= {"delivered", "machine_opened", "bounced"}


def test_a_caused_order_follows_its_click_within_two_weeks_at_a_discount(
    played: tuple[Shoppers, list[Reaction]],
) -> None:
    shoppers, reactions = played
    clicks = [r for r in reactions if r.kind == "clicked"]
    caused = shoppers.caused_orders(ENDS_AT, HORIZON)
    assert len(caused) > 100
    for order in caused:
        times = [r.at for r in clicks if r.customer_id == order.customer_id]
        assert any(timedelta(0) < order.ordered_at - at < timedelta(days=14) for at in times)
        assert order.coupon_code == "COME20"
        assert order.discount_cents == pytest.approx(0.2 * order.subtotal_cents, abs=0.5)


def test_nobody_is_brought_back_who_was_coming_anyway(
    played: tuple[Shoppers, list[Reaction]],
) -> None:
    shoppers, _ = played
    natural: dict[str, list[datetime]] = {}
    for order in shoppers.natural_orders(ENDS_AT, HORIZON):
        if order.is_valid:
            natural.setdefault(order.customer_id, []).append(order.ordered_at)
    caused = shoppers.caused_orders(ENDS_AT, HORIZON)
    assert len({order.customer_id for order in caused}) == len(caused)
    for order in caused:
        near = natural.get(order.customer_id, [])
        assert not [at for at in near if ENDS_AT < at <= order.ordered_at + timedelta(days=16)]


def test_the_effect_of_one_text_is_the_promised_one(demo_shop: Shop, everybody: list[str]) -> None:
    caused = delivered = 0
    for seed in range(4):
        shoppers = Shoppers(demo_shop, seed=seed)
        for who in everybody:
            delivered += shoppers.react(message(who))[0].kind == "delivered"
        caused += len(shoppers.caused_orders(ENDS_AT, HORIZON))
    assert caused / delivered == pytest.approx(TEMPERS["sms"].effect, rel=0.25)


enrollments = st.lists(
    st.tuples(
        st.integers(0, 4999),
        st.sampled_from(["treatment", "holdout"]),
        st.integers(0, 40 * 24),
    ),
    max_size=300,
)


@given(
    drawn=enrollments,
    window_days=st.sampled_from([14, 30, 60, 90]),
    seen=st.none() | st.integers(0, 60),
)
@settings(max_examples=40, deadline=None)
def test_truth_equals_a_recount_over_all_orders(
    drawn: list[tuple[int, str, int]],
    window_days: int,
    seen: int | None,
    played: tuple[Shoppers, list[Reaction]],
    everybody: list[str],
) -> None:
    shoppers, _ = played
    as_of = None if seen is None else ENDS_AT + timedelta(days=seen)
    enrolled = [(everybody[i], arm, ENDS_AT + timedelta(hours=h)) for i, arm, h in drawn]
    truth = shoppers.truth(enrolled, window_days, as_of=as_of)

    def returned(orders: list[tuple[str, datetime]], arm: str) -> list[bool]:
        return [
            any(
                who == customer
                and entered < at <= entered + timedelta(days=window_days)
                and (as_of is None or at <= as_of)
                for who, at in orders
            )
            for customer, its_arm, entered in enrolled
            if its_arm == arm
        ]

    def valid(orders: list) -> list[tuple[str, datetime]]:  # type: ignore[type-arg]
        return [(o.customer_id, o.ordered_at) for o in orders if o.is_valid]

    own = valid(shoppers.natural_orders(ENDS_AT, HORIZON))
    brought = valid(shoppers.caused_orders(ENDS_AT, HORIZON))
    treated = returned([*own, *brought], "treatment")
    assert truth.treated == len(treated)
    assert truth.treated_rate == pytest.approx(sum(treated) / max(1, len(treated)))
    mine = returned(own, "treatment")
    assert truth.natural_rate == pytest.approx(sum(mine) / max(1, len(mine)))
    assert truth.effect_points == pytest.approx(100 * (truth.treated_rate - truth.natural_rate))
    assert truth.effect_points >= 0
    held = returned(own, "holdout")
    assert truth.holdout == len(held)
    assert truth.holdout_rate == pytest.approx(sum(held) / max(1, len(held)))
