"""The generated pages of docs/ are what the repository says today, and say enough."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")

    def imported(name: str) -> ModuleType:
        return import_module(name)

    return imported


@pytest.mark.parametrize(
    "name",
    [
        "column_page", "command_page", "event_page", "input_page", "law_page", "lint_page",
        "processing_page", "rule_page", "setting_page",
    ],
)  # fmt: skip
def test_a_generated_page_is_up_to_date(script, name: str) -> None:
    module = script(name)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "Next: make docs"


def test_make_docs_writes_each_of_them(script) -> None:
    pages = {module.PAGE.name for module in script("make_docs").PAGES}
    said = {
        path.name
        for path in (ROOT / "docs").glob("*.md")
        if "`make docs` writes this page" in path.read_text(encoding="utf-8")
    }
    assert pages == said
    assert len(pages) == 9


def test_the_page_of_commands_has_every_command_and_says_what_each_option_is(script) -> None:
    text = script("command_page").PAGE.read_text(encoding="utf-8")
    for name in ("load", "run", "suppressions import", "inbox reply", "reconcile settle"):
        assert f"\n## winback {name}\n" in text
    cells = [
        row.rsplit(" | ", 1)[1].removesuffix(" |")
        for row in text.splitlines()
        if row.startswith(("| `", "| ["))
    ]
    assert len(cells) > 50
    assert [cell for cell in cells if not cell.endswith(".")] == []


def test_every_rule_of_blocked_by_has_a_test_and_no_mark_names_another(script) -> None:
    rules = script("rule_page").rules()
    tests = script("rule_tests")
    found = tests.tests_of(ROOT, rules)
    untested = [
        rule["rule_id"]
        for rule in rules
        if rule["kind"] != "elsewhere"
        and not (found[rule["rule_id"]].dbt or found[rule["rule_id"]].python)
    ]
    assert untested == []
    assert sorted(tests.marked(ROOT) - {rule["rule_id"] for rule in rules}) == []
