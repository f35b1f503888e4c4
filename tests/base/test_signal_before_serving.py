"""A signal that comes before uvicorn listens for signals ends the server all the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.long

EARLY = """
import os, signal, uvicorn
from winback.base.serving import serve_forever

run = uvicorn.Server.run
def interrupted(self, *arguments):
    os.kill(os.getpid(), signal.SIGTERM)
    return run(self, *arguments)

uvicorn.Server.run = interrupted
signal.signal(signal.SIGTERM, lambda number, frame: print("heard", number))
async def app(scope, receive, send): ...
serve_forever(app, host="127.0.0.1", port=0)
"""


def test_a_signal_before_the_server_listens_for_one_ends_it() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", EARLY], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "heard 15\n"), ended.stderr
