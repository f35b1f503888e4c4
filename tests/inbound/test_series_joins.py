"""A keyword joins a content series: asked, confirmed, left, and never at the cost of a STOP."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from inbound_parts import NOW, PHONE, Provider, add_message, rows
from sqlalchemy import update

from winback.base import content_series
from winback.base.clock import FixedClock
from winback.base.errors import BuildFailure
from winback.base.settings import Settings
from winback.conversations import inbox
from winback.conversations.series import acknowledge_joins
from winback.inbound import collect
from winback.inbound._match import Match
from winback.inbound._series import SeriesWish, series_wish
from winback.ledger import Ledger, tables
from winback.providers._event import Event, Reply
from winback.replies import check_series_words

DAY = timedelta(days=1)
SHIPPED = content_series.SEEDS_DIR
Says = Callable[..., dict[str, Any]]
Edit = Callable[..., None]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"twilio_messaging_service_sid": "MG1", "brand_name": "Example Shop"}
    )


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edit:
    """Use the shipped series with other values, by column; its playbook may be enabled."""
    folder = tmp_path / "seeds"
    folder.mkdir()

    def write(*, is_enabled: bool = True, **changes: str) -> None:
        for name in ("content_series", "playbooks"):
            shutil.copy(SHIPPED / f"{name}.csv", folder)
        _rewrite(folder / "content_series.csv", changes)
        if is_enabled:
            _rewrite(folder / "playbooks.csv", {"is_enabled": "true"})
        monkeypatch.setattr(content_series, "SEEDS_DIR", folder)

    return write


def _rewrite(path: Path, changes: dict[str, str]) -> None:
    with path.open(newline="") as file:
        found = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, found[0])
        writer.writeheader()
        writer.writerows(row | changes for row in found)


@pytest.fixture
def says(
    provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock, edit: Edit
) -> Says:
    """Have the person of the message m1 text us; the reply as it was kept."""
    edit()
    add_message(ledger, "m1", channel="sms", address=PHONE)
    sids = iter(range(1000))

    def text(body: str, *, after: timedelta = timedelta(0), **form: str) -> dict[str, Any]:
        clock.advance(after)
        provider.text(body, sid=f"SM{next(sids)}", **form)
        assert collect(ledger, settings, clock).unreadable == 0
        return rows(ledger, "replies")[-1]

    return text


@pytest.fixture
def acknowledge(ledger: Ledger, settings: Settings, clock: FixedClock) -> Callable[[], list[Any]]:
    """Plan what confirms the joins, and have it accepted a minute later; the texts."""

    def run() -> list[Any]:
        acknowledge_joins(ledger, settings, clock)
        clock.advance(timedelta(minutes=1))
        m = tables.messages
        with ledger.write() as connection:
            connection.execute(
                update(m)
                .where(m.c.state == "planned")
                .values(state="accepted", accepted_at=clock.now())
            )
        return [row for row in rows(ledger, "messages") if row["playbook_id"] == "answers"]

    return run


def the_join(ledger: Ledger) -> dict[str, Any]:
    (join,) = rows(ledger, "series_joins")
    return join


@pytest.mark.parametrize("text", ["TIPS", "tips", " Tips! ", "“TIPS”", "*tips*."])
def test_a_keyword_is_kept_with_all_that_proves_it_and_waits_for_a_yes(
    says: Says, ledger: Ledger, text: str
) -> None:
    reply = says(text)
    assert reply["intent"] == "join"
    join = the_join(ledger)
    assert (join["series_id"], join["customer_id"], join["address"]) == (
        "daily_tips",
        "c-m1",
        PHONE,
    )
    assert (join["asked_words"], join["asked_reply_id"]) == (text, reply["reply_id"])
    assert (join["message_id"], join["asked_at"]) == ("m1", NOW)
    assert join["confirm_by"] == NOW + 3 * DAY
    assert join["terms"].startswith("Text TIPS to get")
    assert (join["granted_at"], join["ended_at"]) == (None, None)
    assert [row["waiting_since"] for row in rows(ledger, "conversations")] == [None]


@pytest.mark.parametrize("text", ["tips please", "any tips?", "TIPSY", "I love your tips", "tip"])
def test_what_is_not_the_whole_message_joins_nothing(says: Says, ledger: Ledger, text: str) -> None:
    assert says(text)["intent"] != "join"
    assert rows(ledger, "series_joins") == []


@pytest.mark.rule("series_join")
def test_who_asks_is_told_what_the_law_asks_for_and_a_yes_to_it_is_the_consent(
    says: Says, acknowledge: Any, ledger: Ledger
) -> None:
    says("TIPS")
    (asked,) = acknowledge()
    assert (asked["cap_scope"], asked["address"], asked["customer_id"]) == (
        "daily_tips",
        PHONE,
        "c-m1",
    )
    words = asked["payload_json"]
    for told in (
        "Example Shop: Reply YES", "7 days of tips", "recurring marketing texts",
        "1 msg/day for 7 days", "no condition of purchase", "Msg & data rates may apply",
        "HELP", "Reply STOP to opt out",
    ):  # fmt: skip
        assert told in words
    assert len(acknowledge()) == 1, "nobody is asked twice"
    reply = says("Yes!")
    assert reply["intent"] == "confirm"
    join = the_join(ledger)
    assert (join["granted_words"], join["granted_reply_id"]) == ("Yes!", reply["reply_id"])
    assert join["granted_at"] == reply["received_at"]
    assert join["terms"] in words
    _, welcome = acknowledge()
    for told in ("7 days of tips", "Msg & data rates", "LEAVE TIPS", "HELP", "STOP"):
        assert told in welcome["payload_json"]
    assert len(acknowledge()) == 2
    assert [row["waiting_since"] for row in rows(ledger, "conversations")] == [None]


def test_a_yes_to_anything_else_is_no_consent(says: Says, acknowledge: Any, ledger: Ledger) -> None:
    says("TIPS")
    assert says("yes")["intent"] == "other", "nobody has asked them yet"
    acknowledge()
    add_message(ledger, "m2", channel="sms", address=PHONE, accepted_at=NOW + timedelta(minutes=5))
    assert says("yes", after=timedelta(minutes=9))["intent"] == "other"
    assert the_join(ledger)["granted_at"] is None
    assert rows(ledger, "conversations")[0]["waiting_since"] is not None, "a human reads it"


def test_a_yes_that_comes_too_late_is_asked_for_again(
    says: Says, acknowledge: Any, ledger: Ledger
) -> None:
    says("TIPS")
    acknowledge()
    says("yes", after=3 * DAY)
    first, again = rows(ledger, "series_joins")
    assert (first["granted_at"], again["granted_at"]) == (None, None)
    assert again["confirm_by"] > first["confirm_by"]


def test_a_no_is_the_end_of_it_and_bothers_nobody(
    says: Says, acknowledge: Any, ledger: Ledger
) -> None:
    says("TIPS")
    acknowledge()
    assert says("No thanks.")["intent"] == "decline"
    assert the_join(ledger)["ended_by"] == "declined"
    assert says("yes")["intent"] == "confirm"
    assert [row["granted_at"] for row in rows(ledger, "series_joins")] == [None, None], (
        "who said no is asked anew"
    )
    assert rows(ledger, "suppressions") == []


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("LEAVE TIPS", ("left", [])),
        ("leave tips!", ("left", [])),
        # It may mean all texts: the rest waits until a human has read it.
        ("stop tips", ("left", ["hold"])),
        ("STOP", ("stop", ["stop"])),
        ("please stop texting me", ("stop", ["stop"])),
    ],
)
def test_a_word_of_the_series_leaves_it_alone_and_stop_leaves_everything(
    says: Says, acknowledge: Any, ledger: Ledger, text: str, ends: tuple[str, list[str]]
) -> None:
    says("TIPS")
    acknowledge()
    says("yes")
    says(text)
    join = the_join(ledger)
    assert join["granted_at"] is not None
    reasons = [row["reason"] for row in rows(ledger, "suppressions")]
    assert (join["ended_by"], reasons) == ends
    assert len(acknowledge()) == 1, "the welcome that was not planned yet is not sent"


def test_a_start_after_a_stop_joins_nothing_again(
    says: Says, acknowledge: Any, ledger: Ledger
) -> None:
    says("TIPS")
    acknowledge()
    says("yes")
    says("STOP", after=timedelta(minutes=1))
    assert says("TIPS")["intent"] == "join"
    assert len(rows(ledger, "series_joins")) == 1, "a keyword takes back no stop"
    assert says("yes", after=timedelta(minutes=1))["intent"] == "start"
    assert the_join(ledger)["ended_by"] == "stop"
    assert rows(ledger, "suppressions")[0]["lifted_at"] is not None


def test_a_yes_that_twilio_takes_for_its_start_is_a_yes(
    says: Says, acknowledge: Any, ledger: Ledger
) -> None:
    says("TIPS")
    acknowledge()
    assert says("YES", OptOutType="START")["intent"] == "confirm"
    assert the_join(ledger)["granted_at"] is not None


def test_an_unknown_number_is_kept_and_shown_to_a_human(
    says: Says, acknowledge: Any, ledger: Ledger, clock: FixedClock
) -> None:
    assert says("TIPS", sender="+14155550177")["intent"] == "unknown_joiner"
    join = the_join(ledger)
    assert (join["customer_id"], join["address"]) == (None, "+14155550177")
    assert acknowledge() == []
    (thread,) = inbox.threads(ledger, clock)
    assert thread.intent == "unknown_joiner"
    assert [line.text for line in thread.lines] == ["TIPS"]


def test_without_a_yes_to_give_the_words_it_is_advertised_by_are_the_terms(
    says: Says, acknowledge: Any, ledger: Ledger, edit: Edit
) -> None:
    edit(confirm_within_days="")
    says("TIPS")
    join = the_join(ledger)
    assert (join["granted_at"], join["granted_words"]) == (NOW, "TIPS")
    assert join["terms"].startswith("Text TIPS to get")
    (welcome,) = acknowledge()
    assert "You are in" in welcome["payload_json"]


def test_nobody_joins_what_is_switched_off_and_everybody_can_leave_it(
    says: Says, acknowledge: Any, ledger: Ledger, edit: Edit
) -> None:
    says("TIPS")
    edit(is_enabled=False)
    assert acknowledge() == []
    assert says("TIPS")["intent"] == "other"
    says("LEAVE TIPS")
    assert the_join(ledger)["ended_by"] == "left"


def test_at_night_nobody_is_asked(
    says: Says, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    says("TIPS", after=timedelta(hours=8))
    assert acknowledge_joins(ledger, settings, clock).asked == 0
    clock.advance(timedelta(hours=7, minutes=59))
    assert acknowledge_joins(ledger, settings, clock).asked == 0
    clock.advance(timedelta(minutes=1))
    assert acknowledge_joins(ledger, settings, clock).asked == 1


def test_what_can_not_be_written_is_said_and_tried_again(
    says: Says, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    says("TIPS")
    bare = settings.model_copy(update={"twilio_messaging_service_sid": ""})
    report = acknowledge_joins(ledger, bare, clock)
    assert "WINBACK_TWILIO_MESSAGING_SERVICE_SID" in report.summary()
    assert acknowledge_joins(ledger, settings, clock).asked == 1


def test_a_seed_that_can_not_be_read_keeps_no_stop_waiting(
    says: Says, ledger: Ledger, edit: Edit
) -> None:
    edit(confirm_within_days="soon")
    assert says("TIPS")["intent"] == "other"
    says("STOP")
    assert [row["reason"] for row in rows(ledger, "suppressions")] == ["stop"]


def test_a_seed_with_a_line_that_is_too_short_keeps_no_stop_waiting(
    says: Says, ledger: Ledger, edit: Edit
) -> None:
    edit()
    with (content_series.SEEDS_DIR / "content_series.csv").open("a") as file:
        file.write("more_tips,more\n")
    with pytest.raises(BuildFailure, match="fewer columns"):
        check_series_words(content_series.SEEDS_DIR)
    assert says("TIPS")["intent"] == "other"
    says("STOP")
    assert [row["reason"] for row in rows(ledger, "suppressions")] == ["stop"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"keywords": "STOP"}, "means stop"),
        ({"keywords": "TIPS|Unsubscribe"}, "means stop"),
        ({"keywords": "arrêt"}, "means stop"),
        ({"keywords": "START"}, "means start"),
        ({"keywords": "YES"}, "means start to who is opted out"),
        ({"keywords": "INFO"}, "means help"),
        ({"keywords": "spam"}, "means hold"),
        ({"leave_keyword": "END"}, "means stop"),
        ({"leave_keyword": "tips!"}, "'tips' stands there 2 times"),
        ({"keywords": "!!!"}, "has no letter"),
        ({"confirm_within_days": "soon"}, "can't be read"),
    ],
)
def test_a_build_refuses_a_word_that_means_something_else(
    edit: Edit, changes: dict[str, str], told: str
) -> None:
    edit()
    check_series_words(content_series.SEEDS_DIR)
    edit(**changes)
    with pytest.raises(BuildFailure, match=r"content_series\.csv") as refused:
        check_series_words(content_series.SEEDS_DIR)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_line_of_the_corpus_is_taken_for_a_word_of_a_series(edit: Edit) -> None:
    edit()
    lines = (Path(__file__).with_name("replies.tsv")).read_text().splitlines()
    texts = [line.split("\t")[-1] for line in lines if line and not line.startswith("#")]
    assert len(texts) > 200
    assert [text for text in texts if _wish(text)] == []
    assert _wish("TIPS") is not None


def _wish(body: str) -> SeriesWish | None:
    """What a text would mean to a series, were it no stop, start or help."""
    event = Event(
        provider="twilio", kind="replied", dedupe_key="k", semantic_key="k", occurred_at=NOW,
        received_at=NOW, ref="r", group="phone", reply=Reply(body),
    )  # fmt: skip
    return series_wish(event, Match(), "other", body, is_opted_out=False)
