"""Addresses are found in foreign text, whatever it is made of and however long it is."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.people.erasure._person import EMAIL

# As it was first written: right, and quadratic on a long word.
PLAIN = re.compile(r"[^\s@\"'<>,;:()\[\]{}|\\=&?]+@[^\s@\"'<>,;:()\[\]{}|\\=&?/]+")


def found(text: str) -> list[str]:
    return [match[0] for match in EMAIL.finditer(text) if "@" in match[0]]


@given(st.text("ab.@/<> \\n+-é", max_size=40))
def test_every_address_is_found_that_stands_there(text: str) -> None:
    assert found(text) == [match[0] for match in PLAIN.finditer(text)]


@pytest.mark.parametrize("piece", ["a", "a.", "a@", "@", "a@b", "a@b ", "/a@b", "@a ", "é"])
def test_a_megabyte_is_looked_through_in_under_a_second(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    begun = time.perf_counter()
    found(text)
    assert time.perf_counter() - begun < 1
