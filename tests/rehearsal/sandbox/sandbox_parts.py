"""A receiver that only listens, and a mail/send body."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NOW = datetime(2026, 3, 2, 16, tzinfo=UTC)


class Listener:
    """A server that keeps what was posted; `answers` are the next status codes, then 204."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                listener.posts.append((self.path, dict(self.headers), body))
                self.send_response(listener.answers.pop(0) if listener.answers else 204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def events(self) -> list[dict[str, Any]]:
        return [
            event
            for path, _, body in self.posts
            if path == "/webhooks/sendgrid/events"
            for event in json.loads(body)
        ]


def mail(*message_ids: str, **changes: object) -> dict[str, Any]:
    """A mail/send body with one recipient per message id."""
    body: dict[str, Any] = {
        "from": {"email": "shop@example.com", "name": "Shop"},
        "subject": "We miss you",
        "content": [
            {"type": "text/plain", "value": "Hello -name-"},
            {"type": "text/html", "value": "<p>Hello -name-</p>"},
        ],
        "personalizations": [
            {
                "to": [{"email": f"{message_id}@example.com"}],
                "substitutions": {"-name-": message_id.upper()},
                "custom_args": {"wb_message": message_id, "wb_attempt": "a1"},
            }
            for message_id in message_ids
        ],
    }
    return body | changes
