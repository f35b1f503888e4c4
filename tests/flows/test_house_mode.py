"""One switch says what the runs of all deployments may do, and what can't be read is a dry run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from flow_shop import OPENS, Shop
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.settings import PREFECT_API_URL, temporary_settings
from typer.testing import CliRunner

from flows import stages
from flows._house import VARIABLE, mode_of_run, read_house
from winback.base.errors import WinbackError
from winback.cli._app import app
from winback.ledger import LedgerFenced, dedicate, has_ledger, open_ledger
from winback.readiness.network import Answer

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("prefect_server", "_no_variable")]
SILENT = Answer("DKIM of shop.example", "unknown", "no key")
MODES = ("dry-run", "sandbox", "live")


@pytest.fixture
def _no_variable() -> Iterator[None]:
    yield
    with get_client(sync_client=True) as client:
        if client.read_variable_by_name(VARIABLE) is not None:
            client.delete_variable_by_name(VARIABLE)


@pytest.fixture
def winback(shop: Shop) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(app, words)


@pytest.fixture
def _in_a_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "a-deployment")


def set_variable(value: object) -> None:
    with get_client(sync_client=True) as client:
        if client.read_variable_by_name(VARIABLE) is None:
            client.create_variable(VariableCreate(name=VARIABLE, value=value))  # type: ignore[arg-type]
        else:
            client.update_variable(VariableUpdate(name=VARIABLE, value=value))  # type: ignore[arg-type]


@pytest.mark.usefixtures("_in_a_deployment")
def test_a_deployment_may_do_what_the_house_may_or_less_and_never_more() -> None:
    for asked in ("house", *MODES):
        assert mode_of_run(asked) == "dry-run"  # nobody has set the variable
    for house in MODES:
        set_variable(house)
        assert mode_of_run("house") == house
        for asked in MODES:
            assert mode_of_run(asked) == min(asked, house, key=MODES.index)
    for nonsense in ("LIVE ", "", 1, True, ["live"], {"mode": "live"}, None):
        set_variable(nonsense)
        for asked in ("house", *MODES):
            assert mode_of_run(asked) == "dry-run"
    set_variable("live")
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert mode_of_run("live") == "dry-run"
        assert read_house().why == "Prefect's server can't be asked (ConnectError)"


def test_outside_of_a_deployment_a_run_does_what_its_caller_says() -> None:
    set_variable("dry-run")
    assert [mode_of_run(mode) for mode in MODES] == list(MODES)
    set_variable("sandbox")
    assert mode_of_run("house") == "sandbox"


@pytest.mark.usefixtures("_in_a_deployment")
def test_a_flow_asks_the_house(shop: Shop) -> None:
    sent = stages.send_due("live", OPENS, return_state=True)
    assert sent.is_completed()
    assert "a dry run sends nothing" in str(sent.message)
    assert not has_ledger(shop.settings)
    set_variable("sandbox")
    assert stages.send_playbook("sms_email", "live", OPENS, return_state=True).is_completed()
    assert has_ledger(shop.settings)


def test_the_command_shows_who_set_the_mode_and_when(winback: Callable[..., Result]) -> None:
    assert winback("mode").output == "dry-run: the variable winback_mode is not set\n"
    done = winback("mode", "sandbox")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("sandbox: set by ")
    assert "somebody in Prefect" not in done.output
    assert winback("mode").output == done.output
    facts = json.loads(winback("mode", "--json").stdout)
    assert facts["mode"] == read_house().mode == "sandbox"
    assert facts["set_by"] in done.output
    set_variable("dry-run")
    assert winback("mode").output.startswith("dry-run: set by somebody in Prefect, ")
    assert winback("mode", "dry-run").exit_code == 0


def test_a_mode_is_refused_that_could_send_nothing(
    winback: Callable[..., Result], shop: Shop
) -> None:
    refused = winback("mode", "live").exception
    assert isinstance(refused, WinbackError)
    assert "live mode is not ready" in str(refused)
    assert "WINBACK_SENDGRID_API_KEY is not set" in str(refused)
    assert str(winback("mode", "loud").exception).startswith("unknown mode 'loud'")
    with open_ledger(shop.settings) as ledger:
        dedicate(ledger, "live", is_rehearsal=False)
    assert isinstance(winback("mode", "sandbox").exception, LedgerFenced)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        refused = winback("mode", "dry-run").exception
        assert isinstance(refused, WinbackError)
        assert "the mode can't be set: Prefect's server can't be asked" in str(refused)
    assert read_house().why == "the variable winback_mode is not set"


def test_live_is_allowed_once_nothing_is_missing_and_stops_are_told(
    winback: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("winback.readiness.modes.findings", lambda _settings: [])
    monkeypatch.setattr("flows.mode.require_network", lambda _settings: [SILENT])
    winback("stop", "--because", "a wrong price")
    done = winback("mode", "live")
    assert done.exit_code == 0, done.output
    assert "live: set by " in done.output
    assert "network: DKIM of shop.example: unknown: no key" in done.output.replace("\n", " ")
    assert "(a wrong price)" in done.output.replace("\n", " ")
