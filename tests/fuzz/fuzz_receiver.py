"""Requests to a receiver: what its description allows, mails, odd bytes; signed and unsigned."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
import schemathesis
from fuzz_engine import Home
from fuzz_mails import mails
from fuzz_parsers import bodies, encoded
from hypothesis import strategies as st
from starlette.datastructures import ImmutableMultiDict

from winback import inbound
from winback.base.places import PROJECT_DIR
from winback.rehearsal.sandbox import Credentials

DESCRIPTION = json.loads((Path(inbound.__file__).parent / "openapi.json").read_text())
OPERATIONS = [it.ok() for it in schemathesis.openapi.from_dict(DESCRIPTION).get_all_operations()]
# Nobody waits longer, on however busy a machine.
SECONDS = 10.0
EVENTS, MAILS = "/webhooks/sendgrid/events", "/webhooks/sendgrid/inbound"
TWILIO = tuple(f"/webhooks/twilio/{name}" for name in ("status", "inbound", "voice"))
FORM = "application/x-www-form-urlencoded"


@dataclass
class Server:
    """`winback serve` in a process of its own, which keeps what it says in a file."""

    process: subprocess.Popen[bytes]
    base_url: str
    log: Path
    keys: Credentials

    def memory(self) -> int:
        """The bytes that it holds in memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def health(self) -> dict[str, Any]:
        told: dict[str, Any] = requests.get(f"{self.base_url}/healthz", timeout=SECONDS).json()
        return told


def serve(home: Home, keys: Credentials) -> Server:
    """Start one over the home's ledger, and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "WINBACK_HOME": str(home.settings.home),
        "WINBACK_LEDGER_URL": home.settings.ledger_url,
        "WINBACK_SENDGRID_WEBHOOK_PUBLIC_KEYS": keys.public_key,
        "WINBACK_TWILIO_AUTH_TOKEN": keys.auth_token,
        "WINBACK_PUBLIC_BASE_URL": "",
    }
    command = [sys.executable, "-m", "winback.cli", "serve", "--port", str(port)]
    log = home.folder / "serve.log"
    with log.open("wb") as told:
        process = subprocess.Popen(
            command, env=environment, cwd=PROJECT_DIR, stdout=told, stderr=told
        )
    server = Server(process, f"http://127.0.0.1:{port}", log, keys)
    for _ in range(1200):
        try:
            server.health()
        except requests.RequestException:
            assert process.poll() is None, "the receiver ended"
            time.sleep(0.05)
        else:
            return server
    raise AssertionError("the receiver did not start")


def signed(keys: Credentials, url: str, body: bytes) -> dict[str, str]:
    """The headers by which a body comes from its provider."""
    if "/twilio/" in url:
        told = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
        form: Any = ImmutableMultiDict(told)
        return {"X-Twilio-Signature": keys.sign_twilio_webhook(url, form)}
    return {
        "X-Twilio-Email-Event-Webhook-Signature": keys.sign_event_webhook("1", body),
        "X-Twilio-Email-Event-Webhook-Timestamp": "1",
    }


posts = st.one_of(
    st.tuples(st.just(EVENTS), st.just("application/json"), bodies),
    st.tuples(st.just(MAILS), mails.map(lambda it: it.content_type), st.binary(max_size=200)),
    mails.map(lambda it: (MAILS, it.content_type, it.body())),
    st.tuples(st.sampled_from(TWILIO), st.just(FORM), encoded.map(lambda it: it[:60_000])),
    st.tuples(
        st.sampled_from([EVENTS, MAILS, *TWILIO]),
        st.just("application/json"),
        bodies.map(gzip.compress),
    ),
)
heads = st.lists(
    st.sampled_from(
        [b"Content-Length: 5", b"Content-Length: 99999999", b"Content-Length: -1", b": x",
         b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Host: x", b"Host:",
         b"X" * 70_000, b"Expect: 100-continue", b"Content-Encoding: gzip", b"Connection: upgrade",
         b"Upgrade: x", b"X-Twilio-Signature: x", b"a\0b: c",
         b"X-Twilio-Email-Event-Webhook-Signature: \xff",
         b"Accept-Language: " + b"de;q=9," * 500, b"Content-Type: multipart/form-data"]
    ),
    max_size=6,
).map(b"\r\n".join)  # fmt: skip
odd = st.builds(
    lambda line, head, body: line + b"\r\n" + head + b"\r\n\r\n" + body,
    st.sampled_from(
        [f"POST {path} HTTP/1.1".encode() for path in (EVENTS, MAILS, *TWILIO, "/u/a", "/nobody")]
        + [b"GET /r/%00%ff HTTP/1.1", b"GET /u/../..//etc HTTP/1.0", b"GET /healthz HTTP/9"]
        + [b"\x16\x03", b"HEAD /r/a HTTP/1.1", b"GET * HTTP/1.1", b"GET http://[ HTTP/1.1"]
        + [b"PRI * HTTP/2.0"]
    ),
    heads,
    st.binary(max_size=60) | st.sampled_from([b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"5\r\nhi"]),
)  # fmt: skip


def post(server: Server, what: tuple[str, str, bytes], *, sign: bool) -> int:
    """Post a body as it is; the status of the answer."""
    path, content_type, body = what
    url = server.base_url + path
    headers = {"Content-Type": content_type} if content_type else {}
    headers |= signed(server.keys, url, body) if sign else {}
    answer = requests.post(url, data=body, headers=headers, timeout=SECONDS)
    return answer.status_code


def say(server: Server, what: bytes) -> int:
    """Say something on a connection and end; the worst status that comes back, 0 for none."""
    address = urlsplit(server.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=SECONDS) as line:
        try:
            line.sendall(what)
            line.shutdown(socket.SHUT_WR)
            heard = b"".join(iter(lambda: line.recv(65536), b""))
        except TimeoutError:
            raise
        except OSError:  # closed before it was all said
            return 0
    lines = heard.split(b"HTTP/1.1 ")[1:]
    return max((int(line[:3]) for line in lines), default=0)


def stop_by_text(server: Server, number: str) -> int:
    form = {"MessageSid": f"SM{number}", "From": number, "To": "+15005550006", "Body": "STOP"}
    return post(server, (TWILIO[1], FORM, urlencode(form).encode()), sign=True)
