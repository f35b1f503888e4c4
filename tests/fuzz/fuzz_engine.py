"""Throws examples at one parser for a while: nothing but its own refusals, in time, in memory."""

from __future__ import annotations

import gc
import json
import os
import signal
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as examples
from hypothesis import strategies as st

from winback.base.settings import Settings
from winback.ledger import Ledger

# Minutes for all of it (`make test-fuzz`); without them each parser has a moment.
MINUTES = float(os.environ.get("FUZZ_MINUTES", "0"))
# Another one each time where there is time; the same one in the ordinary suite.
SEED = int(os.environ.get("FUZZ_SEED", "0")) or (int(time.time()) if MINUTES else 20261123)
NOW = datetime(2026, 3, 2, 16, tzinfo=UTC)
# What somebody is known by to whom anything that is thrown may belong.
EMAIL, NUMBER = "ann.lee@example.com", "+14155550100"
LONG = 100_000
KEPT_EXAMPLES = 40
SHORT = 4_000
ROUNDS = 3
MOST_GROWTH = 1024 * 1024


@dataclass
class Home:
    """Where a parser may put files, and what some of them need."""

    folder: Path
    settings: Settings = field(repr=False)
    ledger: Ledger = field(repr=False)
    keep: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Parser:
    """One parser: what is thrown at it, what it does with it, and how it may refuse.

    `read` asserts what must be so whatever it reads. `seconds` are of the processor.
    """

    name: str
    examples: st.SearchStrategy[Any]
    read: Callable[[Home, Any], object]
    refuses: tuple[type[Exception], ...] = ()
    seconds: float = 1.0
    # How many are drawn before the clock is looked at.
    at_once: int = 20
    # Their files and ledgers grow; what they keep in memory is another process's.
    is_replayed: bool = True


@dataclass(frozen=True)
class Pumped:
    """A text that repeats a piece until it is long."""

    begin: str
    piece: str
    end: str
    length: int = LONG

    def __str__(self) -> str:
        return self.begin + self.piece * (self.length // len(self.piece)) + self.end


def texts(*pieces: str, length: int = LONG) -> st.SearchStrategy[Any]:
    """Short texts and long ones made of such pieces; `str` makes each of them one."""
    piece = st.sampled_from(pieces) | st.text(max_size=3) if pieces else st.text(max_size=4)
    some = st.lists(piece, max_size=12).map("".join)
    edge = st.lists(piece, max_size=2).map("".join)
    unit = st.lists(piece, min_size=1, max_size=3).map("".join).filter(bool)
    # One in eight is long: each costs as much as hundreds of others.
    return st.integers(0, 7).flatmap(
        lambda which: some if which else st.builds(Pumped, edge, unit, edge, st.just(length))
    )


@dataclass
class Found:
    """What a parser's turn came to."""

    name: str
    count: int = 0
    refused: int = 0
    slowest: float = 0.0
    grown: int = 0

    def __str__(self) -> str:
        return (
            f"{self.name:<44}{self.count:>9,}{self.refused:>9,}{self.slowest * 1000:>9.0f}"
            f"{self.grown / 1024:>9.0f}"
        )


class TooSlow(BaseException):
    """No parser catches it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Ends what takes longer, in seconds of the processor: others work here too."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow

    earlier = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, earlier)


def read_one(parser: Parser, home: Home, example: Any, found: Found) -> None:
    """Read one example; a refusal by the parser's own word is as good as an answer."""
    began = time.process_time()
    try:
        with limited(parser.seconds):
            parser.read(home, example)
    except parser.refuses:
        found.refused += 1
    except TooSlow:
        raise AssertionError(f"{parser.name}: over {parser.seconds} s") from None
    found.count += 1
    found.slowest = max(found.slowest, time.process_time() - began)


def fuzz(parser: Parser, home: Home, seconds: float) -> Found:
    """Read examples for so long, then some of them again: nothing of them may stay in memory."""
    found, until, batch = Found(parser.name), time.monotonic() + seconds, 0
    last: deque[Any] = deque(maxlen=KEPT_EXAMPLES)
    while batch == 0 or time.monotonic() < until:

        @seed(SEED + batch)
        @examples(
            max_examples=parser.at_once,
            deadline=None,
            database=None,
            derandomize=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(parser.examples)
        def read_some(example: Any) -> None:
            last.append(example)
            read_one(parser, home, example, found)

        try:
            read_some()
        except BaseException as error:
            name = parser.name.replace(" ", "_")
            error.add_note(
                f"again: FUZZ_SEED={SEED + batch} .venv/bin/pytest -n 0 tests/fuzz -k {name}"
            )
            raise
        batch += 1
    if parser.is_replayed:
        found.grown = grown(parser, home, list(last))
        assert found.grown < MOST_GROWTH, f"{parser.name} keeps {found.grown:,} bytes"
    return found


def grown(parser: Parser, home: Home, last: list[Any]) -> int:
    """The bytes that more rounds of the same examples leave in memory; the first fills caches."""
    slow = Parser(parser.name, st.none(), parser.read, parser.refuses, parser.seconds * 10)
    # The long ones take long where every byte is watched.
    short = [it for it in last if "Pumped" not in repr(it) and len(repr(it)) < SHORT]
    tracemalloc.start()
    try:
        for round_ in range(ROUNDS):
            for example in short:
                read_one(slow, home, example, Found(""))
            gc.collect()
            if round_ == 0:
                before = tracemalloc.get_traced_memory()[0]
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def tell(found: object) -> None:
    """Keep a line for whoever asked for minutes."""
    if MINUTES:
        with Path(os.environ.get("FUZZ_REPORT", "fuzz.txt")).open("a", encoding="utf-8") as file:
            file.write(f"{found}\n")


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()
