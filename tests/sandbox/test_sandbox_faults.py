"""Faults on request: each goes wrong as a provider would, and says what was kept."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from sandbox_parts import mail

from winback.sandbox import RunningSandbox


def post(box: RunningSandbox) -> requests.Response:
    headers = {"Authorization": f"Bearer {box.credentials.api_key}"}
    return requests.post(
        f"{box.base_url}/v3/mail/send", json=mail("m1"), headers=headers, timeout=5
    )


def kept(box: RunningSandbox) -> int:
    return len(requests.get(f"{box.base_url}/_sandbox/messages", timeout=5).json()["messages"])


@pytest.mark.parametrize(
    ("kind", "status", "accepted"),
    [("error", 500, 0), ("error_accepted", 500, 1), ("rate_limited", 429, 0)],
)
def test_an_answer_can_lie_about_what_was_accepted(
    box: RunningSandbox, control: Any, kind: str, status: int, accepted: int
) -> None:
    control("faults", kind=kind)
    answer = post(box)
    assert answer.status_code == status
    assert answer.json()["errors"]
    assert kept(box) == accepted
    assert post(box).status_code == 202


@pytest.mark.parametrize(("kind", "accepted"), [("drop", 0), ("drop_accepted", 1)])
def test_a_connection_can_be_dropped_without_an_answer(
    box: RunningSandbox, control: Any, kind: str, accepted: int
) -> None:
    control("faults", kind=kind, count=2)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            post(box)
    assert kept(box) == 2 * accepted
    assert post(box).status_code == 202


def test_an_answer_can_be_slow(box: RunningSandbox, control: Any) -> None:
    control("faults", kind="slow", seconds=0.3)
    started = time.monotonic()
    assert post(box).status_code == 202
    assert time.monotonic() - started >= 0.3


def test_faults_can_be_taken_back(box: RunningSandbox, control: Any) -> None:
    assert control("faults", kind="error", count=5)["faults"] == 5
    requests.delete(f"{box.base_url}/_sandbox/faults", timeout=5).raise_for_status()
    assert post(box).status_code == 202
