"""The process beside a command (`quality._beside`): judges what it is asked until that ends."""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from quality._judge import broken_rules, great_expectations


def main() -> None:
    """Import Great Expectations at once, then answer one question after the other."""
    connection: Connection[Any, Any] = Connection(int(sys.argv[1]))
    questions: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(connection, questions), daemon=True).start()
    with suppress(Exception):  # It is imported again, and tells why it can't be, when asked.
        great_expectations()
    while True:
        connection.send(_answer(questions.get()))


def _listen(connection: Connection[Any, Any], questions: SimpleQueue[Any]) -> None:
    """Hear the questions; the end of who asks ends this process, also while it imports."""
    try:
        while True:
            questions.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)


def _answer(question: Any) -> frozenset[str] | list[Exception]:
    """The broken rules, or the error and what caused it, which are raised by who asked."""
    try:
        return broken_rules(*question)
    except Exception as error:  # noqa: BLE001
        return [_as_it_travels(cause) for cause in _causes(error)]


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _as_it_travels(error: BaseException) -> Exception:
    try:
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001
        copy = None
    told = RuntimeError(f"{type(error).__name__}: {error}")
    return copy if isinstance(copy, Exception) else told


if __name__ == "__main__":
    main()
