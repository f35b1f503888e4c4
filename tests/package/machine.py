"""A machine with the wheel alone, where no checkout is, and what runs on it for long."""

from __future__ import annotations

import os
import shutil
import site
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from winback import __version__

ROOT = Path(__file__).parents[2]
PARTS = ("winback", "flows", "quality", "dbt_project", "templates", "docs", "deployments")
FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "prefect.yaml",
         "automations.yaml", "CHANGELOG.md")  # fmt: skip
AS_OF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
NOW = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0)
# An afternoon of last week at which texts may be sent.
TUESDAY = NOW - timedelta(days=(NOW.weekday() - 1) % 7 + 7)
# What the changelog of another release begins with.
NEXT = """
## 9.0.0, not released yet

| change | may send differently |
|---|---|
| Another tea | yes: another tea |

## """


def wheel(folder: Path, release: str) -> Path:
    """Build this tree as that release, and edit a template and a seed of ours on the way."""
    tree = folder / f"tree-{release}"
    for name in PARTS:
        skipped = shutil.ignore_patterns("target", "logs", "__pycache__")
        shutil.copytree(ROOT / name, tree / name, ignore=skipped)
    for name in FILES:
        shutil.copy(ROOT / name, tree)
    project = tree / "pyproject.toml"
    for path in (project, tree / "winback" / "__init__.py"):
        path.write_text(path.read_text().replace(f'"{__version__}"', f'"{release}"', 1))
    if release != __version__:
        log = tree / "CHANGELOG.md"
        log.write_text(log.read_text().replace("\n## ", NEXT, 1))
        with (tree / "templates" / "sms_email" / "1.txt").open("a") as file:
            file.write("\n{# changed #}")
    call = [sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--offline",
            "--python", sys.executable, "--out-dir", str(folder), str(tree)]  # fmt: skip
    subprocess.run(call, check=True, capture_output=True)
    [built] = folder.glob(f"winback-{release}-*.whl")
    return built


class Machine:
    """A Python with the wheel alone; what the wheel needs is lent by the Python of the tests."""

    def __init__(self, folder: Path) -> None:
        self.venv = folder / "venv"
        venv.create(self.venv, symlinks=True)
        [packages] = (self.venv / "lib").glob("*/site-packages")
        # The path alone: an editable install of ours beside it isn't followed.
        (packages / "lent.pth").write_text("\n".join(site.getsitepackages()) + "\n")
        # A package that is lent puts its program elsewhere, and `winback up` starts this one.
        prefect = self.venv / "bin" / "prefect"
        python = self.venv / "bin" / "python"
        prefect.write_text(f"#!{python}\nfrom prefect.cli import app\n\napp()\n")
        prefect.chmod(0o755)
        self.shop = folder / "shop"
        self.shop.mkdir()
        self.settings: dict[str, str] = {}

    def install(self, built: Path) -> None:
        call = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--offline",
                "--python", str(self.venv / "bin" / "python"), str(built)]  # fmt: skip
        subprocess.run(call, check=True, capture_output=True)

    def winback(self, *words: str, code: int = 0) -> str:
        """Run a command in the shop's folder; what it printed, and its errors."""
        done = self.run(*words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.venv / "bin" / "winback"), *words],
            cwd=self.shop, env=self._environment(), capture_output=True, text=True,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip

    @contextmanager
    def serving(self, url: str, *words: str, cwd: Path | None = None) -> Iterator[Path]:
        """A command that runs until the block ends, once it takes calls; what it prints."""
        log = self.shop.parent / f"{words[0]}-{time.monotonic_ns()}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [str(self.venv / "bin" / "winback"), *words],
                cwd=cwd or self.shop, env=self._environment(), stdout=file, stderr=file,
            )  # fmt: skip
        try:
            wait_for(url)
            yield log
        finally:
            process.terminate()
            process.wait(60)

    def _environment(self) -> dict[str, str]:
        kept = {name: it for name, it in os.environ.items() if not name.startswith("WINBACK_")}
        return kept | self.settings

    def rows(
        self, table: str, columns: str, *, published: str = "current"
    ) -> list[tuple[object, ...]]:
        import duckdb

        path = self.shop / ".winback" / "published" / published / f"{table}.parquet"
        with duckdb.connect() as connection:
            return connection.sql(f"select {columns} from '{path}' order by all").fetchall()


def put(shop: Path, name: str, text: str) -> None:
    (shop / name).parent.mkdir(parents=True, exist_ok=True)
    (shop / name).write_text(text)


def wait_for(url: str) -> None:
    """Wait until a server takes calls."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=5)
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"{url} takes no calls")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
