"""Write the generated pages of docs/: `python scripts/make_docs.py`.

Everything in them is computed from the repository: the commands' own help, the settings, the
input's columns and readers, the contracts, the seeds, the models and the tests.
`tests/structure/test_generated_docs.py` holds the pages equal to it. What dbt must know of the
rules and of the templates' facts comes first, since the pages read it; what of prefect.yaml
follows from the playbooks, and what every message says (tests/content/golden/).
"""

from __future__ import annotations

import column_page
import command_page
import deployment_file
import event_page
import fact_files
import golden_files
import input_page
import law_page
import lint_page
import processing_page
import rule_files
import rule_page
import setting_page

PAGES = (
    column_page,
    command_page,
    event_page,
    input_page,
    law_page,
    lint_page,
    processing_page,
    rule_page,
    setting_page,
)


def main() -> None:
    """Write what dbt must know of rules and facts, and the deployments; then the pages."""
    for module in (rule_files, fact_files, deployment_file, golden_files):
        for path, text in module.files(rule_page.ROOT).items():
            (rule_page.ROOT / path).write_text(text, encoding="utf-8")
    for module in PAGES:
        module.PAGE.write_text(module.page(), encoding="utf-8")


if __name__ == "__main__":
    main()
