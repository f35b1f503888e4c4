"""Faults on request: each goes wrong as a provider would, and says what was kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from sandbox_parts import mail

from winback.base.clock import FixedClock
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.rehearsal import sandbox
from winback.rehearsal.sandbox import RunningSandbox, parse_faults
from winback.rehearsal.sandbox._fault_plan import KINDS, Chances


def post(box: RunningSandbox, timeout: float = 5) -> requests.Response:
    headers = {"Authorization": f"Bearer {box.credentials.api_key}"}
    return requests.post(
        f"{box.base_url}/v3/mail/send",
        json=mail("m1"),
        headers=headers,
        timeout=timeout,
        allow_redirects=False,
    )


def text(box: RunningSandbox) -> requests.Response:
    url = f"{box.base_url}/2010-04-01/Accounts/{box.account_sid}/Messages.json"
    form = {"To": "+14155550100", "From": "+15005550006", "Body": "hello"}
    return requests.post(url, data=form, auth=(box.account_sid, box.auth_token), timeout=5)


def kept(box: RunningSandbox) -> int:
    return len(requests.get(f"{box.base_url}/_sandbox/messages", timeout=5).json()["messages"])


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether it comes true within ten seconds."""
    return any(is_so() or time.sleep(0.05) for _ in range(200))


@pytest.mark.parametrize(
    ("kind", "status", "accepted"),
    [
        ("error", 500, 0),
        ("error_accepted", 500, 1),
        ("rate_limited", 429, 0),
        ("proxy_html", 403, 0),
        ("too_large", 413, 0),
        ("refused", 403, 0),
        ("redirect", 307, 0),
        ("broken_json_accepted", 202, 1),
    ],
)
def test_an_answer_can_lie_about_what_was_accepted(
    box: RunningSandbox, control: Any, kind: str, status: int, accepted: int
) -> None:
    control("faults", kind=kind)
    assert post(box).status_code == status
    assert kept(box) == accepted
    assert post(box).status_code == 202


@pytest.mark.parametrize(
    ("kind", "accepted"),
    [
        ("drop", 0),
        ("drop_accepted", 1),
        ("silent", 0),
        ("silent_accepted", 1),
        ("truncated_accepted", 1),
    ],
)
def test_an_answer_can_fail_to_come(
    box: RunningSandbox, control: Any, kind: str, accepted: int
) -> None:
    control("faults", kind=kind, count=2, seconds=0.1)
    for _ in range(2):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            post(box)
    assert kept(box) == 2 * accepted
    assert post(box).status_code == 202


def test_errors_and_pages_bear_the_shape_of_who_sends_them(
    box: RunningSandbox, control: Any
) -> None:
    control("faults", kind="error")
    assert post(box).json()["errors"]
    control("faults", kind="rate_limited")
    assert text(box).json()["code"] == 20429
    control("faults", kind="proxy_html", status=502)
    page = post(box)
    assert (page.status_code, page.headers["content-type"][:9]) == (502, "text/html")
    control("faults", kind="broken_json_accepted")
    with pytest.raises(requests.JSONDecodeError):
        text(box).json()


def test_a_provider_can_refuse_with_any_word_of_its_own(box: RunningSandbox, control: Any) -> None:
    control("faults", kind="refused", status=400, field="from.email")
    refused = post(box)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "from.email")
    control("faults", kind="refused", status=400, code=21610)
    assert text(box).json()["code"] == 21610
    control("faults", kind="refused", status=401)
    assert text(box).json()["code"] == 20003
    assert kept(box) == 0


def test_an_answer_can_be_slow(box: RunningSandbox, control: Any) -> None:
    control("faults", kind="slow", seconds=0.3)
    started = time.monotonic()
    assert post(box).status_code == 202
    assert time.monotonic() - started >= 0.3


def test_a_slow_request_is_accepted_after_its_client_gave_up(
    box: RunningSandbox, control: Any
) -> None:
    control("faults", kind="slow", seconds=1)
    with pytest.raises(requests.ReadTimeout):
        post(box, timeout=0.1)
    assert kept(box) == 0
    assert soon(lambda: kept(box) == 1)


def test_a_request_can_be_accepted_long_after_its_connection_closed(
    box: RunningSandbox, control: Any
) -> None:
    control("faults", kind="late_accepted", seconds=1)
    with pytest.raises(requests.ConnectionError):
        post(box)
    assert kept(box) == 0
    assert control("flush")["status"] == 200  # waits for what is late
    assert kept(box) == 1


@pytest.mark.parametrize(
    ("hint", "header"),
    [("retry_after", "retry-after"), ("reset", "x-ratelimit-reset"), ("none", None)],
)
def test_a_storm_refuses_everything_for_a_while_and_says_when_it_ends(
    box: RunningSandbox, control: Any, hint: str, header: str | None
) -> None:
    control("faults", kind="rate_limited", span_seconds=1.5, hint=hint)
    answers = [post(box) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {429}
    told = {"retry-after", "x-ratelimit-reset"} & {name.lower() for name in answers[0].headers}
    assert told == ({header} if header else set())
    assert soon(lambda: post(box).status_code == 202)


def test_a_fault_hits_only_the_provider_method_and_path_that_are_meant(
    box: RunningSandbox, control: Any
) -> None:
    control("faults", kind="error", provider="twilio")
    control("faults", kind="error", path="/mail/batch$")
    control("faults", kind="error", method="GET")
    assert post(box).status_code == 202
    assert text(box).status_code == 500
    headers = {"Authorization": f"Bearer {box.credentials.api_key}"}
    batch = f"{box.base_url}/v3/mail/batch"
    assert requests.post(batch, headers=headers, timeout=5).status_code == 500
    assert requests.get(batch, headers=headers, timeout=5).status_code == 500


def test_a_fault_can_let_some_requests_pass_first(box: RunningSandbox, control: Any) -> None:
    control("faults", kind="error", skip=1)
    assert [post(box).status_code for _ in range(3)] == [202, 500, 202]


def test_faults_can_be_taken_back(box: RunningSandbox, control: Any) -> None:
    assert control("faults", kind="error", count=5)["faults"] == 5
    requests.delete(f"{box.base_url}/_sandbox/faults", timeout=5).raise_for_status()
    assert post(box).status_code == 202


def test_what_was_met_can_be_read(box: RunningSandbox, control: Any) -> None:
    control("faults", kind="error", count=2)
    post(box)
    found = requests.get(f"{box.base_url}/_sandbox/faults", timeout=5).json()
    assert found == {"faults": 1, "met": {"error": 1}}


def test_chance_is_the_same_for_the_same_seed_and_keeps_its_rates() -> None:
    def draw(seed: int) -> list[str]:
        chances = Chances(seed, {"drop": 0.2, "error": 0.1})
        return [fault.kind if fault else "" for fault in (chances.draw() for _ in range(2000))]

    drawn = draw(7)
    assert drawn == draw(7)
    assert drawn != draw(8)
    assert 340 < drawn.count("drop") < 460
    assert 150 < drawn.count("error") < 250


def test_rates_hit_a_part_of_the_requests(box: RunningSandbox, control: Any) -> None:
    control("faults", seed=1, rates={"error": 0.5})
    statuses = [post(box).status_code for _ in range(20)]
    assert set(statuses) == {202, 500}
    assert kept(box) == statuses.count(202)


@pytest.mark.parametrize(
    "body",
    [{}, {"kind": "dance"}, {"rates": {"drop": 2}}, {"rates": {"drop": 0.6, "error": 0.6}},
     {"kind": "drop", "path": "("}],
)  # fmt: skip
def test_faults_that_make_no_sense_are_refused(control: Any, body: dict[str, Any]) -> None:
    assert control("faults", **body)["status"] == 400


def test_the_command_line_names_rates_seed_and_target() -> None:
    wanted = parse_faults("seed=7, drop=0.02,webhook.duplicate=0.1,seconds=2,provider=twilio")
    assert (wanted.seed, wanted.seconds, wanted.provider) == (7, 2.0, "twilio")
    assert (wanted.rates, wanted.webhooks) == ({"drop": 0.02}, {"duplicate": 0.1})


@pytest.mark.parametrize("text", ["drop", "drop=2", "dance=0.1", "webhook.lost=x", "seed=7"])
def test_a_command_line_that_makes_no_sense_names_what_there_is(text: str) -> None:
    with pytest.raises(UsageError, match="late_accepted") as refusal:
        parse_faults(text)
    assert set(KINDS) <= set(str(refusal.value).replace(",", "").replace(".", "").split())


def test_what_is_late_when_the_sandbox_ends_is_accepted_then(
    settings: Settings, clock: FixedClock
) -> None:
    with sandbox.start(settings, clock) as first:
        body = {"kind": "late_accepted", "seconds": 100}
        requests.post(f"{first.base_url}/_sandbox/faults", json=body, timeout=5)
        with pytest.raises(requests.ConnectionError):
            post(first)
        assert kept(first) == 0
    with sandbox.start(settings, clock) as second:
        assert kept(second) == 1
