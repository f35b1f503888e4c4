"""All unit tests of the models pass on Spark too: `make test-spark`."""

from __future__ import annotations

import re
from pathlib import Path

from seasons import ENDS_AT, NEXT_AT, run, winback

from winback.rehearsal.demo import generate_shop


def test_every_unit_test_of_a_model_passes_on_spark(tmp_path: Path) -> None:
    home = tmp_path / "home"
    generate_shop(tmp_path / "shop", customers=200, ends_at=ENDS_AT)
    winback(home, "load", str(tmp_path / "shop"))
    # A unit test asks the tables that stand for their columns.
    winback(home, "build", "--as-of", NEXT_AT, "--no-collect")
    done = run(
        home, "dbt", "--target", "spark", "--as-of", NEXT_AT, "test",
        "--select", "test_type:unit", WINBACK_SPARK_MASTER="local[2]",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    [counts] = re.findall(r"PASS=(\d+) WARN=0 ERROR=0 SKIP=0 .*TOTAL=(\d+)", done.stdout)
    assert counts[0] == counts[1]
    assert int(counts[0]) > 400
