"""docs/lint.md: the rules of the lint, from its own table."""

from __future__ import annotations

from typing import Final

from page_parts import ROOT, cell, filled, table

from winback.content.lint import mail_programs, rule_rows

PAGE: Final = ROOT / "docs" / "lint.md"


def page() -> str:
    """The page as it should be."""
    rows = (
        (f"`{name}`", "holds" if stops else "taste", cell(fix)) for name, stops, fix in rule_rows()
    )
    text = filled(PAGE.name, rules=table("rule | it | what to do", rows))
    return text.replace("{clients}", ", ".join(mail_programs()))
