"""Write the generated pages, docs/commands.md and docs/rules.md: `python scripts/make_docs.py`.

Everything in them is computed from the repository: the commands' own help, the seed of rules, the
models and the tests. `tests/structure/test_generated_docs.py` holds the pages equal to it. What
follows from the seed of rules alone (`rule_files.py`) comes first, since the pages read it.
"""

from __future__ import annotations

import command_page
import rule_files
import rule_page


def main() -> None:
    """Write what follows from the seed of rules, then both pages."""
    rule_files.write(rule_page.ROOT)
    for module in (command_page, rule_page):
        module.PAGE.write_text(module.page(), encoding="utf-8")


if __name__ == "__main__":
    main()
