"""Connections: how many, how fresh, and what a failure on one proves."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.exceptions import ProtocolError

from winback.providers import _wire, classify
from winback.providers._wire import NotHandedOverError, Wire

OK = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: X1\r\nContent-Length: 0\r\n\r\n"
TOO_LARGE = b"HTTP/1.1 413 X\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"
# More than the sockets between two ends hold, so that writing it takes a reader.
LARGE = b"x" * 20_000_000


class Server:
    """Counts connections; `serve` does with each what a test wants."""

    def __init__(self, serve, tls=None):
        self.connections = 0
        self._serve, self._tls = serve, tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}/v3/mail/send"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            stack.enter_context(connection)
            if self._tls:
                secured = self._tls.wrap_socket(connection, server_side=True)
                connection = stack.enter_context(secured)
            self._serve(connection)

    def close(self):
        self._socket.close()


@pytest.fixture
def serve():
    started = []

    def start(behave, tls=None):
        started.append(Server(behave, tls))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a key and a certificate of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(pem)
    )
    return file


@pytest.fixture
def tls(certificate, monkeypatch):
    """A TLS server's context whose certificate our end trusts."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def wire():
    opened = Wire(pool_size=4)
    yield opened
    opened.close()


def answer_all(connection):
    """Keep the connection, answer each small request."""
    while answer(connection):
        pass


def answer(connection):
    """Read one request with the body `{}` to its end and take it; False once nothing comes."""
    request = b""
    while not request.endswith(b"\r\n\r\n{}"):
        if not (more := connection.recv(65536)):
            return False
        request += more
    connection.sendall(OK)
    return True


def came_to(wire, url, data=b"{}"):
    try:
        return classify("sendgrid", wire.call("POST", url, data=data))
    except Exception as error:  # noqa: BLE001
        return classify("sendgrid", error)


def test_ten_sends_in_a_row_use_one_connection(serve, wire):
    server = serve(answer_all)
    assert {came_to(wire, server.url).kind for _ in range(10)} == {"accepted"}
    assert server.connections == 1


def test_a_connection_that_has_rested_is_not_used_again(serve, wire, monkeypatch):
    server = serve(answer_all)
    came_to(wire, server.url)
    rested = time.monotonic() + _wire.IDLE_SECONDS
    monkeypatch.setattr(_wire.time, "monotonic", lambda: rested)
    assert came_to(wire, server.url).kind == "accepted"
    assert server.connections == 2


def test_a_connection_that_the_server_has_closed_costs_no_message(serve, wire):
    server = serve(answer)
    kinds = []
    for _ in range(3):
        kinds.append(came_to(wire, server.url).kind)
        time.sleep(0.05)
    assert kinds == ["accepted"] * 3
    assert server.connections == 3


def test_a_connection_closed_in_the_moment_of_its_use_leaves_the_message_unknown(serve, wire):
    def answer_one_then_hang_up_on_the_next(connection):
        answer(connection)
        connection.recv(65536)

    server = serve(answer_one_then_hang_up_on_the_next)
    assert [came_to(wire, server.url).kind for _ in range(2)] == ["accepted", "unknown"]


def test_a_body_that_was_not_handed_over_whole_was_not_sent(serve, wire):
    def hang_up(connection):
        connection.recv(1024)

    assert came_to(wire, serve(hang_up).url, LARGE).kind == "not_sent"


def test_a_line_too_slow_for_a_body_sent_nothing(serve, wire, monkeypatch):
    monkeypatch.setattr(_wire, "WRITE_SECONDS", 0.2)
    held = threading.Event()
    outcome = came_to(wire, serve(lambda _: held.wait(5)).url, LARGE)
    held.set()
    assert (outcome.kind, outcome.reason) == ("not_sent", "TimeoutError")


def test_a_refusal_given_before_the_body_was_read_is_read(serve, wire):
    def refuse(connection):
        connection.recv(1024)
        connection.sendall(TOO_LARGE)
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.2)

    outcome = came_to(wire, serve(refuse).url, LARGE)
    assert (outcome.kind, outcome.reason) == ("refused", "too_large")


def test_what_a_netrc_says_does_not_take_the_place_of_our_key(serve, wire, tmp_path, monkeypatch):
    seen = []

    def look(connection):
        seen.append(connection.recv(65536))

    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(ProtocolError):
        wire.call("POST", serve(look).url, data=b"{}", headers={"Authorization": "Bearer SG.key"})
    assert b"Authorization: Bearer SG.key\r\n" in seen[0]


def test_over_tls_ten_sends_use_one_connection_too(serve, wire, tls):
    server = serve(answer_all, tls)
    assert {came_to(wire, server.url).kind for _ in range(10)} == {"accepted"}
    assert server.connections == 1


def test_over_tls_it_counts_too_whether_a_request_left_whole(serve, wire, tls):
    def hang_up(connection):
        connection.recv(1024)

    assert came_to(wire, serve(hang_up, tls).url, LARGE).kind == "not_sent"
    assert came_to(wire, serve(hang_up, tls).url).kind == "unknown"


def test_a_server_that_nobody_vouches_for_gets_nothing(serve, wire, tls, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    outcome = came_to(wire, serve(answer_all, tls).url)
    assert (outcome.kind, outcome.reason) == ("not_sent", "SSLCertVerificationError")


def test_a_proxy_that_is_not_there_gets_nothing(wire, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert came_to(wire, "https://api.example.com/v3/mail/send").kind == "not_sent"


@pytest.mark.parametrize(("exempt", "line"), [
    ("", b"POST http://api.example.com:8080/v3/mail/send?page=2 HTTP/1.1"),
    ("127.0.0.1", b"POST /v3/mail/send?page=2 HTTP/1.1"),
])  # fmt: skip
def test_a_proxy_is_told_which_server_a_request_is_for(serve, wire, monkeypatch, exempt, line):
    seen = []

    def look(connection):
        seen.append(connection.recv(65536))
        connection.sendall(OK)

    server = serve(look)
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v3/mail/send"))
    monkeypatch.setenv("NO_PROXY", exempt)
    url = server.url if exempt else "http://api.example.com:8080/v3/mail/send"
    assert wire.call("POST", url, params={"page": 2, "from": None}, data=b"{}").status == 202
    assert seen[0].splitlines()[0] == line


def test_an_address_that_is_none_sends_nothing(wire):
    for url in (
        "http://",
        "api.example.com/v3",
        "ftp://api.example.com/v3",
        "http://a b/v3",
        "http://[::1",
    ):
        assert came_to(wire, url).kind == "not_sent"


def test_a_header_with_a_line_break_in_it_sends_nothing(serve, wire):
    server = serve(answer_all)
    with pytest.raises(NotHandedOverError):
        wire.call("POST", server.url, data=b"{}", headers={"Authorization": "Bearer SG.\nkey"})


def test_what_a_server_wants_kept_is_not_sent_back_and_what_it_packed_is_read(serve, wire):
    seen = []

    def answer_packed(connection):
        for _ in range(2):
            seen.append(connection.recv(65536))
            body = gzip.compress(b'{"a": 1}')
            head = (
                "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Encoding: gzip\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            connection.sendall(head.encode() + body)

    url = serve(answer_packed).url
    for _ in range(2):
        assert wire.call("GET", url).json() == {"a": 1}
    assert b"cookie" not in seen[1].lower()


def test_what_is_closed_lets_go_of_its_connections(serve, wire):
    gone = threading.Event()

    def wait_for_the_end(connection):
        answer_all(connection)
        gone.set()

    assert came_to(wire, serve(wait_for_the_end).url).kind == "accepted"
    wire.close()
    assert gone.wait(10)


def test_a_key_that_no_header_can_hold_sends_nothing(serve, wire):
    server = serve(answer_all)
    with pytest.raises(NotHandedOverError, match="UnicodeEncodeError"):
        wire.call("POST", server.url, data={"To": "1"}, auth=("AC", "t\u20acken"))
    with pytest.raises(NotHandedOverError, match="UnicodeEncodeError"):
        wire.call("POST", server.url, data={"Body": "\ud800"}, auth=("AC", "token"))
    assert server.connections == 0


def test_headers_and_body_leave_together_and_a_header_that_comes_twice_is_read_whole(serve, wire):
    seen = []

    def answer_twice(connection):
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n")

    assert wire.call("POST", serve(answer_twice).url, data=b"{}").headers["x-a"] == "1, 2"
    assert seen[0].endswith(b"\r\n\r\n{}")


def test_a_proxy_is_not_told_what_the_address_of_a_server_says_of_its_user(
    serve, wire, monkeypatch
):
    seen = []

    def look(connection):
        seen.append(connection.recv(65536))
        connection.sendall(OK)

    monkeypatch.setenv("HTTP_PROXY", serve(look).url.removesuffix("/v3/mail/send"))
    wire.call("GET", "http://me:secret@api.example.com/v3")
    assert b"secret" not in seen[0]


def test_an_answer_that_ends_early_leaves_the_message_unknown(serve, wire):
    def break_off(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\n{")

    assert came_to(wire, serve(break_off).url).kind == "unknown"
