"""Documents name only what is there, and everything that a user can call."""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from winback.cli._app import app
from winback.content import LINT
from winback.warehouse import PUBLIC_TABLES

ROOT = Path(__file__).parents[2]
PATH = re.compile(
    r"`((?:winback|flows|quality|dbt_project|templates|tests|benchmarks|scripts|deployments)/[\w./*-]*)`"
)
# The changelog tells of what was.
DOCUMENTS = [
    str(path.relative_to(ROOT))
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
    if path.name != "CHANGELOG.md" and PATH.search(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_names_exists(document: str) -> None:
    named = set(PATH.findall((ROOT / document).read_text()))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_file_that_the_catalog_of_rules_names_exists() -> None:
    with (ROOT / "dbt_project/seeds/contact_rules.csv").open() as file:
        held_in = " ".join(row["held_in"] for row in csv.DictReader(file)).split()
    paths = sorted({part for part in held_in if "/" in part})
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_reason_not_to_write_a_message_is_in_the_catalog_of_rules() -> None:
    with (ROOT / "dbt_project/seeds/contact_rules.csv").open() as file:
        listed = {row["rule_id"] for row in csv.DictReader(file) if row["kind"] == "message"}
    code = "".join(path.read_text() for path in (ROOT / "winback/content").glob("*.py"))
    assert set(re.findall(r'(?:RenderBlocked\(|\bneed\([^"\n]+)"(\w+)"', code)) | {LINT} == listed


def test_the_analysts_page_says_what_every_rule_in_blocked_by_says() -> None:
    with (ROOT / "dbt_project/seeds/contact_rules.csv").open() as file:
        rules = [row for row in csv.DictReader(file) if row["kind"] != "elsewhere"]
    rows = [f"| `{rule['rule_id']}` | {rule['kind']} | {rule['sentence']} |" for rule in rules]
    page = (ROOT / "docs/analysts.md").read_text().splitlines()
    assert [row for row in page if row.count("|") == 4 and row.startswith("| `")] == rows


@pytest.mark.parametrize("seed", ["consent_words", "order_words"])
def test_the_page_of_unread_rows_has_every_word(seed: str) -> None:
    groups: dict[tuple[str, str], list[str]] = {}
    with (ROOT / f"dbt_project/seeds/{seed}.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            groups.setdefault((row["status"], row["note"]), []).append(row["word"])
    page = (ROOT / "docs/unread-rows.md").read_text(encoding="utf-8").splitlines()
    rows = [
        f"| `{status}` | {', '.join(words)} | {note} |" for (status, note), words in groups.items()
    ]
    assert [row for row in rows if row not in page] == []


def test_the_page_of_commands_lists_every_command_and_no_other() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    page = (ROOT / "docs/commands.md").read_text()
    rows = re.findall(r"^\| \[`winback ([\w-]+)`\]", page, re.MULTILINE)
    assert sorted(rows) == sorted(commands)


def test_the_page_of_tables_lists_every_public_table_and_no_other() -> None:
    text = (ROOT / "docs/tables.md").read_text()
    assert sorted(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == sorted(PUBLIC_TABLES)


def test_every_page_is_in_the_sites_order_and_every_link_leads_somewhere() -> None:
    pages = {page.name for page in (ROOT / "docs").glob("*.md")}
    order = (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[2]
    assert sorted(pages - set(re.findall(r": ([\w-]+\.md)$", order, re.MULTILINE))) == []
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    broken = [
        f"{document.name}: {link}"
        for document in documents
        for link in re.findall(r"\]\(([^)#\s]+)", document.read_text())
        if "://" not in link and not (document.parent / link).exists()
    ]
    assert broken == []


def test_every_decision_has_a_number_of_its_own_a_date_and_its_place_in_the_code() -> None:
    entries = re.split(r"^### ", (ROOT / "DECISIONS.md").read_text(), flags=re.MULTILINE)[1:]
    assert len(entries) > 100
    shape = re.compile(
        r"(\d+)\. \S.*[^.]\n\n\*20\d\d-\d\d-\d\d\.\* \S.*^Code: (.+?)\.$", re.M | re.S
    )
    faults, numbers = [], set()
    for entry in entries:
        found = shape.match(entry)
        paths = re.findall(r"`([^`]+)`", found[2]) if found else []
        if not found or found[1] in numbers or not paths:
            faults.append(entry.splitlines()[0])
        faults += [path for path in paths if not (ROOT / path).exists()]
        numbers.add(found[1] if found else "")
    assert faults == []


def test_every_pin_with_a_ceiling_stands_under_its_reason_or_is_exact_by_nature() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    pinned = ("dbt-core", "duckdb", "prefect>", "fastapi", "sqlalchemy")
    for name in pinned:
        (row,) = [i for i, line in enumerate(lines) if line.strip().startswith(f'"{name}')]
        assert lines[row - 1].strip().startswith("#"), name


def test_the_page_on_suppression_lists_shows_every_word_that_they_are_read_by() -> None:
    words = tomllib.loads((ROOT / "winback/people/optouts/words.toml").read_text(encoding="utf-8"))
    del words["columns"]["whose"], words["cells"], words["parts"]["but_not"]
    page = (ROOT / "docs/suppression-lists.md").read_text(encoding="utf-8")
    rows = [
        " ".join(f"`{word}`" for word in own) for table in words.values() for own in table.values()
    ]
    assert [row for row in rows if f"| {row}" not in page] == []
