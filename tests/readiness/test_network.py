"""What only the network knows, asked of stand-ins on this machine."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from s3_server import KEY, SECRET
from typer.testing import CliRunner

from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.cli._app import app
from winback.readiness import network
from winback.readiness.network import Answer, _answers, ask_network, require_network
from winback.readiness.network._dns import DnsSilent, name_servers, texts

SID = "AC" + "0" * 32
SERVICE = "MG" + "0" * 32
RECORDS = {
    "shop.example": ["google-site-verification=x", "v=spf1 include:sendgrid.net ~all"],
    "s1._domainkey.shop.example": ["k=rsa; t=s; p=" + "A" * 300],
    "_dmarc.shop.example": ["v=DMARC1; p=none; rua=mailto:a@shop.example"],
}


def written(name: str) -> bytes:
    labels = name.encode().split(b".")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def text_record(text: str) -> bytes:
    """Behind a pointer to the question's name; in strings of at most 255 bytes."""
    data = text.encode()
    parts = [data[at : at + 255] for at in range(0, len(data), 255)]
    body = b"".join(bytes([len(part)]) + part for part in parts)
    return b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, len(body)) + body


def answer_to(query: bytes, records: Mapping[str, list[str]], *, is_cut: bool) -> bytes:
    end = query.index(b"\0", 12)
    name, at = [], 12
    while at < end:
        name.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    found = records.get(".".join(name))
    alias = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, 2) + b"\xc0\x0c"
    rows = [] if is_cut else [alias, *map(text_record, found or [])]
    flags = 0x8180 | (0x0200 if is_cut else 0) | (0 if found is not None else 3)
    head = query[:2] + struct.pack("!5H", flags, 1, len(rows), 0, 0)
    return head + query[12 : end + 5] + b"".join(rows)


@contextmanager
def name_server(
    records: Mapping[str, list[str]], *, cuts: bool = False
) -> Iterator[tuple[str, int]]:
    """A name server that cuts its answers by UDP short, or does not."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        address = tcp.getsockname()
        udp.bind(address)

        def by_udp() -> None:
            while (got := udp.recvfrom(512))[0] != b"end":
                udp.sendto(answer_to(got[0], records, is_cut=cuts), got[1])

        def by_tcp() -> None:
            while True:
                connection, _ = tcp.accept()
                with connection:
                    if not (query := connection.recv(512)[2:]):
                        return
                    answer = answer_to(query, records, is_cut=False)
                    connection.sendall(struct.pack("!H", len(answer)) + answer)

        threads = [threading.Thread(target=work) for work in (by_udp, by_tcp)]
        for thread in threads:
            thread.start()
        yield address
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", address)
        socket.create_connection(address).close()
        for thread in threads:
            thread.join()


@contextmanager
def web(pages: Mapping[str, tuple[int, Any]]) -> Iterator[str]:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = pages.get(self.path, (404, {}))
            if status == 200 and "v3" in self.path:
                status = 200 if self.headers["Authorization"] == "Bearer SG.right" else 401
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def pages() -> dict[str, tuple[int, Any]]:
    return {
        "/healthz": (200, {"status": "ok", "can_store": True}),
        "/v3/scopes": (200, {"scopes": ["mail.send", "user.webhooks"]}),
        f"/2010-04-01/Accounts/{SID}.json": (200, {"status": "active"}),
        f"/v1/Services/{SERVICE}/Compliance/Usa2p": (
            200,
            {"compliance": [{"campaign_status": "VERIFIED"}]},
        ),
    }


@pytest.fixture
def settings(tmp_path: Path, pages: dict[str, tuple[int, Any]]) -> Iterator[Settings]:
    with web(pages) as url:
        hooks = [{"enabled": True, "url": f"{url}/webhooks/sendgrid/events"}]
        pages["/v3/user/webhooks/event/settings/all"] = (200, {"webhooks": hooks})
        inbound = {"inbound_request_url": f"{url}/webhooks/twilio/inbound"}
        pages[f"/v1/Services/{SERVICE}"] = (200, inbound)
        yield Settings.load(
            home=tmp_path / "home",
            from_email="hello@shop.example",
            public_base_url=url,
            sendgrid_base_url=url,
            sendgrid_api_key="SG.right",
            twilio_base_url=url,
            twilio_account_sid=SID,
            twilio_auth_token="a-secret",
            twilio_messaging_service_sid=SERVICE,
        )


def asked(settings: Settings, records: Mapping[str, list[str]] = RECORDS) -> dict[str, Answer]:
    with name_server(records) as server:
        return {it.about.split(" of ")[0]: it for it in ask_network(settings, [server])}


def test_all_is_well_where_all_is_set(settings: Settings) -> None:
    answers = asked(settings)
    assert {name: it.verdict for name, it in answers.items()} == dict.fromkeys(
        [
            "WINBACK_PUBLIC_BASE_URL", "SPF", "DKIM", "DMARC", "SendGrid's key",
            "SendGrid's event webhook", "Twilio's account", "Twilio's messaging service",
            "Twilio's campaign",
        ],
        "ok",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "records", "about", "verdict"),
    [
        ("shop.example", ["v=spf1 a", "v=spf1 b"], "SPF", "wrong"),
        ("shop.example", ["v=spf10"], "SPF", "unknown"),
        ("s1._domainkey.shop.example", ["k=rsa; p="], "DKIM", "unknown"),
        ("_dmarc.shop.example", None, "DMARC", "wrong"),
        ("_dmarc.shop.example", ["v=DMARC1; p=none", "v=DMARC1; p=none"], "DMARC", "wrong"),
        ("_dmarc.shop.example", ["v=DMARC1; rua=mailto:x@y.example"], "DMARC", "wrong"),
        ("_dmarc.shop.example", ["v=DMARC1;p=reject"], "DMARC", "ok"),
    ],
)
def test_what_the_domain_says(
    settings: Settings, name: str, records: list[str] | None, about: str, verdict: str
) -> None:
    others = {key: it for key, it in RECORDS.items() if key != name}
    changed = others | ({name: records} if records is not None else {})
    assert asked(settings, changed)[about].verdict == verdict


def test_a_subdomain_has_the_policy_of_the_domain_above_it(settings: Settings) -> None:
    below = settings.model_copy(update={"from_email": "hello@mail.shop.example"})
    found = asked(below)["DMARC"]
    assert (found.verdict, found.says) == ("ok", "p=none at _dmarc.shop.example")


def test_the_short_address_of_links_must_lead_to_the_receiver(settings: Settings) -> None:
    about = "WINBACK_LINK_BASE_URL"
    assert about not in asked(settings)
    reached = settings.model_copy(update={"link_base_url": settings.public_base_url})
    assert asked(reached)[about].verdict == "ok"
    away = settings.model_copy(update={"link_base_url": f"{settings.public_base_url}/elsewhere"})
    assert asked(away)[about].verdict == "wrong"


@pytest.mark.parametrize(
    ("page", "reply", "expected"),
    [
        ("/healthz", (404, {}), ("WINBACK_PUBLIC_BASE_URL", "wrong")),
        ("/healthz", (200, {"status": "ok"}), ("WINBACK_PUBLIC_BASE_URL", "wrong")),
        ("/healthz", (503, {"can_store": False}), ("WINBACK_PUBLIC_BASE_URL", "wrong")),
        ("/v3/scopes", (200, {"scopes": []}), ("SendGrid's key", "wrong")),
        ("/v3/scopes", (500, {}), ("SendGrid's key", "unknown")),
        (
            "/v3/user/webhooks/event/settings/all",
            (200, {"webhooks": [{"enabled": True, "url": "https://other.example"}]}),
            ("SendGrid's event webhook", "wrong"),
        ),
        (f"/2010-04-01/Accounts/{SID}.json", (401, {}), ("Twilio's account", "wrong")),
        (
            f"/2010-04-01/Accounts/{SID}.json",
            (200, {"status": "suspended"}),
            ("Twilio's account", "wrong"),
        ),
        (f"/v1/Services/{SERVICE}", (404, {}), ("Twilio's messaging service", "wrong")),
        (f"/v1/Services/{SERVICE}", (200, {}), ("Twilio's messaging service", "wrong")),
        (
            f"/v1/Services/{SERVICE}",
            (200, {"use_inbound_webhook_on_number": True}),
            ("Twilio's messaging service", "unknown"),
        ),
        (
            f"/v1/Services/{SERVICE}/Compliance/Usa2p",
            (200, {"compliance": [{"campaign_status": "FAILED"}]}),
            ("Twilio's campaign", "wrong"),
        ),
        (
            f"/v1/Services/{SERVICE}/Compliance/Usa2p",
            (200, {"compliance": []}),
            ("Twilio's campaign", "unknown"),
        ),
    ],
)
def test_what_the_accounts_and_the_address_say(
    settings: Settings,
    pages: dict[str, tuple[int, Any]],
    page: str,
    reply: tuple[int, Any],
    expected: tuple[str, str],
) -> None:
    pages[page] = reply
    answers = asked(settings)
    about, verdict = expected
    assert answers[about].verdict == verdict
    assert "a-secret" not in str(answers)
    assert "SG.right" not in str(answers)


def test_a_key_that_is_refused_is_named(settings: Settings) -> None:
    own = Settings.load(**(settings.model_dump() | {"sendgrid_api_key": "SG.wrong"}))
    answer = asked(own)["SendGrid's key"]
    assert str(answer) == (
        "SendGrid's key: wrong: is refused (401). Next: WINBACK_SENDGRID_API_KEY"
    )


def test_who_says_nothing_is_waited_for_no_longer_than_the_time_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_answers, "SECONDS", 0.3)
    monkeypatch.setattr("winback.readiness.network._domain.SECONDS", 0.3)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.bind(silent.getsockname())
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        bases = ("public_base_url", "sendgrid_base_url", "twilio_base_url")
        own = settings.model_copy(update=dict.fromkeys(bases, url))
        began = time.monotonic()
        answers = ask_network(own, [silent.getsockname()])
    assert time.monotonic() - began < 10
    assert {it.verdict for it in answers if it.about != "WINBACK_PUBLIC_BASE_URL"} == {"unknown"}
    assert "no answer (ReadTimeout)" in str(answers)
    assert "no name server said (TimeoutError)" in str(answers)


def test_a_long_answer_is_asked_for_by_tcp_and_the_next_server_is_asked() -> None:
    long = {"shop.example": ["v=spf1 " + "a" * 2000, "é"]}
    with name_server(long, cuts=True) as server:
        assert texts("shop.example", [server], seconds=5) == long["shop.example"]
        assert texts("other.example", [server], seconds=5) == []
        gone = ("127.0.0.1", 9)
        assert texts("shop.example", [gone, server], seconds=5) == long["shop.example"]
    for bad in ("a" * 70, "a..b"):
        with pytest.raises(DnsSilent, match="can't be read"):
            texts(bad, [server], seconds=1)
    with pytest.raises(DnsSilent, match="no name server is set"):
        texts("shop.example", [], seconds=1)


def test_the_name_servers_are_those_of_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("# nameserver 9.9.9.9\nsearch x\nnameserver 10.0.0.2\nnameserver ::1\n")
    assert name_servers(path) == (("10.0.0.2", 53), ("::1", 53))
    assert name_servers(tmp_path / "none") == ()


def test_doctor_tells_each_answer_and_going_live_stops_at_a_wrong_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    wrong = Answer("DMARC of shop.example", "wrong", "no record")
    unknown = Answer("DKIM of shop.example", "unknown", "no key")
    monkeypatch.setattr(network, "ask_network", lambda *_: [wrong, unknown])
    done = CliRunner().invoke(app, ["doctor", "--network"])
    assert done.exit_code == 1
    assert "network: DMARC of shop.example: wrong: no record" in done.output
    facts = json.loads(CliRunner().invoke(app, ["doctor", "--network", "--json"]).stdout)
    assert [row["verdict"] for row in facts["network"]] == ["wrong", "unknown"]
    elsewhere = settings.model_copy(update={"sendgrid_base_url": "", "twilio_base_url": ""})
    with pytest.raises(WinbackError, match=r"1 findings: DMARC of shop\.example: wrong"):
        require_network(elsewhere)
    assert require_network(settings) == []  # nothing leaves this machine
    monkeypatch.setattr(network, "ask_network", lambda *_: [unknown])
    assert require_network(elsewhere) == [unknown]


def test_what_machines_share_is_reached_or_a_line_says_why_not(
    settings: Settings, lake: Any, s3_endpoint: str
) -> None:
    urls = {"landing_url": "s3://lake/landing", "published_url": "s3://nowhere/published"}
    keys = {"storage_key_id": SecretStr(KEY), "storage_secret": SecretStr(SECRET)}
    shared = settings.model_copy(update={"storage_endpoint": s3_endpoint} | urls | keys)

    def told(given: Settings) -> list[str]:
        answers = [it for it in ask_network(given, []) if it.about.endswith(("ING_URL", "HED_URL"))]
        return [str(it) for it in answers]

    landing, published = told(shared)
    assert landing == "WINBACK_LANDING_URL: ok: the storage is reached; nothing is put there yet"
    assert published == (
        "WINBACK_PUBLISHED_URL: wrong: s3://nowhere/published: the storage has no such bucket. "
        "Next: see WINBACK_STORAGE_*"
    )
    away = told(shared.model_copy(update={"storage_endpoint": "http://127.0.0.1:1"}))
    assert len(away) == 2
    assert all("wrong" in it and "the storage can't be reached" in it for it in away)
