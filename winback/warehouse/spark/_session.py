"""The one Spark session of a process."""

from __future__ import annotations

import atexit
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from winback.base.errors import WinbackError
from winback.warehouse.spark._functions import FUNCTIONS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_lock: Final = threading.Lock()
_sessions: dict[str, Any] = {}

# What rows depend on. All else is Spark's own to set (spark-defaults.conf in SPARK_CONF_DIR).
_MEANING: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.legacy.parquet.nanosAsLong": "false",
}


def spark_session(folder: Path) -> SparkSession:
    """A session on WINBACK_SPARK_MASTER (default: this machine's cores), started once.

    What it spills goes to `folder`: it holds customers' data. Raises WinbackError.
    """
    with _lock:
        if "spark" not in _sessions:
            _sessions["spark"] = _started(folder)
            atexit.register(stop_session)
        session: SparkSession = _sessions["spark"]
        return session


def stop_session() -> None:
    """End the session, and with it the JVM's share of the cluster."""
    session = _sessions.pop("spark", None)
    if session is not None:
        session.stop()


def _started(folder: Path) -> Any:
    try:
        from pyspark.errors import PySparkException, PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise WinbackError(
            "the target spark needs pyspark, which is not installed. "
            "Next: pip install 'winback[spark]'"
        ) from None
    master = os.environ.get("WINBACK_SPARK_MASTER") or "local[*]"
    builder = SparkSession.builder.master(master).appName("winback")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.local.dir": str(folder / "spill"),
        "spark.sql.warehouse.dir": str(folder / "tables"),
        **_MEANING,
    }
    if master.startswith("local"):
        # One machine: no address of it is asked of others, and few tasks do for few rows.
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.shuffle.partitions": "2",
        }
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
        for function in FUNCTIONS:
            session.sql(function)
    except (PySparkException, PySparkRuntimeError, OSError) as error:
        why = str(error).partition("\n")[0]
        raise WinbackError(
            f"Spark could not be started on {master}: {why}. Next: look for Java 17 "
            "(java -version) and the master's address (WINBACK_SPARK_MASTER)"
        ) from error
    return session
