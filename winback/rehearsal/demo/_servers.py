"""A process for the demo's sandbox and receiver, so that they don't slow the runs.

They share the sandbox's clock, which the demo moves over HTTP, and end when the demo
closes their standard input or dies.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from winback.base.errors import WinbackError
from winback.base.settings import Settings


@contextmanager
def servers(settings: Settings, starts_at: datetime) -> Iterator[dict[str, str]]:
    """Start both; yields the settings by which the product finds them."""
    environment = {**os.environ, "WINBACK_HOME": str(settings.home)}
    with subprocess.Popen(
        [sys.executable, "-m", "winback.rehearsal.demo._server_process", starts_at.isoformat()],
        env=environment | {"WINBACK_PUBLIC_BASE_URL": settings.public_base_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None  # noqa: S101 - both are pipes
        assert child.stdout is not None  # noqa: S101
        line = child.stdout.readline()
        if not line:
            raise WinbackError("the demo's sandbox did not start; its message stands above")
        try:
            yield json.loads(line)
        finally:
            child.stdin.close()
