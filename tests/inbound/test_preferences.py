"""What may be chosen behind the link of a message, what it holds, and how it is taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from inbound_parts import EMAIL, NOW, PHONE, add_message, rows

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import Ledger, sign_token
from winback.pages import RunningReceiver

OTHER_PHONE = "+14155550199"
Choose = Callable[..., requests.Response]


@pytest.fixture
def choose(
    receiver: RunningReceiver, ledger: Ledger, settings: Settings, clock: FixedClock
) -> Choose:
    """Somebody got m1 by email; an email and a text to them, and a neighbor's, are planned."""
    add_message(ledger, "m1", customer_id="ann")
    add_message(ledger, "mail", customer_id="ann", address=EMAIL, state="planned")
    add_message(ledger, "text", customer_id="ann", channel="sms", address=PHONE, state="planned")
    add_message(ledger, "husband", customer_id="bob", address=EMAIL, state="planned")
    add_message(ledger, "neighbor", channel="sms", address=OTHER_PHONE, state="planned")

    def post(message_id: str = "m1", **form: str) -> requests.Response:
        link = f"{receiver.base_url}/u/{sign_token(ledger, message_id)}"
        answer = requests.post(link, data=form, timeout=5, allow_redirects=False)
        collect(ledger, settings, clock)
        return answer

    return post


def undo_of(answer: requests.Response) -> dict[str, str]:
    found = re.search(r'name="chosen" value="([^"]+)"', answer.text)
    assert found
    return {"choice": "undo", "chosen": found[1]}


def waiting(ledger: Ledger) -> set[str]:
    """Messages that a claim could still take."""
    return {
        row["message_id"]
        for row in rows(ledger, "messages")
        if row["state"] == "planned" and row["not_before"] is not None
    }


def standing(ledger: Ledger) -> list[tuple[Any, ...]]:
    return sorted(
        (row["kind"], row["channel_group"], row["customer_id"], row["address"])
        for row in rows(ledger, "preferences")
        if row["withdrawn_at"] is None
    )


def suppressed(ledger: Ledger) -> list[tuple[str, str]]:
    return sorted(
        (row["channel_group"], row["address"])
        for row in rows(ledger, "suppressions")
        if row["lifted_at"] is None
    )


def test_a_break_holds_what_is_planned_and_has_an_end(choose: Choose, ledger: Ledger) -> None:
    answer = choose(choice="pause")
    assert '<time datetime="2026-04-01">April 1, 2026</time>' in answer.text
    assert standing(ledger) == [("pause", g, "ann", EMAIL) for g in ("email", "phone", "post")]
    assert {r["until_at"] for r in rows(ledger, "preferences")} == {NOW + timedelta(days=30)}
    assert waiting(ledger) == {"neighbor"}
    assert suppressed(ledger) == []
    assert [event["kind"] for event in rows(ledger, "provider_events")] == ["preferred"]


def test_fewer_messages_hold_nothing_by_themselves(choose: Choose, ledger: Ledger) -> None:
    assert "at most one message a week" in choose(choice="fewer").text
    assert standing(ledger) == [("fewer", g, "ann", EMAIL) for g in ("email", "phone", "post")]
    assert waiting(ledger) == {"mail", "text", "husband", "neighbor"}


def test_stopping_this_channel_leaves_the_other(choose: Choose, ledger: Ledger) -> None:
    assert "no more offers and news by email to this address" in choose(choice="channel").text
    assert suppressed(ledger) == [("email", EMAIL)]
    assert standing(ledger) == []
    assert waiting(ledger) == {"text", "neighbor"}


def test_stopping_everything_stops_every_channel_of_the_person(
    choose: Choose, ledger: Ledger
) -> None:
    assert "neither by email nor by text" in choose(choice="all").text
    assert suppressed(ledger) == [("email", EMAIL), ("phone", PHONE)]
    assert standing(ledger) == [("stop", g, "ann", EMAIL) for g in ("email", "phone", "post")]
    assert waiting(ledger) == {"neighbor"}
    assert [event["kind"] for event in rows(ledger, "provider_events")] == ["opted_out"]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"List-Unsubscribe": "One-Click"},
        {"List-Unsubscribe": "One-Click", "choice": "fewer"},
        {"List-Unsubscribe": "One-Click", "choice": "undo"},
        {"choice": "everything!"},
        {"x": "\0"},
    ],
)
def test_one_click_and_what_nobody_offered_mean_silence(
    choose: Choose, ledger: Ledger, form: dict[str, str]
) -> None:
    answer = choose(**form)
    assert (answer.status_code, answer.cookies.get_dict()) == (200, {})
    assert suppressed(ledger) == [("email", EMAIL)]
    assert standing(ledger) == []


def test_one_click_may_be_multipart_too(
    receiver: RunningReceiver, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    add_message(ledger, "m1")
    link = f"{receiver.base_url}/u/{sign_token(ledger, 'm1')}"
    form = {"List-Unsubscribe": (None, "One-Click")}
    assert requests.post(link, files=form, timeout=5, allow_redirects=False).status_code == 200
    collect(ledger, settings, clock)
    assert suppressed(ledger) == [("email", EMAIL)]


def test_a_form_that_nobody_could_have_filled_in_is_not_read(
    choose: Choose, ledger: Ledger
) -> None:
    assert choose(choice="x" * 20_000).status_code == 413
    assert rows(ledger, "provider_events") == []


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        ("channel", ([], [])),
        ("pause", ([], [])),
        ("fewer", ([], [])),
        # The law wants more than a click before texts go out again.
        ("all", ([("phone", PHONE)], [("stop", "phone", "ann", EMAIL)])),
    ],
)
def test_a_choice_is_taken_back_within_the_hour(
    choose: Choose, ledger: Ledger, clock: FixedClock, choice: str, left: Any
) -> None:
    answer = choose(choice=choice)
    clock.advance(timedelta(hours=1))
    back = choose(**undo_of(answer))
    assert "Your choice was taken back</h1>" in back.text
    assert ("Text messages stay off" in back.text) is (choice == "all")
    assert (suppressed(ledger), standing(ledger)) == left


def test_later_it_is_not_taken_back(choose: Choose, ledger: Ledger, clock: FixedClock) -> None:
    answer = choose(choice="channel")
    clock.advance(timedelta(hours=1, seconds=1))
    assert choose(**undo_of(answer)).status_code == 410
    assert suppressed(ledger) == [("email", EMAIL)]


def test_only_that_very_choice_is_taken_back(
    choose: Choose, ledger: Ledger, clock: FixedClock
) -> None:
    choose(choice="channel")
    clock.advance(timedelta(minutes=1))
    choose(**undo_of(choose(choice="fewer")))
    assert suppressed(ledger) == [("email", EMAIL)]
    assert standing(ledger) == []


def test_the_undo_of_one_message_is_none_of_another_and_no_link(
    choose: Choose, receiver: RunningReceiver, ledger: Ledger
) -> None:
    undo = undo_of(choose(choice="pause"))
    assert choose("mail", **undo).status_code == 404
    assert choose(choice="undo", chosen="x").status_code == 404
    assert len(standing(ledger)) == 3
    link = f"{receiver.base_url}/u/{undo['chosen']}"
    assert requests.get(link, timeout=5).status_code == 404


def test_a_stop_of_texts_offers_no_way_back(choose: Choose, ledger: Ledger) -> None:
    answer = choose("text", choice="channel")
    assert "by text message to this number" in answer.text
    assert "undo" not in answer.text
    assert suppressed(ledger) == [("phone", PHONE)]


def test_what_can_not_be_kept_is_not_said_to_be(
    choose: Choose, ledger: Ledger, settings: Settings
) -> None:
    settings.events_dir.mkdir(parents=True, exist_ok=True)
    (settings.events_dir / "open").write_text("in the way of the log")
    answer = choose(choice="all")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "could not be saved" in answer.text
    assert rows(ledger, "suppressions") == []
