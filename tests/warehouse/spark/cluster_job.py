"""Whole builds on Spark give the rows that DuckDB's give: `make test-spark`.

On a cluster of a master and two workers, one of which is killed in the middle. SPARK_CUSTOMERS
sets how many customers the cluster's shop has (default 50,000).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark
import pytest
from both_engines import built_by_both
from seasons import season

CLUSTER = int(os.environ.get("SPARK_CUSTOMERS", "50000"))
SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A master and two workers of a core each; its address, and the workers' processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"spark://127.0.0.1:{port}"
    environment = os.environ | {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(tmp_path / "w"),
    }
    place = "org.apache.spark.deploy"

    def started(*arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [SPARK_CLASS, *arguments], env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    master = started(
        f"{place}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"
    )
    workers = [
        started(
            f"{place}.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "2g",
            "--webui-port", "0", address,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        yield address, workers
    finally:
        for process in (*workers, master):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_cluster_whose_worker_is_killed_gives_duckdbs_rows(
    tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    home = season(tmp_path, CLUSTER)

    @contextmanager
    def killing_one(other: Path) -> Iterator[None]:
        script = (
            "import os, pathlib, sys, time\n"
            "folder, worker = pathlib.Path(sys.argv[1]), int(sys.argv[2])\n"
            "while len(list(folder.glob('main.*'))) < 80: time.sleep(0.2)\n"
            "os.killpg(worker, 9)\n"
        )
        tables = other / "warehouse" / "spark"
        killer = subprocess.Popen([sys.executable, "-c", script, tables, str(workers[0].pid)])
        try:
            yield
            assert killer.wait(timeout=10) == 0
            assert workers[0].wait(timeout=10) == -signal.SIGKILL
        finally:
            killer.kill()

    what = f"{CLUSTER:,} customers on a master and two workers, one of them killed in the middle"
    built_by_both(tmp_path, home, address, what, beside=killing_one)
