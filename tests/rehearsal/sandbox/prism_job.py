"""Our calls through Prism, which holds both sides to the official descriptions: `make contract`.

Prism stands as a proxy between our clients and our sandbox and fails what breaks a description.
No part of `make test`: it needs node, and Prism from the npm registry.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import our_calls
import pytest
import requests
from contract_cases import written_out
from contract_parts import FOLDER
from sandbox_parts import NOW

from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.rehearsal.sandbox import RunningSandbox

CLI = PROJECT_DIR / ".venv/prism/node_modules/@stoplight/prism-cli/dist/index.js"
SENDGRID = (
    "tsg_mail_v3.json", "tsg_scheduled_sends_v3.json", "tsg_logs_v3.json",
    "tsg_email_activity_v3.json", "tsg_suppressions_v3.json",
)  # fmt: skip
# The official slice with Prism's two traps mended: repeated form keys and relative URIs.
TWILIO = "twilio_messaging_slice.overlay.json"
# Examples, as the logs' have a form that is none; a discriminator, as it maps to references.
LEFT_OUT = {"examples", "example", "discriminator"}
START_SECONDS = 60


@pytest.fixture(scope="module", autouse=True)
def _needs() -> None:
    for what, is_there in {"node": shutil.which("node"), str(CLI): CLI.exists()}.items():
        if not is_there:
            pytest.exit(f"{what} is missing: install node 18 or newer, then make contract", 1)
    if not FOLDER.is_dir():
        pytest.exit(f"{FOLDER} is absent: set WINBACK_TEST_SHARED to what holds it", 1)


@contextmanager
def prism(description: Path, upstream: str, log: Path) -> Iterator[str]:
    """Prism in front of `upstream`; yields its address."""
    port = _free_port()
    command = [shutil.which("node") or "node", str(CLI), "proxy", str(description), upstream]
    where = ["--host", "127.0.0.1", "--port", str(port), "--errors"]
    with (
        log.open("w") as output,
        subprocess.Popen([*command, *where], stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            _wait_for(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(START_SECONDS * 10):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(f"Prism did not start: {log.read_text()}")


def merged(files: tuple[str, ...]) -> dict[str, Any]:
    """SendGrid's descriptions in one, as its host is one; references are written out."""
    whole: dict[str, Any] = {}
    for file in files:
        document = json.loads((FOLDER / file).read_text())
        whole = whole or {**document, "paths": {}, "components": {}}
        whole["paths"] |= written_out(document["paths"], document, without=LEFT_OUT)
        whole["components"]["securitySchemes"] = document["components"]["securitySchemes"]
    return whole


@pytest.fixture
def proxies(box: RunningSandbox, tmp_path: Path) -> Iterator[dict[str, str]]:
    sendgrid = tmp_path / "sendgrid.json"
    sendgrid.write_text(json.dumps(merged(SENDGRID)))
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(prism(file, box.base_url, tmp_path / f"{name}.log"))
            for name, file in {"sendgrid": sendgrid, "twilio": FOLDER / TWILIO}.items()
        }


def test_all_that_we_ask_and_are_told_passes_prism(
    box: RunningSandbox, settings: Settings, proxies: dict[str, str], tmp_path: Path
) -> None:
    ours = settings.model_copy(
        update={
            **box.overrides(),
            "sendgrid_base_url": proxies["sendgrid"],
            "twilio_base_url": proxies["twilio"],
            "channels": "email,sms,mms,rcs,whatsapp,voice",
            "public_base_url": "https://hooks.example.com",
        }
    )
    seen = our_calls.make_all(ours, NOW)
    logs = "\n".join((tmp_path / f"{name}.log").read_text() for name in proxies)
    assert seen == our_calls.EXPECTED, _violations(logs)
    assert not _violations(logs)


def test_prism_refuses_a_request_and_an_answer_that_break_a_description(
    box: RunningSandbox, proxies: dict[str, str], control: Any
) -> None:
    headers = {"Authorization": f"Bearer {box.credentials.api_key}"}
    url = f"{proxies['sendgrid']}/v3/mail/send"
    answer = requests.post(url, json={"from": 1}, headers=headers, timeout=30)
    assert answer.json()["type"].endswith("#UNPROCESSABLE_ENTITY")

    control("faults", kind="proxy_html", status=418, method="GET")
    broken = requests.get(f"{proxies['sendgrid']}/v3/mail/batch/b1", headers=headers, timeout=30)
    assert "Unable to match the returned status code" in broken.headers["sl-violations"]


def _violations(log: str) -> list[str]:
    return [line for line in log.splitlines() if re.search(r"[Vv]iolation", line)]
