"""One shop, lived through for two weeks, for all tests of this folder."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from playbook_runs import Season, customer_ids, land, project_copy, utc

from winback.base.settings import Settings

# A Thursday, 15:30 in New York; three days later is a Sunday, when US clocks go forward
# and no text may go out.
START = utc(2026, 3, 5, 20, 30)


def _shop(people: SimpleNamespace) -> dict[str, list[dict[str, object]]]:
    phones = {name: f"+1212555{number:04d}" for number, name in enumerate(people.texts, 100)}
    emails = {name: f"{name}@example.com" for name in people.mails}
    emails |= dict.fromkeys(people.twins, "family@example.com")
    names = [*people.everybody]
    ordered_at = START - timedelta(days=35)
    return {
        "customers": [
            {
                "customer_id": name,
                "email": emails.get(name),
                "phone": phones.get(name),
                "country": "US",
                "timezone": "America/New_York",
            }
            for name in names
        ],
        "orders": [
            {
                "order_id": f"o-{name}",
                "customer_id": name,
                "ordered_at": ordered_at,
                "total_amount": 20,
            }
            for name in names
        ]
        + [
            {
                "order_id": "o-back",
                "customer_id": people.buyer,
                "ordered_at": START + timedelta(days=2),
                "total_amount": 30,
            }
        ],
        "consents": [
            {
                "customer_id": name,
                "channel": channel,
                "status": "granted",
                "basis": "express_written",
                "occurred_at": ordered_at,
            }
            for channel, agreed in (("email", emails), ("sms", phones))
            for name in agreed
        ]
        + [
            {
                "customer_id": people.answers,
                "channel": "email",
                "status": "revoked",
                "occurred_at": START + timedelta(days=5),
            }
        ],
        "past_messages": [
            {
                "message_id": f"past-{number}",
                "playbook_id": "newsletter",
                "step": "1",
                "customer_id": people.capped,
                "channel": "sms",
                "sent_at": START - timedelta(days=2, hours=number),
            }
            for number in range(3)
        ],
    }


@pytest.fixture(scope="session")
def people() -> SimpleNamespace:
    """Who lives in the shop, by what happens to them."""
    mail = customer_ids("sms_email", is_holdout=False, variant="offer")
    text = customer_ids("sms_four_step", is_holdout=False)
    both, buyer, mail_only, twin_one, twin_two, answers = (next(mail) for _ in range(6))
    taken = {both, buyer, mail_only, twin_one, twin_two, answers}
    held_out = next(n for n in customer_ids("sms_email", is_holdout=True) if n not in taken)
    taken.add(held_out)
    four, capped = (next(n for n in text if n not in taken) for _ in range(2))
    return SimpleNamespace(
        both=both,
        buyer=buyer,
        mail_only=mail_only,
        twins=(twin_one, twin_two),
        held_out=held_out,
        four=four,
        capped=capped,
        answers=answers,
        texts=[both, buyer, held_out, four, capped, answers],
        mails=[both, buyer, mail_only, held_out, answers],
        everybody=[both, buyer, mail_only, twin_one, twin_two, held_out, four, capped, answers],
    )


@pytest.fixture(scope="session")
def days() -> dict[int, datetime]:
    return {day: START + timedelta(days=day) for day in (0, 1, 3, 4, 7, 12)}


@pytest.fixture(scope="session")
def season(tmp_path_factory, people, days) -> Season:
    """The shop after runs on the days 0, 1, 3, 4, 7 and 12."""
    settings = Settings.load(
        home=tmp_path_factory.mktemp("season"), shop_timezone="America/New_York"
    )
    land(settings, _shop(people))
    lived = Season(settings)
    for day in days.values():
        lived.live(day)
        if day == days[4]:
            lived.answer(people.answers, step=3, at=day + timedelta(hours=2), intent="hold")
    return lived


@pytest.fixture
def edited_project(tmp_path):
    with project_copy(tmp_path) as project:
        yield project
