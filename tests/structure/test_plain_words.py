"""What people read says what happens to messages and people, in no words of the engine's own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The engine's words for what a person calls: sent or not, planned anew, waiting, by another run.
ENGINE = re.compile(
    r"\b(let go|lets? \w+ go|dead runs?|claim(s|ed)?|leases?|sweeps?|swept|parked|polled|fenced|"
    r"transitions?|tokens? bucket|in flight|enqueued?|idempot\w*|guard)\b",
    re.IGNORECASE,
)
# Calls whose texts a person reads: in a terminal, in a log, as an error, or in Prefect's UI.
TOLD_BY = re.compile(
    r"^(say|echo|secho|warn|print_rows|tell_stage|stage|keep_table|keep_page|end_flow|Cancelled|Completed"
    r"|Failed|_task|named|emit|emit_news|info|warning|error|exception|\w+Error|\w+Failure|LedgerFenced|Option|Argument)$"
)
NAMES = {"message", "task_run_name", "flow_run_name", "description", "help"}


def told(source: str) -> Iterator[tuple[int, str]]:
    """Each text of a module that a person reads, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif isinstance(node, ast.FunctionDef) and node.name == "summary":
            for statement in node.body[1:]:
                yield from _texts(statement)
        elif isinstance(node, ast.Yield) and node.value is not None:
            yield from _texts(node.value)


def _of_call(call: ast.Call) -> Iterator[tuple[int, str]]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if TOLD_BY.match(name):
        for argument in call.args:
            yield from _texts(argument)
    for keyword in call.keywords:
        if keyword.arg in NAMES:
            yield from _texts(keyword.value)


def _texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.lineno, part.value


def modules() -> list[Path]:
    return [
        path for room in ("winback", "flows", "quality") for path in (ROOT / room).rglob("*.py")
    ]


def test_no_text_that_people_read_has_a_word_of_the_engine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in modules()
        for line, text in told(path.read_text())
        if ENGINE.search(text)
    ]
    assert found == []


def test_no_text_of_a_file_that_prefect_shows_has_one() -> None:
    for name in ("flows/about.toml", "automations.yaml", "prefect.yaml"):
        lines = (ROOT / name).read_text().splitlines()
        assert [it for it in lines if ENGINE.search(it) and "collision_strategy" not in it] == []


def test_the_texts_of_terminal_log_and_prefect_are_all_looked_at() -> None:
    seen = [text for path in modules() for _, text in told(path.read_text())]
    for text in (
        "plan again what an interrupted run did not send",  # a task's name in Prefect
        "Asking the providers what became of messages",  # a stage in the terminal
        "May have been sent: `winback reconcile`",  # an artifact
        "interrupted; the next run goes on from there",  # a flow's last state
        "a client went away before its request was complete: nothing of it is stored",  # a log
        "Stopped: no worker of this ledger begins another call. Next: winback go",
        " moved to another time",  # a summary
        "messages of unknown outcome, not sent again without proof",  # a run's last lines
    ):
        assert any(text in it for it in seen), text


def test_such_a_word_would_be_found() -> None:
    source = 'def f():\n    say(f"{n} messages let go")\n    log.info("swept %s", n)\n'
    assert [line for line, text in told(source) if ENGINE.search(text)] == [2, 3]
