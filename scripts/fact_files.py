"""What dbt must know of the facts that a template may say: a macro, and the contract's columns.

The fields of `winback.content.facts.Facts` are the one list of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import marked

from winback.content.facts import FACTS, Fact

MACRO: Final = Path("dbt_project/macros/generated/template_facts.sql")
_OUTBOX: Final = Path("dbt_project/models/engine/outbox.yml")
_START: Final = "      # The facts of a template: written by make docs.\n"
# A fact of what brought the message about has this before its column's name.
_CONTEXT: Final = "context_"


def files(root: Path) -> dict[Path, str]:
    """Each file as it should be, by its path below `root`."""
    columns = [(fact.name, fact.sql_type, fact.description) for fact in FACTS]
    return {
        MACRO: _macro(),
        _OUTBOX: marked.between(
            root / _OUTBOX, _START, marked.END, marked.columns(columns, not_null=False)
        ),
    }


def _macro() -> str:
    entries = "".join(f"        {_entry(fact)},\n" for fact in FACTS)
    return (
        "{#-\n"
        "    The facts that a template may say: written by make docs from\n"
        "    winback/content/facts.py. `column` stands in the CTE `model`.\n"
        "-#}\n"
        "{% macro template_facts() -%}\n"
        f"    {{{{ return([\n{entries}    ]) }}}}\n"
        "{%- endmacro %}\n"
    )


def _entry(fact: Fact) -> dict[str, str]:
    is_context = fact.name.startswith(_CONTEXT)
    return {
        "name": fact.name,
        "type": fact.sql_type,
        "model": "contexts" if is_context else fact.of,
        "column": fact.name.removeprefix(_CONTEXT) if is_context else fact.name,
    }
