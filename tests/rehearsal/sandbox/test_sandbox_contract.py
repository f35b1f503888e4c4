"""Requests of ours and answers of the sandbox, held to the official descriptions."""

from __future__ import annotations

from typing import Any

import pytest
from contract_parts import Caller
from sandbox_parts import mail

from winback.rehearsal.sandbox import RunningSandbox


def test_mail_send_keeps_the_contract_when_it_accepts_and_when_it_refuses(call: Caller) -> None:
    assert call("POST", "/v3/mail/send", json=mail("m1", "m2")).status_code == 202
    assert call.send("POST", "/v3/mail/send", json=mail("m1", subject="")).status_code == 400
    wrong = {"Authorization": "Bearer wrong"}
    answer = call("POST", "/v3/mail/send", json=mail("m1"), headers=wrong)
    assert answer.status_code == 401


def test_batches_and_their_cancellation_keep_the_contract(call: Caller) -> None:
    sends = "/v3/user/scheduled_sends"
    batch_id = call("POST", "/v3/mail/batch").json()["batch_id"]
    assert call("GET", f"/v3/mail/batch/{batch_id}").json() == {"batch_id": batch_id}
    assert call("GET", "/v3/mail/batch/none").status_code == 400
    assert call("GET", f"{sends}/{batch_id}").json() == []
    assert call("DELETE", f"{sends}/{batch_id}").status_code == 404
    body = {"batch_id": batch_id, "status": "pause"}
    assert call("POST", sends, json=body).status_code == 201
    assert call("POST", sends, json=body).status_code == 400
    assert call("PATCH", f"{sends}/{batch_id}", json={"status": "cancel"}).status_code == 204
    assert call("GET", sends).json() == [{"batch_id": batch_id, "status": "cancel"}]
    assert call("DELETE", f"{sends}/{batch_id}").status_code == 204
    assert call.send("POST", sends, json={"batch_id": "none", "status": "x"}).status_code == 400


def test_logs_and_activity_keep_the_contract_whatever_happened(call: Caller, control: Any) -> None:
    happened = ["open", "click", "bounce", "blocked", "deferred", "dropped", "spamreport",
                "unsubscribe", "group_unsubscribe"]  # fmt: skip
    call("POST", "/v3/mail/send", json=mail(*happened, categories=["winback"]))
    acts = [{"event": name, "message_id": name, "url": "https://x.test/"} for name in happened]
    assert control("events", events=acts)["status"] == 200
    query = 'to_email = "open@example.com" AND categories IN ("winback")'
    (found,) = call("POST", "/v3/logs", json={"query": query}).json()["messages"]
    assert (found["status"], found["subject"]) == ("delivered", "We miss you")
    every = call("POST", "/v3/logs", json={"limit": 1000}).json()["messages"]
    assert len(every) == len(happened)
    for message in every:
        log = call("GET", f"/v3/logs/{message['sg_message_id']}").json()
        assert log["custom_args"]["wb_attempt"] == "a1"
        assert len(log["events"]) == 3
    assert call("GET", "/v3/logs/none").status_code == 404
    assert call("POST", "/v3/logs", json={"query": "nonsense"}).status_code == 400
    activity = {"query": f"msg_id LIKE '{found['sg_message_id'][:10]}%'", "limit": 1000}
    assert len(call("GET", "/v3/messages", params=activity).json()["messages"]) == len(happened)
    assert call("GET", "/v3/messages", params={"query": "nonsense"}).status_code == 400


@pytest.mark.parametrize(
    ("act", "path"),
    [
        ("bounce", "/v3/suppression/bounces"),
        ("blocked", "/v3/suppression/blocks"),
        ("spamreport", "/v3/suppression/spam_reports"),
        ("dropped", "/v3/suppression/invalid_emails"),
        ("unsubscribe", "/v3/suppression/unsubscribes"),
        ("group_unsubscribe", "/v3/asm/suppressions"),
    ],
)
def test_suppression_lists_keep_the_contract_and_hold_who_left(
    call: Caller, control: Any, act: str, path: str
) -> None:
    accept = {"Accept": "application/json"}
    call("POST", "/v3/mail/send", json=mail("m1", asm={"group_id": 7}))
    assert call("GET", path, headers=accept).json() == []
    control("events", events=[{"event": act, "message_id": "m1"}])
    (entry,) = call("GET", path, headers=accept).json()
    assert entry["email"] == "m1@example.com"
    assert call.send("GET", path, headers={"Authorization": "no"}).status_code == 401


def test_messages_keep_the_contract_when_created_fetched_listed_and_changed(
    call: Caller, box: RunningSandbox
) -> None:
    form = {
        "To": "+14155550100",
        "Body": "Shop: hello",
        "MessagingServiceSid": box.credentials.messaging_service_sid,
        "ValidityPeriod": "3600",
        "StatusCallback": "http://127.0.0.1:9/status?m=m1",
    }
    messages = f"{call.account}/Messages"
    created = call("POST", f"{messages}.json", data=form)
    assert created.status_code == 201
    sid = created.json()["sid"]
    assert call("GET", f"{messages}/{sid}.json").json()["sid"] == sid
    assert call("POST", f"{messages}/{sid}.json", data={"Body": ""}).json()["body"] == ""
    assert call("POST", f"{messages}/{sid}.json", data={"Status": "canceled"}).status_code == 400
    listed = call("GET", f"{messages}.json", params={"To": "+14155550100"})
    assert [message["sid"] for message in listed.json()["messages"]] == [sid]


def test_calls_keep_the_contract_when_made_fetched_listed_and_ended(
    call: Caller, control: Any
) -> None:
    control("behavior", deliver=False)
    form = {
        "To": "+14155550100",
        "From": "+15005550006",
        "Twiml": "<Response><Say>Hi</Say></Response>",
    }
    made = call("POST", f"{call.account}/Calls.json", data=form)
    assert (made.status_code, made.json()["status"]) == (201, "queued")
    sid = made.json()["sid"]
    assert call("GET", f"{call.account}/Calls/{sid}.json").json()["start_time"] is None
    ended = call("POST", f"{call.account}/Calls/{sid}.json", data={"Status": "canceled"})
    assert ended.json()["status"] == "canceled"
    listed = call("GET", f"{call.account}/Calls.json", params={"To": "+14155550100"})
    assert [made["sid"] for made in listed.json()["calls"]] == [sid]
