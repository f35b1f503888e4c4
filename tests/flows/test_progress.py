"""A send that takes a while shows how far it is, and waits for nobody."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest
from heard import until
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import _progress
from flows._progress import showing_progress

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_progress, "_EVERY", 0.05)


def shown(playbook: str) -> list[Any]:
    of_the_key = ArtifactFilter(
        key=ArtifactFilterKey(any_=[f"sending-{playbook.replace('_', '-')}-1"])
    )
    with get_client(sync_client=True) as client:
        return list(client.read_artifacts(artifact_filter=of_the_key))


def test_a_long_send_shows_one_artifact_that_grows() -> None:
    playbook = f"texts_{uuid4().hex[:8]}"

    @task
    def sends() -> list[float]:
        percents = []
        with showing_progress(playbook, 1) as show:
            for done in (0, 25):
                show(done, 50)
                wanted = f"{playbook} step 1: {done} of 50 messages"
                (it,) = until(
                    lambda: shown(playbook),
                    lambda found, wanted=wanted: [it.description for it in found] == [wanted],
                )
                percents.append(it.data)
                assert it.task_run_id is not None
            show(50, 50)
        return percents

    @flow
    def run() -> list[float]:
        return sends()

    assert run() == [0, 50]
    (it,) = shown(playbook)
    assert (it.data, it.description) == (100, f"{playbook} step 1: 50 of 50 messages")


def test_a_short_send_shows_none_and_nobody_waits_for_a_server_that_is_away() -> None:
    playbook = f"texts_{uuid4().hex[:8]}"
    with showing_progress(playbook, 1) as show:
        show(50, 50)
    assert shown(playbook) == []
    began = time.monotonic()
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        showing_progress(playbook, 1) as show,
    ):
        for done in range(50):
            show(done, 50)
            time.sleep(0.01)
    assert time.monotonic() - began < _progress._LAST_WORD + 3
    assert shown(playbook) == []
