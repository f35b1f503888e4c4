"""Where a notification or a mail arrives."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from loopback import Silent, serving


@contextmanager
def webhook(status: int, heard: list[str]) -> Iterator[str]:
    class Hook(Silent, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(json.loads(body)["text"])
            self.send_response(status)
            self.end_headers()

    with serving(Hook) as address:
        yield f"{address}/hook/a-secret"


@contextmanager
def mail_server(heard: list[str]) -> Iterator[str]:
    """As much of SMTP as takes a mail (RFC 5321)."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as file:
            file.write(b"220 here\r\n")
            file.flush()
            for line in file:
                verb = line.strip().upper()
                if verb == b"DATA":
                    file.write(b"354 go on\r\n")
                    file.flush()
                    lines = iter(file.readline, b".\r\n")
                    heard.append(b"".join(lines).decode())
                file.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
                file.flush()
                if verb == b"QUIT":
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()
