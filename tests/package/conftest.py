"""A machine with the wheel."""

from __future__ import annotations

import pytest
from machine import Machine, wheel

from winback import __version__


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    folder = tmp_path_factory.mktemp("machine")
    it = Machine(folder)
    it.install(wheel(folder, __version__))
    return it
