"""Which tests hold a contact rule, found in the repository by rules of their own."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

# A unit test's text has what goes in after what must come out: keys are sorted.
_GIVEN: Final = re.compile(r"^given:.*", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class RuleTests:
    """The tests of one rule: unit tests with their model, Python tests by file."""

    dbt: list[tuple[str, str]] = field(default_factory=list)
    python: dict[str, list[str]] = field(default_factory=dict)


def tests_of(root: Path, rules: Sequence[Mapping[str, str]]) -> dict[str, RuleTests]:
    """The tests of each rule, by its id."""
    unit_tests = list(_unit_tests(root))
    python_tests = list(_python_tests(root, {rule["rule_id"] for rule in rules}))
    holders = Counter(path for rule in rules for path in rule["held_in"].split())
    found = {}
    for rule in rules:
        by_file: dict[str, list[str]] = {}
        for path, name, ids in python_tests:
            if rule["rule_id"] in ids:
                by_file.setdefault(path, []).append(name)
        dbt = [(model, name) for model, name, text in unit_tests
               if _holds(rule, model, text, holders)]  # fmt: skip
        found[rule["rule_id"]] = RuleTests(dbt, by_file)
    return found


def marked(root: Path) -> set[str]:
    """The ids that the marks of Python tests name."""
    return {word for path in _test_files(root) for test in _tests_in(path) for word in _marks(test)}


def _holds(rule: Mapping[str, str], model: str, text: str, holders: Counter[str]) -> bool:
    """Whether a unit test is one of a rule's own: a model of several rules must name it."""
    rule_id = rule["rule_id"]
    for path in rule["held_in"].split():
        if Path(path).stem == model and (holders[path] == 1 or _names(text, rule_id)):
            return True
    expected = _GIVEN.sub("", text)
    named = re.findall(r"^[ -]*blocked_by: '?([a-z0-9_,]+)", expected, re.MULTILINE)
    return any(rule_id in rules.split(",") for rules in named) or bool(
        re.search(rf"\bok_{rule_id}: false\b", expected)
    )


def _names(text: str, rule_id: str) -> bool:
    """Whether a text has the id, which a plain word is only by itself."""
    return rule_id in text if "_" in rule_id else rule_id in re.findall(r"[a-z0-9]+", text)


def _unit_tests(root: Path) -> Iterator[tuple[str, str, str]]:
    """Model, name and text of each, in the order of files' names: a move changes nothing.

    dbt reads YAML by libyaml, which takes more than Python's own reader does.
    """
    paths = (root / "dbt_project" / "models").rglob("*.yml")
    for path in sorted(paths, key=lambda path: path.name):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        for test in content.get("unit_tests") or []:
            yield test["model"], test["name"], yaml.safe_dump(test)


def _python_tests(root: Path, known: set[str]) -> Iterator[tuple[str, str, set[str]]]:
    """File, name and rules of each test that is marked, or names an id that is no plain word."""
    ids = {rule_id for rule_id in known if "_" in rule_id}
    for path in _test_files(root):
        for test in _tests_in(path):
            named = {word for text in _texts(test) for word in _words(text)} & ids
            if rules := named | _marks(test):
                yield str(path.relative_to(root)), test.name, rules


def _test_files(root: Path) -> list[Path]:
    return sorted((root / "tests").rglob("test_*.py"), key=lambda path: path.name)


def _tests_in(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def _marks(test: ast.FunctionDef) -> set[str]:
    """The arguments of `@pytest.mark.rule("...")`."""
    return {
        argument.value
        for decorator in test.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.rule"
        for argument in decorator.args
        if isinstance(argument, ast.Constant)
    }


def _texts(test: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(test):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _words(text: str) -> Iterator[str]:
    """The ids that a text may be: itself, a list with commas, or one with a detail behind it."""
    for part in text.split(","):
        yield part.strip().split(":")[0].removeprefix("ok_")
