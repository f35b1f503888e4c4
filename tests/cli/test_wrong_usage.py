"""A user's mistake is one line and an exit code, never a traceback."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from winback.base.settings import Settings
from winback.cli import main

pytestmark = pytest.mark.long


def winback(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["winback", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("run", "--mode", "loud"), 2, "unknown mode 'loud': one of dry-run, sandbox, live"),
        (("run", "--mode", "live"), 1, "Next: winback doctor"),
        (("run", "--mode", "live", "--as-of", "2026-03-01"), 1, "--as-of is refused"),
        (("build", "--as-of", "next week"), 2, "is not an ISO 8601 date or time"),
        (("build", "--as-of", "0001-01-01T00:00+14:00"), 2, "is not an ISO 8601 date or time"),
        (("load", "shop", "--date-format", "%d/%d/%m/%Y"), 2, "is no format of a date"),
        (("run",), 1, "nothing is loaded yet. Next: winback load DIR"),
        (("build",), 1, "nothing is loaded yet. Next: winback load DIR"),
        (("why", "c1"), 1, "nothing is published yet. Next: winback build"),
        (("load", "nowhere"), 2, "nowhere"),
        (("erase", "c\udcff"), 2, "winback: word 2 after winback is not UTF-8"),
        (("load", "sho\udc80p"), 2, "winback: word 2 after winback is not UTF-8"),
    ],
)
def test_a_mistake_says_what_is_wrong_and_what_comes_next(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    assert winback(monkeypatch, *arguments) == code
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


def test_a_run_that_has_nothing_to_read_starts_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert winback(monkeypatch, "run") == 1
    assert not (tmp_path / "home" / "control-room").exists()


def test_an_unknown_zone_is_named_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WINBACK_SHOP_TIMEZONE", "Mars/Olympus")
    assert winback(monkeypatch, "build") == 2
    error = capsys.readouterr().err
    assert "WINBACK_SHOP_TIMEZONE: 'Mars/Olympus' is not an IANA time zone" in error


def test_a_file_of_settings_that_is_no_utf8_is_named_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".env").write_bytes("WINBACK_BRAND_NAME=Björn\n".encode("latin-1"))
    assert winback(monkeypatch, "build") == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error == "winback: .env is not UTF-8. Next: save it as UTF-8"


def test_an_unknown_option_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    assert winback(monkeypatch, "build", "--as-off", "2026-03-01") == 2


def test_doctor_names_every_missing_setting_and_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WINBACK_TWILIO_AUTH_TOKEN", "very-secret")
    assert winback(monkeypatch, "doctor") == 1
    out = capsys.readouterr().out
    assert "WINBACK_SENDGRID_API_KEY is not set" in out
    assert "WINBACK_TWILIO_AUTH_TOKEN" not in out
    assert "very-secret" not in out


@pytest.mark.parametrize("command", [("load", "shop"), ("run",), ("build",), ("inbox",)])
def test_a_home_that_can_not_be_written_is_one_line_and_no_traceback(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
) -> None:
    (tmp_path / "home").write_text("a file, where a folder should be")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "customers.csv").write_text("customer_id\nc1\n")
    (tmp_path / "shop" / "orders.csv").write_text("order_id,customer_id,ordered_at,total_amount\n")
    assert winback(monkeypatch, *command) in (1, 2)
    error = capsys.readouterr().err.splitlines()[-1]
    assert "home" in error.lower()
    assert error.startswith("winback: ")


@pytest.mark.parametrize(
    "url", ["mysql://shop:secret@127.0.0.1/x", "postgresql+nodriver://shop:secret@127.0.0.1/x"]
)
def test_a_ledger_in_a_database_that_can_not_hold_it_is_one_line_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WINBACK_LEDGER_URL", url)
    assert winback(monkeypatch, "inbox") == 2
    error = capsys.readouterr().err
    assert "SQLite or PostgreSQL" in error
    assert "secret" not in error


def test_doctor_tells_of_a_misspelled_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WINBACK_CHANELS", "email")
    monkeypatch.setenv("WINBACK_WAREHOUSE", "ours, and no setting")
    Path(".env").write_text("WINBACK_BRANDNAME=Our Shop\n")
    assert winback(monkeypatch, "doctor") == 1
    out = capsys.readouterr().out
    assert "WINBACK_CHANELS is no setting (WINBACK_CHANNELS is)" in out
    assert "WINBACK_BRANDNAME is no setting (WINBACK_BRAND_NAME is)" in out
    assert "WINBACK_WAREHOUSE" not in out


@pytest.mark.parametrize("command", ["serve", "sandbox"])
def test_a_port_that_is_taken_is_one_line_that_names_it(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert winback(monkeypatch, command, "--port", port) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith(f"winback: 127.0.0.1:{port} can't be listened on (Address already in")
    assert error.endswith("Next: another --port")


@pytest.mark.parametrize("setting", ["FROM_EMAIL", "REPLY_TO", "UNSUBSCRIBE_MAILTO"])
@pytest.mark.parametrize(
    "address",
    [
        "a@shop.example\nBcc: b@shop.example",
        "a@shop.example\r\n",
        "a@shop.example\n",
        "a\t@shop.example",
        "a\x0b@shop.example",
        "a\x01@shop.example",
        "a@shop.example\x7f",
        "a@shop\x85.example",
        "a@shop.example\u2028",
        "\x1ba@shop.example",
    ],
)
def test_an_address_of_ours_with_line_breaks_or_control_characters_is_refused(
    setting: str, address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"WINBACK_{setting}", address)
    assert winback(monkeypatch, "inbox") == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error == f"winback: WINBACK_{setting}: must be an address alone, like hello@shop.example"


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("FROM_NAME", "Shop\nBcc: everybody@example.com", "U+000A at place 5"),
        ("FROM_NAME", "Shop\r", "U+000D at place 5"),
        ("BRAND_NAME", "Shop\u2029Shop", "U+2029 at place 5"),
        ("BRAND_NAME", "\x1b[2JShop", "U+001B at place 1"),
        ("BRAND_NAME", "A\tShop", "U+0009 at place 2"),
        ("POSTAL_ADDRESS", "1 Main St\x85Springfield", "U+0085 at place 10"),
        ("SHOP_URL", "https://shop.example.com/\x0b", "U+000B at place 26"),
        ("PUBLIC_BASE_URL", "https://shop.example.com\n", "U+000A at place 25"),
        ("TWILIO_MESSAGING_SERVICE_SID", "MG1\x7f", "U+007F at place 4"),
        ("SENDGRID_API_KEY", "SG.secret\n", "U+000A at place 10"),
        ("TWILIO_AUTH_TOKEN", "secret\udc80", "U+DC80 at place 7"),
    ],
)
def test_a_setting_that_is_no_line_of_text_is_refused_in_one_line_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    place: str,
) -> None:
    monkeypatch.setenv(f"WINBACK_{name}", value)
    assert winback(monkeypatch, "doctor") == 2
    error = capsys.readouterr().err
    says = f"WINBACK_{name}: must be one line without control characters, and holds {place}"
    assert says in error
    assert "Traceback" not in error
    assert value.strip() not in error


@pytest.mark.parametrize(
    "brand", ["Björn & Co <Shop>", "Shop 👩‍🌾", "متجر\u200f", "店", "a\u00a0b"]
)
def test_a_brand_may_be_written_in_any_letters(brand: str) -> None:
    assert Settings.load(brand_name=brand, from_name=brand).from_name == brand


def test_a_list_may_be_written_over_lines() -> None:
    assert Settings.load(channels="email,\n sms").enabled_channels == ("email", "sms")


def test_an_installation_that_is_older_than_the_code_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("winback.cli._plugins.entry_points", lambda **_: ())
    assert winback(monkeypatch, "mode") == 1
    error = capsys.readouterr().err
    assert "installed before it had 'mode'. Next: make setup" in error
    assert "Traceback" not in error
