"""A machine with the wheel."""

from __future__ import annotations

import pytest
from machine import Machine, wheel


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    folder = tmp_path_factory.mktemp("machine")
    it = Machine(folder)
    it.install(wheel(folder, "0.1.0"))
    return it
