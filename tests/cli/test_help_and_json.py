"""Every `--help` shows commands that can be copied, and names the keys that `--json` prints."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

# The package, not its `_app`: importing it registers the commands.
from winback.cli import _app, main

ROOT = get_command(_app.app)


def walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, part in getattr(command, "commands", {}).items():
        if not part.hidden:
            yield from walk(f"{path} {name}", part)


COMMANDS = dict(walk("winback", ROOT))


def examples(command: Any) -> list[str]:
    return re.findall(r"^  (\S.*)$", command.epilog or "", re.MULTILINE)


def keys(command: Any) -> list[str]:
    found = re.search(r"Keys of --json: (.+)", command.epilog or "")
    return found[1].split(", ") if found else []


def parse(line: str) -> str:
    """Let the command line read a line as it would, without running it; the command's path."""
    words = shlex.split(line.rpartition(" | ")[2].partition(" < ")[0])
    context, command, path, rest = None, ROOT, words[0], words[1:]
    while True:
        context = command.make_context(path, list(rest), parent=context)
        if not (rest := context._protected_args + context.args) or not hasattr(command, "commands"):
            return path
        name, command, rest = command.resolve_command(context, rest)
        path += f" {name}"


@pytest.mark.parametrize("path", COMMANDS)
def test_help_ends_in_two_or_more_commands_that_the_command_line_understands(path: str) -> None:
    lines = examples(COMMANDS[path])
    assert 2 <= len(lines) <= 4
    parsed = [parse(line) for line in lines]
    assert any(found.startswith(path) for found in parsed)


def test_a_wrong_example_would_be_found() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse("winback build --as-off 2026-03-31")
    with pytest.raises(Exception, match="No such command"):
        parse("winback biuld")


def test_a_command_with_json_names_its_keys_and_no_other_does() -> None:
    with_option = {
        path
        for path, command in COMMANDS.items()
        if any("--json" in parameter.opts for parameter in command.params)
    }
    assert with_option == {path for path, command in COMMANDS.items() if keys(command)}
    assert {"winback load", "winback build", "winback run", "winback doctor"} < with_option


@pytest.fixture
def winback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run a command with `--json`; its facts, which are all that stands on stdout."""
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def run(line: str, *, code: int = 0) -> dict[str, Any]:
        monkeypatch.setattr(sys, "argv", [*shlex.split(line), "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        out = capsys.readouterr().out
        assert (ended.value.code or 0) == code
        facts = json.loads(out)
        assert list(facts) == keys(COMMANDS[parse(line)])
        return dict(facts)

    return run


def test_a_load_and_lists_of_opt_outs_are_told_as_json(winback: Any, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "customers.csv").write_text("customer_id,email\nc1,c1@example.com\n")
    (shop / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\no1,c1,2026-01-05,40\no2,c1,never,40\n"
    )
    told = winback(f"winback load {shop}")
    assert {it["file"]: (it["landed"], it["rejected"]) for it in told["sources"]} == {
        "customers.csv": (1, 0),
        "orders.csv": (1, 1),
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", told["loaded_at"])

    (tmp_path / "stops.csv").write_text("email\nc1@example.com\nc1@\n")
    told = winback("winback suppressions import stops.csv --reason unsubscribe", code=1)
    assert (told["read"], told["new"], sum(told["rejected"].values())) == (2, 1, 1)
    assert winback("winback suppressions export out.csv")["written"] == 1
    assert winback("winback suppressions holds") == {"holds": []}
    told = winback("winback erase c1 --dry-run")
    assert (told["addresses"], told["dry_run"]) == (1, True)


def test_what_waits_and_what_is_missing_are_told_as_json(winback: Any) -> None:
    assert winback("winback inbox") == {"closed": False, "conversations": []}
    assert winback("winback reconcile list") == {"messages": []}
    assert winback("winback reconcile --mode dry-run")["unknown"] == []
    assert winback("winback replay-events")["events"]["same"] == 0
    told = winback("winback stop --because 'a wrong price'")
    assert (told["because"], told["held_emails"], told["held_until"]) == ("a wrong price", 0, None)
    told = winback("winback go")
    assert [(it["channel"], it["kind"]) for it in told["released"]] == [("*", "operator")]
    assert winback("winback go") == {"released": [], "stop_file": None}
    told = winback("winback doctor", code=1)
    assert told["ready"] is False
    assert any("WINBACK_SENDGRID_API_KEY" in line for line in told["missing"])
