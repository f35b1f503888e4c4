"""Ctrl-C or SIGTERM inside a flow: in Prefect it ends as cancelled, neither failed nor crashed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType

import pytest
from flow_shop import OPENS, Shop

from flows import _reconcile, _work, stages
from flows.run import winback_run

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("prefect_server", "_command_line")]


@pytest.fixture
def _command_line() -> Iterator[None]:
    """Signals are heard as the command line hears them."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    earlier = {number: signal.signal(number, end) for number in numbers}
    yield
    for number, handler in earlier.items():
        assert signal.getsignal(number) is end
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_flow_that_a_signal_ends_is_cancelled(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(_reconcile, "collect", lambda _stage: signal.raise_signal(number))
    state = stages.collect("sandbox", OPENS, return_state=True)
    assert state.is_cancelled(), state
    assert state.message == "interrupted; the next run goes on from there"


def test_a_run_that_sigterm_ends_is_cancelled(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_work, "build_audience", lambda: signal.raise_signal(signal.SIGTERM))
    state = winback_run("dry-run", OPENS, return_state=True)
    assert state.is_cancelled(), state
