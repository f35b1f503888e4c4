"""Whatever code the documents show is code: commands that exist, blocks that can be read."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return import_module("check_docs")


def test_the_code_of_every_document_is_right(check: ModuleType) -> None:
    found = {
        path.name: list(check.faults(path.read_text(encoding="utf-8")))
        for path in check.documents()
    }
    assert {name: faults for name, faults in found.items() if faults} == {}
    assert {"README.md", "first-hour.md", "commands.md", "analysts.md"} <= found.keys()


def test_it_looks_at_the_commands_of_the_documents(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = set()

    def noted(command: Any, path: str, words: list[str], *, whole: bool) -> str:
        if path == "winback":
            calls.add(" ".join(words))
        return str(parsed(command, path, words, whole=whole))

    parsed = check._parsed
    monkeypatch.setattr(check, "_parsed", noted)
    for path in check.documents():
        list(check.faults(path.read_text(encoding="utf-8")))
    assert "load DIR" in calls
    assert "suppressions import do-not-text.xlsx --country GB" in calls
    assert len(calls) > 60


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("one `winback lode DIR`", "line 1: winback has no command lode"),
        ("a\n\n`winback inbox burn`", "line 3: winback inbox has no command burn"),
        ("`winback run --fast`", "line 1: winback run: No such option: --fast"),
        ("```\n.venv/bin/winback load\n```", None),
        ("```\n.venv/bin/winback load a b\n```", "line 2: winback load: Got unexpected"),
        ("```sh\nA=1 winback why c1 --years 3  # a story\n```", "line 2: winback why: No such"),
        ("```console\n$ winback dock\nall is well\n```", "line 2: winback has no command dock"),
        ("```\nwinback why --json\n```", "line 2: winback why: "),
        ("`make coffee`", "line 1: make has no target coffee"),
        ("```\nmake test FUZZ_MINUTES=2 coffee\n```", "line 2: make has no target coffee"),
        ("```python\nx = (\n```", "line 2: '(' was never closed"),
        ("\n```sql\nselect 1 fron {{ ref('x') }} where\n```", "line 3: Parser Error"),
        ("```toml\na = \n```", "line 2: "),
        ("```yaml a.yml\na: [\n```", "line 2: "),
        ("```json\n{]\n```", "line 2: "),
        ("```csv a.csv\na,b\n1\n```", "line 2: rows have 1 to 2 columns"),
        ("`winback why CUSTOMER_ID` and `winback dbt …` and `winback suppressions`", None),
        ("```\nwinback classify < replies.txt\nwinback build && winback run\n```", None),
        ("```sql\nselect a from {{ ref('x') }} {# no #} where b\n```", None),
        ("```text\nwinback lode\n```", None),
    ],
)
def test_a_fault_is_one_line_with_its_place(
    check: ModuleType, text: str, fault: str | None
) -> None:
    found = list(check.faults(text))
    assert len(found) == (fault is not None), found
    assert not fault or found[0].startswith(fault)
