"""An error that nobody foresaw tells Prefect what and where, and its caller all of it."""

from __future__ import annotations

import pytest
from heard import until
from prefect import flow, get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId

from flows._ending import ends_in_a_sentence
from flows._tasks import _task
from winback.base.errors import WinbackError

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("prefect_server")]
WORDS = "ada@example.com could not be read"


@_task("breaks")
def breaks(refusal: bool) -> None:
    if refusal:
        raise WinbackError("nothing is loaded yet. Next: winback load DIR")
    raise LookupError(WORDS)


@flow(name="unforeseen")
@ends_in_a_sentence
def run(refusal: bool = False, in_a_task: bool = True) -> None:
    get_run_logger().info("it began")
    if in_a_task:
        breaks(refusal)
    raise LookupError(WORDS)


@pytest.mark.parametrize("in_a_task", [True, False])
def test_its_words_reach_the_caller_alone(in_a_task: bool) -> None:
    state = run(in_a_task=in_a_task, return_state=True)
    assert state.name == "Failed"
    assert str(state.message).startswith(
        "it ended by LookupError in tests/flows/test_unforeseen.py, line "
    )
    told = everything_of(state)
    assert "it began" in told
    assert WORDS not in told
    with pytest.raises(LookupError, match=WORDS):
        run(in_a_task=in_a_task)


def test_a_refusal_is_told_in_its_own_words_and_without_a_trace() -> None:
    state = run(refusal=True, return_state=True)
    assert state.message == "nothing is loaded yet. Next: winback load DIR"
    with pytest.raises(WinbackError, match="nothing is loaded yet"):
        run(refusal=True)


def test_a_worker_keeps_the_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "a-deployment")
    state = run(return_state=True)
    assert WORDS in capsys.readouterr().err
    assert WORDS not in everything_of(state)


def everything_of(state: object) -> str:
    """What Prefect shows of a run: its state, those of its tasks, and its log."""
    run_id = state.state_details.flow_run_id  # type: ignore[attr-defined]
    of_it = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]))
    with get_client(sync_client=True) as client:
        # The last line of a run is that of its end.
        logs = until(
            lambda: client.read_logs(of_it, limit=200),
            lambda lines: any("Finished in state" in it.message for it in lines),
        )
        runs = [client.read_flow_run(run_id), *client.read_task_runs(limit=50)]
    return "\n".join([*(it.message for it in logs), *(it.model_dump_json() for it in runs)])
