"""One generated shop for all tests of the room: generating it takes two seconds."""

from __future__ import annotations

import pytest
from demo_files import ENDS_AT

from winback.rehearsal.demo import Shop, generate_shop


@pytest.fixture(scope="session")
def demo_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return generate_shop(tmp_path_factory.mktemp("demo_shop"), ends_at=ENDS_AT)
