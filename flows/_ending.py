"""How a flow ends: in a state whose message holds its numbers."""

from __future__ import annotations

import inspect
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from prefect.states import Cancelled, Completed, Failed

from flows._unforeseen import UnforeseenError, without_words
from winback.base.errors import WinbackError

P = ParamSpec("P")
T = TypeVar("T")


def end_flow(message: str, data: T, name: str | None = None) -> T:
    """End the calling flow well: the UI shows `message`, the flow's caller gets `data`.

    `name` stands in the UI for the state's own, `Completed`.

    Prefect takes a returned state as the flow's last and hands its data on, which is what
    the cast says to a type checker.
    """
    return cast("T", Completed(message=message, data=data, name=name))


def ends_in_a_sentence(work: Callable[P, T]) -> Callable[P, T]:
    """Let a refusal end the flow `work` as failed with its own line and nothing else, an error that
    nobody foresaw without its words, and Ctrl-C or SIGTERM as cancelled, not as failed or crashed.

    The flow's caller gets the error, or CancelledRun; the command line tells of either.
    """
    work = without_words(work)

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with _signals_of_the_command():
                return work(*args, **kwargs)
        except SystemExit:
            return cast("T", Cancelled(message="interrupted; the next run goes on from there"))
        except WinbackError as refusal:
            return cast("T", Failed(message=str(refusal), data=refusal))
        except UnforeseenError as error:
            return cast("T", Failed(message=str(error), data=error.original))

    # Prefect checks parameters by these; as text they mean nothing in this module.
    run.__signature__ = inspect.signature(work, eval_str=True)  # type: ignore[attr-defined]
    run.__annotations__ = inspect.get_annotations(work, eval_str=True)
    return run


@contextmanager
def _signals_of_the_command() -> Iterator[None]:
    """Let SIGTERM do what SIGINT does in the command line: Prefect's own handler, which stands in
    its place during a flow, would call the run crashed. A deployment's process keeps Prefect's."""
    own = signal.getsignal(signal.SIGINT)
    is_ours = callable(own) and own is not signal.default_int_handler
    if not is_ours or threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = signal.signal(signal.SIGTERM, own)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)
