"""The sandbox as SendGrid, through SendGrid's own client."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests
import sendgrid
from python_http_client.exceptions import BadRequestsError, UnauthorizedError
from sandbox_parts import NOW, mail

from winback.base.settings import Settings
from winback.rehearsal.sandbox import RunningSandbox


@pytest.fixture
def refused(strict_box: RunningSandbox) -> Iterator[Any]:
    client = sendgrid.SendGridAPIClient(
        strict_box.credentials.api_key, host=strict_box.base_url
    ).client

    def send(body: object) -> list[dict[str, str]]:
        with pytest.raises(BadRequestsError) as refusal:
            client.mail.send.post(request_body=body)
        errors: list[dict[str, str]] = refusal.value.to_dict["errors"]
        return errors

    return send


def test_a_mail_is_accepted_with_202_and_a_message_id_and_kept(
    mail_client: Any, box: RunningSandbox
) -> None:
    answer = mail_client.mail.send.post(request_body=mail("m1", "m2"))

    kept = requests.get(f"{box.base_url}/_sandbox/messages", timeout=5).json()["messages"]
    assert answer.status_code == 202
    assert {message["request_id"] for message in kept} == {answer.headers["X-Message-Id"]}
    assert [message["message_id"] for message in kept] == ["m1", "m2"]
    assert kept[1]["recipient"] == "m2@example.com"
    assert kept[1]["content"]["text/plain"] == "Hello M2"
    assert all(m["provider_id"].startswith(answer.headers["X-Message-Id"]) for m in kept)


def test_what_was_answered_is_on_disk_by_then(
    mail_client: Any, box: RunningSandbox, settings: Settings
) -> None:
    mail_client.mail.send.post(request_body=mail("m1", "m2"))
    file = f"file:{settings.home / 'sandbox/sandbox.db'}?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as other:
        assert other.execute("select our_id from messages").fetchall() == [("m1",), ("m2",)]


def test_a_wrong_key_is_refused_with_401(box: RunningSandbox) -> None:
    client = sendgrid.SendGridAPIClient("SG.not-the-key", host=box.base_url).client
    with pytest.raises(UnauthorizedError):
        client.mail.send.post(request_body=mail("m1"))
    assert requests.get(f"{box.base_url}/_sandbox/messages", timeout=5).json()["messages"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"from": {}}, "from.email"),
        ({"from": {"email": "nobody"}}, "from.email"),
        ({"subject": ""}, "subject"),
        ({"content": None}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{"to": []}]}, "personalizations.0.to"),
        ({"personalizations": [{"to": [{"email": "a b@example.com"}]}]},
         "personalizations.0.to.0.email"),
        ({"personalizations": [{"to": [{"email": "a@example.com"}] * 2}]},
         "personalizations.0.to.1"),
        ({"personalizations": [{"to": [{"email": "a@example.com"}], "cc": "b@example.com"}]},
         "personalizations.0.cc"),
        ({"personalizations": [{"to": [{"email": "a@example.com"}], "custom_args": {"n": 1}}]},
         "personalizations.0.custom_args.n"),
        ({"personalizations": [{"to": [{"email": "a@example.com"}],
                                "substitutions": {"-x-": "y" * 10_001}}]},
         "personalizations.0.substitutions"),
        ({"personalizations": [{"to": [{"email": f"a{n}@example.com"}]} for n in range(1001)]},
         "personalizations"),
        ({"headers": {"Subject": "other"}}, "headers.Subject"),
        ({"mail_settings": []}, "mail_settings"),
        ({"send_at": int(NOW.timestamp()) + 72 * 3600 + 1}, "send_at"),
        ({"send_at": "soon"}, "send_at"),
        ({"batch_id": "nobodys"}, "batch_id"),
        ({"misspelled": 1}, "misspelled"),
    ],
)  # fmt: skip
def test_what_the_api_refuses_is_refused_by_field(
    refused: Any, change: dict[str, object], field: str
) -> None:
    assert field in [error["field"] for error in refused(mail("m1") | change)]


def test_one_bad_address_refuses_the_whole_request_and_names_its_place(
    refused: Any, strict_box: RunningSandbox
) -> None:
    body = mail("m1", "m2", "m3")
    body["personalizations"][1]["to"] = [{"email": "not-an-address"}]
    assert [error["field"] for error in refused(body)] == ["personalizations.1.to.0.email"]
    assert (
        requests.get(f"{strict_box.base_url}/_sandbox/messages", timeout=5).json()["messages"] == []
    )


def test_sendgrids_own_sandbox_mode_answers_200_and_keeps_nothing(
    mail_client: Any, box: RunningSandbox
) -> None:
    body = mail("m1", mail_settings={"sandbox_mode": {"enable": True}})
    assert mail_client.mail.send.post(request_body=body).status_code == 200
    assert requests.get(f"{box.base_url}/_sandbox/messages", timeout=5).json()["messages"] == []


def test_after_a_spam_report_the_next_mail_is_accepted_and_dropped(
    mail_client: Any, control: Any, listener: Any
) -> None:
    mail_client.mail.send.post(request_body=mail("m1"))
    control("events", events=[{"event": "spamreport", "message_id": "m1"}])
    body = mail("m2")
    body["personalizations"][0]["to"] = [{"email": "M1@example.com"}]

    assert mail_client.mail.send.post(request_body=body).status_code == 202
    assert control("flush")["pending"] == 0
    last = listener.events()[-1]
    assert (last["event"], last["reason"]) == ("dropped", "Spam Reporting Address")
