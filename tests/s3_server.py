"""A server that speaks as S3 does, a client that looks at it, and a network that breaks off."""

from __future__ import annotations

import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pyarrow import fs

KEY: Final = "AKIAEXAMPLE"
SECRET: Final = "a-secret-that-no-line-repeats"


@contextmanager
def serving_s3(log: Path) -> Iterator[str]:
    """The address of a new server, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("w") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=file, stderr=file,
        )  # fmt: skip
    try:
        for _ in range(300):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def client(endpoint: str) -> fs.S3FileSystem:
    return fs.S3FileSystem(
        access_key=KEY, secret_key=SECRET, scheme="http",
        endpoint_override=endpoint.removeprefix("http://"), allow_bucket_creation=True,
        allow_bucket_deletion=True,
    )  # fmt: skip


@contextmanager
def breaking_off(endpoint: str, *, after_bytes: int) -> Iterator[str]:
    """A way to the server that breaks once so many bytes have gone to it, and then leads
    nowhere."""
    port, left = int(endpoint.rpartition(":")[2]), [after_bytes]

    class Way(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if left[0] <= 0:
                return
            with socket.create_connection(("127.0.0.1", port)) as server:
                back = threading.Thread(target=_copy, args=(server, self.request, None))
                back.start()
                _copy(self.request, server, left)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Way) as door:
        thread = threading.Thread(target=door.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{door.server_address[1]}"
        left[0] = 0
        door.shutdown()
        thread.join()


def _copy(source: socket.socket, target: socket.socket, left: list[int] | None) -> None:
    """Pass on what comes, until either end closes or no more bytes are left."""
    source.settimeout(0.05)
    with suppress(OSError):
        while left is None or left[0] > 0:
            try:
                piece = source.recv(4096)
            except TimeoutError:
                if left is None and target.fileno() < 0:
                    break
                continue
            if not piece:
                break
            if left is not None:
                piece, left[0] = piece[: left[0]], left[0] - len(piece)
            target.sendall(piece)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
