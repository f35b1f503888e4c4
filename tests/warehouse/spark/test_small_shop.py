"""A small shop on this machine's cores, where Spark and Java are installed."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from both_engines import built_by_both
from seasons import season

HAS_JAVA = bool(os.environ.get("JAVA_HOME") or shutil.which("java"))


@pytest.mark.skipif(find_spec("pyspark") is None, reason="no Spark: make .venv/.spark installs it")
@pytest.mark.skipif(not HAS_JAVA, reason="no Java: Spark takes Java 17")
@pytest.mark.timeout(3600)
def test_this_machines_cores_give_duckdbs_rows(tmp_path: Path) -> None:
    built_by_both(tmp_path, season(tmp_path, 200), "local[2]", "200 customers on local[2]")
