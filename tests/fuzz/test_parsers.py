"""Whatever others write: each parser reads it or says no, in time, and keeps nothing of it."""

from __future__ import annotations

import pytest
from fuzz_engine import MINUTES, Home, Parser, fuzz, tell
from fuzz_parsers import PARSERS

pytestmark = pytest.mark.long

# Of `make test-fuzz` a third is the receiver's.
SECONDS = MINUTES * 60 * 2 / 3 / len(PARSERS) if MINUTES else 0.2


@pytest.mark.parametrize("parser", PARSERS, ids=lambda it: it.name.replace(" ", "_"))
def test_a_parser_reads_or_refuses_whatever_comes(parser: Parser, home: Home) -> None:
    tell(fuzz(parser, home, SECONDS))
