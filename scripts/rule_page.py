"""docs/rules.md: each contact rule with its sentence, its source, its SQL and its tests."""

from __future__ import annotations

from typing import Final

from page_parts import ROOT, host, seed_rows
from rule_tests import RuleTests, tests_of

PAGE: Final = ROOT / "docs" / "rules.md"
_KINDS: Final = {
    "standing": "Waiting does not help: the step is skipped at once (`suppressed`).",
    "pause": "The block passes by itself: the step waits inside its range (`deferred`).",
    "cap": "The customer had enough messages: the step waits inside its range (`capped`).",
    "entry": "The customer does not enter the playbook.",
    "decision": "The step of a customer who is in the playbook does not go out.",
    "message": "The message can't be written (`render_blocked`).",
    "elsewhere": "The rule is held outside of the tables, and never stands in `blocked_by`.",
}
_HEAD: Final = """# Rules

`make docs` writes this page from the seed `dbt_project/seeds/contact_rules.csv`, the models and the
tests. Each rule has an id, which `blocked_by` names, and a sentence about the customer or the
message, which `winback why` prints. "Reference" is the number of the rule in our own list of laws
and practices. A source that was not read at first hand is marked "not verified". The rules are no
legal advice.

The dbt tests of a rule are the unit tests of the models that hold it, and those that expect it in
`blocked_by`, or its column `ok_…` to be false. Where a model holds several rules, these are the
unit tests that name the rule. The Python tests of a rule bear the mark `pytest.mark.rule` with its
id, or name the id where it is more than one plain word.
"""


def rules() -> list[dict[str, str]]:
    """The rows of the seed, in its order."""
    return seed_rows("contact_rules")


def page() -> str:
    """The page as it should be."""
    found = tests_of(ROOT, rules())
    parts = [_HEAD]
    for kind, meaning in _KINDS.items():
        own = [rule for rule in rules() if rule["kind"] == kind]
        parts.append(f"## {kind}\n\n{meaning}\n")
        parts += [_section(rule, found[rule["rule_id"]]) for rule in own]
    return "\n".join(parts)


def _section(rule: dict[str, str], tests: RuleTests) -> str:
    source = f"[{host(rule['source_url'])}]({rule['source_url']})" if rule["source_url"] else "none"
    since = f", in force since {rule['effective_from']}" if rule["effective_from"] else ""
    verified = "verified" if rule["status"] == "verified" else "not verified"
    sentence = rule["sentence"][0].upper() + rule["sentence"][1:]
    lines = [f"### {rule['rule_id']}", "", f"{sentence}.", ""]
    if rule["note"]:
        lines += [rule["note"].removesuffix(".") + ".", ""]
    reviewed = f"reviewed on {rule['reviewed_on']}"
    lines += [
        f"- reference: {rule['reference']}; source: {source}, {verified}{since}, {reviewed}",
        f"- held in: {_held_in(rule['held_in'])}",
    ]
    if tests.dbt:
        lines.append(f"- dbt tests: {', '.join(f'`{model}.{name}`' for model, name in tests.dbt)}")
    lines += [
        f"- Python tests in [{path}](../{path}): {', '.join(f'`{name}`' for name in names)}"
        for path, names in tests.python.items()
    ]
    if not tests.dbt and not tests.python:
        lines.append("- tests: none")
    return "\n".join([*lines, ""])


def _held_in(text: str) -> str:
    if "/" not in text and not (ROOT / text).exists():
        return text
    return ", ".join(f"[{path}](../{path})" for path in text.split())
