"""What follows from the seed of rules alone: a macro, the contracts' columns, the analysts' table.

The seed `contact_rules` is the one list of rules, and dbt reads no seed while it parses. So
`make docs` writes what dbt must know by then, between two marks where a file holds more than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import marked
from page_parts import seed_rows

MACRO: Final = Path("dbt_project/macros/generated/contact_rules.sql")
ANALYSTS: Final = Path("docs/analysts.md")
_CHANNELS: Final = Path("dbt_project/models/marts/channel_eligibility.yml")
_SERIES: Final = Path("dbt_project/models/engine/series_eligibility.yml")
_DECISIONS: Final = Path("dbt_project/models/marts/send_decisions.yml")

CONTACT_KINDS: Final = ("standing", "pause", "cap")
_START: Final = "      # The columns of the contact rules: written by make docs.\n"
_TABLE: Final = "| rule | kind | says |\n|---|---|---|\n"
# What a series judges by itself (dec_eligibility__series_rules).
_OF_A_SERIES: Final = {
    "consent": "They joined the series, have not left it, and still have the number.",
    "cap_24h": "Fewer of the series' messages in the last 24 hours than its own cap.",
    "cap_7d": "Fewer of the series' messages in the last 7 days than its own cap.",
    "conversation": "They wait for no human's reply; their clicks and replies pause no series.",
}


def rules(root: Path) -> list[dict[str, str]]:
    """The rows of the seed, in its order."""
    return seed_rows("contact_rules", root)


def files(root: Path) -> dict[Path, str]:
    """Each file as it should be, by its path below `root`."""
    listed = rules(root)
    contact = [rule for rule in listed if rule["kind"] in CONTACT_KINDS]
    as_there = {rule["rule_id"]: "As in `channel_eligibility`." for rule in contact}
    told = {rule["rule_id"]: f"False if {rule['sentence']}." for rule in contact}
    return {
        MACRO: _macro(contact),
        _CHANNELS: _with_columns(root / _CHANNELS, told),
        _SERIES: _with_columns(root / _SERIES, as_there | _OF_A_SERIES),
        _DECISIONS: _with_columns(root / _DECISIONS, as_there),
        ANALYSTS: _with_table(root / ANALYSTS, listed),
    }


def _macro(contact: list[dict[str, str]]) -> str:
    entries = "".join(
        f"        {{'id': '{rule['rule_id']}', 'kind': '{rule['kind']}'}},\n" for rule in contact
    )
    return (
        "{#- The contact rules of the seed contact_rules, in its order: written by make docs. -#}\n"
        "{% macro contact_rules() -%}\n"
        f"    {{{{ return([\n{entries}    ]) }}}}\n"
        "{%- endmacro %}\n"
    )


def _with_columns(path: Path, told: Mapping[str, str]) -> str:
    columns = [(f"ok_{rule}", "boolean", text) for rule, text in told.items()]
    return marked.between(path, _START, marked.END, marked.columns(columns, not_null=True))


def _with_table(path: Path, listed: list[dict[str, str]]) -> str:
    rows = [
        f"| `{rule['rule_id']}` | {rule['kind']} | {rule['sentence']} |\n"
        for rule in listed
        if rule["kind"] != "elsewhere"
    ]
    return marked.between(path, _TABLE, "\n\n", "".join(rows)[:-1])
