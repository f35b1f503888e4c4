"""A fact that a template may say is a column of one model and a field of `Facts`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from project_copies import lend_parse

from winback.content.facts import CAN_GIVE_WAY, FACTS, Facts

ROOT = Path(__file__).parents[2]
COLUMN = (
    "        -- facts\n",
    "        -- facts\n        upper(customers.first_name) as loud_name,\n",
)
FIELD = (
    "    @classmethod\n    def of(",
    '    loud_name: str = _fact("The first name, in capitals.")\n\n    @classmethod\n    def of(',
)
TEMPLATE = "{{ brand }}: WE MISS YOU, {{ loud_name }}. Reply STOP to opt out\n"


def _nulls(model: str) -> str:
    """The columns of the facts that a model has, without a value."""
    return ", ".join(f"null as {fact.name}" for fact in FACTS if fact.of == model)


# What the models below read, one row each; a column without a value is null.
INPUTS = {
    "int_customers__known": (
        "'c' as customer_id, 'Ann' as first_name, 'ann@example.com' as email, "
        "'US' as country, null as region"
    ),
    "int_customers__dialing": ("'c' as customer_id, 'US' as country"),
    "int_customers__products": (
        "'c' as customer_id, null as last_product_name, "
        "null as last_product_url, null as top_product_name, null as top_product_url, "
        "null as favorite_category"
    ),
    "int_customers__browsing": (
        "'c' as customer_id, null as last_viewed_product_name, null as last_viewed_product_url"
    ),
    "int_customers__contexts": (
        "'c' as customer_id, 'cart' as context, "
        "'Tea' as product_name, null as product_url, null as drop_percent, null as image_url, "
        "null as price_cents, null as old_price_cents, null as currency"
    ),
    "dec_entry__started": "'e' as enrollment_id, timestamptz '2026-03-01' as entered_at",
    "int_playbooks__steps": (
        "'p' as playbook_id, 1 as step, 'loud' as template, "
        "null as content_tag, null as extra_offer_id, "
        "null as extra_offer_kind, null as extra_offer_value, null as extra_offer_detail, "
        "null as extra_offer_code_source, "
        "null as extra_offer_code, 30 as extra_offer_validity_days"
    ),
    "dec_outbox__choices": (
        "'m' as message_id, 'loud' as template, 'loud' as subject_template, 'cart' as context"
    ),
    "dec_outbox__content_facts": f"'c' as customer_id, {_nulls('content_facts')}",
    "offers": (
        "'o' as offer_id, 'percent' as kind, 1 as value, null as detail, "
        "'shared' as code_source, 'CODE' as code"
    ),
    "int_channels__costs": (
        "'sms' as channel, '*' as country, 1 as cost_cents_per_part, 'list' as source"
    ),
    "dec_outbox__plans": (
        "'m' as message_id, 'e' as enrollment_id, 'p' as playbook_id, "
        "1 as step, 'c' as customer_id, 'sms' as channel, 'v' as variant, "
        "'send' as decision, 'en' as locale, '+15550000001' as address, null as due_at, "
        "null as not_before, "
        "null as window_closes_at, null as expires_at, null as zones, "
        "null as local_opens_minute, null as local_closes_minute, "
        "null as consent_expires_at, null as max_per_24h, null as cap_scope, "
        "null as cap_per_24h, null as cap_per_7d, null as offer_id, "
        "timestamptz '2026-04-01' as offer_expires_at"
    ),
    "dec_outbox__cancels": (
        "'n' as message_id, 'e' as enrollment_id, 'p' as playbook_id, "
        "2 as step, 'c' as customer_id, 'sms' as channel, 'v' as variant, "
        "'exited' as decision"
    ),
}
# In the copy: what `make docs` writes, then dbt, then the template.
RUN = f"""
import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import fact_files

from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.content import Renderer
from winback.warehouse import dbt_vars, invoke_dbt

for path, text in fact_files.files(PROJECT_DIR).items():
    (PROJECT_DIR / path).write_text(text)
settings = Settings.load(
    home=Path("home"), brand_name="Shop", twilio_messaging_service_sid="MG1", _env_file=None
)
settings.warehouse_path.parent.mkdir(parents=True)
with duckdb.connect(str(settings.warehouse_path)) as warehouse:
    for name, row in {INPUTS!r}.items():
        row = row.replace("null as", "cast(null as varchar) as")
        warehouse.execute(f"create table {{name}} as select {{row}}")
models = ["int_customers__template_facts", "dec_outbox__contents", "outbox"]
result = invoke_dbt(
    settings, ["run", "--select", *models], dbt_vars(settings, datetime(2026, 3, 2, tzinfo=UTC))
)
with duckdb.connect(str(settings.warehouse_path)) as warehouse:
    found = warehouse.execute("select * from outbox where action = 'plan'")
    names = [column[0] for column in found.description]
    row = dict(zip(names, found.fetchone(), strict=True))
payload = json.loads(Renderer(settings).render(row, unsubscribe_url="").payload_json)
print(json.dumps({{"counts": result.counts, "row": [row["context_product_name"], row["loud_name"]],
                  "body": payload["body"]}}))
"""


def test_what_dbt_knows_of_the_facts_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import fact_files

    stale = [
        str(path)
        for path, text in fact_files.files(ROOT).items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "Next: make docs"


def test_every_fact_but_numbers_and_contents_gives_way_in_a_turn_of_its_own() -> None:
    assert CAN_GIVE_WAY == (
        "first_name", "favorite_category", "context_product_name", "last_viewed_product_name",
        "top_product_name", "last_product_name", "context_product_url", "last_viewed_product_url",
        "top_product_url", "last_product_url",
    )  # fmt: skip
    rest = [fact for fact in FACTS if fact.name not in CAN_GIVE_WAY]
    assert {fact.name for fact in rest if fact.of == "template_facts"} == {
        "context_drop_percent", "context_image_url", "context_price_cents",
        "context_old_price_cents", "context_currency",
    }  # fmt: skip


def test_an_unknown_fact_is_absent_and_a_known_one_is_safe() -> None:
    assert Facts.of({}) == Facts()
    assert Facts().known() == {}
    strange = dict.fromkeys((it.name for it in fields(Facts)), "a\nb")
    known = Facts.of(strange).known()
    assert "last_product_url" not in known
    assert known["last_product_name"] == "a b"
    assert "a b" not in repr(Facts.of(strange))


# A copy of the whole project, and a build in a process of its own.
@pytest.mark.slow
def test_a_fact_of_two_edits_reaches_the_words_of_a_template(tmp_path: Path) -> None:
    for name in ("winback", "scripts", "dbt_project", "templates"):
        shutil.copytree(
            ROOT / name, tmp_path / name,
            ignore=shutil.ignore_patterns("target", "logs", "__pycache__"),
        )  # fmt: skip
    lend_parse(tmp_path / "dbt_project")
    model = next((tmp_path / "dbt_project").rglob("int_customers__template_facts.sql"))
    for path, (old, new) in ((model, COLUMN), (tmp_path / "winback/content/facts.py", FIELD)):
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))
    (tmp_path / "templates" / "loud.txt").write_text(TEMPLATE)

    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{tmp_path / 'scripts'}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2_000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "counts": {"success": 3},
        "row": ["Tea", "ANN"],
        "body": "Shop: WE MISS YOU, ANN. Reply STOP to opt out",
    }
