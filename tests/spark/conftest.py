"""One Spark for all tests: local, two cores, no page, few partitions.

It needs pyspark and a Java it can run (17 or 21); without them the tests are skipped by name.  ``.ci/run`` installs both.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HERE = Path(__file__).parent
ABSENT = [name for name in ("pyspark", "pyarrow", "pandas") if importlib.util.find_spec(name) is None]
# What pyspark itself says on starting: that it has not been tried with this pandas, and sockets it leaves to the collector.
THEIRS = ("ignore:PySpark does not yet fully support pandas:FutureWarning", "ignore::ResourceWarning")


def java() -> str | None:
    """The Java that Spark will run."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    for item in ours:
        for said in THEIRS:
            item.add_marker(pytest.mark.filterwarnings(said))
        if ABSENT or java() is None:
            missing = ABSENT[0] if ABSENT else "Java (Debian: openjdk-17-jre-headless)"
            item.add_marker(pytest.mark.skip(reason=f"Spark needs {missing}"))


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    from pyspark.sql import SparkSession

    # The workers run this Python, and find this checkout.
    root = str(HERE.parents[1])
    environment = {
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH")))),
        "POLARS_MAX_THREADS": "1",
        "PYTHONWARNINGS": "ignore",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        settings = {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.memory": "1g",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.shuffle.partitions": "2",
            # Not the policy's zone, so that nothing rests on the session's.
            "spark.sql.session.timeZone": "America/New_York",
            "spark.sql.execution.arrow.maxRecordsPerBatch": "50",
        }
        builder = SparkSession.builder.master("local[2]").appName("complaint_policy tests")
        for name, value in settings.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()
