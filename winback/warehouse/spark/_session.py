"""The one Spark session of a process, set for as much as a landing holds."""

from __future__ import annotations

import atexit
import os
import threading
from dataclasses import dataclass
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


# A landing of so many bytes is small: whatever Spark does to share work out takes longer than the
# work. Then each table is one part, and expressions are evaluated as they stand, not compiled.
_SMALL_BYTES: Final = 32 * 2**20
_WHEN_SMALL: Final = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.optimizer.runtime.bloomFilter.enabled": "false",
    "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",
    "spark.sql.parquet.columnarReaderBatchSize": "256",
    "mapreduce.fileoutputcommitter.algorithm.version": "2",
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}
# Java compiles what it repeats, first quickly and then well: a small build ends before the latter
# pays. The room for what is compiled is less then, and Java interprets all else once it is full.
_JAVA_WHEN_SMALL: Final = (
    "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC -XX:NewSize=300m"
)
# A statement is a tree that Java walks down: a unit test over a seed of hundreds of rows is deep.
_JAVA_STACK: Final = "-Xss16m"
# What a shuffle of a larger landing is shared out by: Parquet of so many bytes is some 40 MB of
# rows. Spark itself joins parts that turn out small.
_PART_BYTES: Final = 4 * 2**20


@dataclass(frozen=True)
class Engine:
    """Where Spark runs, and the bytes of the landing that it is set for."""

    master: str
    landing_bytes: int

    @property
    def is_small(self) -> bool:
        """Whether it is set for few rows: only on this machine, since a cluster is for many."""
        return self.master.startswith("local") and self.landing_bytes <= _SMALL_BYTES

    @property
    def parts(self) -> int:
        return max(4, -(-self.landing_bytes // _PART_BYTES))


def engine_for(landing: Path, master: str) -> Engine:
    """The engine of a landing."""
    return Engine(master, sum(path.stat().st_size for path in landing.rglob("*.parquet")))


def spark_session(folder: Path, engine: Engine) -> SparkSession:
    """The session, started once a process where `engine` says.

    What it spills goes to `folder`: it holds customers' data. Raises WinbackError.
    """
    with _lock:
        if "spark" not in _sessions:
            _sessions["spark"] = _started(folder, engine)
            atexit.register(stop_session)
        session: SparkSession = _sessions["spark"]
        if _sessions.get("engine") != engine:
            _set_for(session, engine)
            _sessions["engine"] = engine
        return session


def _set_for(session: SparkSession, engine: Engine) -> None:
    """Set a session for a landing; a large one leaves it as the user's own settings have it."""
    users = session.sparkContext.getConf()
    large = {"spark.sql.shuffle.partitions": str(engine.parts)}
    for name, few in _WHEN_SMALL.items():
        value = few if engine.is_small else users.get(name, large.get(name))
        if value is None:
            session.conf.unset(name)
        else:
            session.conf.set(name, value)


def stop_session() -> None:
    """End the session, and with it the JVM's share of the cluster."""
    session = _sessions.pop("spark", None)
    _sessions.clear()
    if session is not None:
        session.stop()


def _started(folder: Path, engine: Engine) -> Any:
    try:
        from pyspark.errors import PySparkException, PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise WinbackError(
            "the target spark needs pyspark, which is not installed. "
            "Next: pip install 'winback[spark]'"
        ) from None
    builder = SparkSession.builder.master(engine.master).appName("winback")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        # Nobody looks at the text of a plan, which takes as long to write as to make.
        "spark.sql.ui.explainMode": "simple",
        "spark.sql.debug.maxToStringFields": "1",
        "spark.local.dir": str(folder / "spill"),
        "spark.sql.warehouse.dir": str(folder / "tables"),
        **_MEANING,
    }
    if engine.master.startswith("local"):
        # One machine: no address of it is asked of others.
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
        }
    if "SPARK_CONF_DIR" not in os.environ:
        wanted = (_JAVA_STACK, *([_JAVA_WHEN_SMALL] if engine.is_small else []))
        settings["spark.driver.extraJavaOptions"] = " ".join(wanted)
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
        for function in FUNCTIONS:
            session.sql(function)
    except (PySparkException, PySparkRuntimeError, OSError) as error:
        why = str(error).partition("\n")[0]
        raise WinbackError(
            f"Spark could not be started on {engine.master}: {why}. Next: look for Java 17 "
            "(java -version) and the master's address (WINBACK_SPARK_MASTER)"
        ) from error
    return session
