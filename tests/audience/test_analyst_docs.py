"""What docs/analysts.md and docs/reporting.md tell an analyst to do works as written: segment,
playbook, queries."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from audience_builds import query
from project_copies import copy_project
from segment_cases import AS_OF

from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.warehouse import PUBLIC_TABLES, _dbt

pytestmark = pytest.mark.long

BLOCK = re.compile(r"^```(?:sql|yaml|csv)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall((PROJECT_DIR / "docs" / "analysts.md").read_text())
FILES = {name: text for name, text in BLOCKS if name}
REPORTS = BLOCK.findall((PROJECT_DIR / "docs" / "reporting.md").read_text())
QUERIES = [text for name, text in [*BLOCKS, *REPORTS] if not name]
# Nothing is due in the shop of these tests, nobody in it is of the example's segment, and no order
# follows a message.
WITHOUT_ROWS = {
    "bandit_choices", "bandit_moves", "bandit_results", "channel_credits", "send_decisions",
    "entry_candidates", "experiment_looks", "experiment_results", "link_clicks",
    "offer_redemptions", "playbook_results", "prediction_quality", "predictions", "series_joins",
    "shop_results",
}  # fmt: skip


def tables_of(sql: str) -> list[str]:
    return re.findall(r"published/current/(\w+)\.parquet", sql)


@pytest.fixture(scope="module")
def own_build(segment_shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The document's example in a copy of the project, and a playbook switched on in it.

    A parse and a build that are nobody else's: `make test` runs the document's queries alone.
    """
    project = copy_project(tmp_path_factory.mktemp("own") / "dbt_project")
    for name in ("about_to_sleep.sql", "about_to_sleep.yml"):
        (project / "models" / "segments" / name).write_text(FILES[name])
    for name in [name for name in FILES if name.endswith(".csv")]:
        rows = project / "seeds" / name
        rows.write_text(rows.read_text() + FILES[name])
    playbooks = project / "seeds" / "playbooks.csv"
    off, on = ("email,0.10,false,cart,cart", "email,0.10,true,cart,cart")
    assert off in playbooks.read_text()
    playbooks.write_text(playbooks.read_text().replace(off, on))
    (project / "models" / "marts" / "units.sql").write_text(
        "{{ config(contract={'enforced': false}) }}\n"
        "select customer_id, {{ hash_unit('customer_id') }} as unit"
        " from {{ ref('int_customers__known') }}\n"
    )
    selected = [
        "about_to_sleep", "units", "playbooks", "playbook_segments", "playbook_steps",
        "step_variants", "content_series", "int_playbooks__step_days", "int_playbooks__steps",
    ]  # fmt: skip
    # What lies between what is told there and what is decided by it.
    after = [f"{told}+,+outbox" for told in ("about_to_sleep", "int_playbooks__entry")]
    marts = ["segment_members", "entry_candidates", "entrants"]
    models_alone = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_dbt, "DBT_DIR", project)
        variables = _dbt.dbt_vars(segment_shop, AS_OF, with_entrants=True)
        build = ["build", "--select", *selected, *after, *marts, *models_alone]
        _dbt.invoke_dbt(segment_shop, build, variables)
        example = ["test", "--select", "about_to_sleep", "--exclude-resource-type", "test"]
        assert _dbt.invoke_dbt(segment_shop, example, variables).counts == {"pass": 1}
        yield


@pytest.mark.slow
def test_the_example_is_a_segment_with_a_unit_test(own_build: None, segment_shop: Settings) -> None:
    expected = query(
        segment_shop,
        "select customer_id from customers where rfm_segment = 'about_to_sleep' and is_lapsed",
    )
    members = query(
        segment_shop, "select customer_id from segment_members where segment = 'about_to_sleep'"
    )
    assert members
    assert set(members) == set(expected)


@pytest.mark.slow
def test_the_example_of_a_series_is_one_with_its_own_caps(
    own_build: None, segment_shop: Settings
) -> None:
    steps = query(
        segment_shop,
        "select step, min_days, cap_per_24h, cap_per_7d from int_playbooks__steps"
        " where series_id = 'insiders' order by step",
    )
    assert steps == [(1, 1, 2, 8), (2, 2, 2, 8)]
    (entry,) = query(
        segment_shop,
        "select is_enabled, runs_beside, needs_order from int_playbooks__entry"
        " where series_id = 'insiders'",
    )
    assert entry == (True, True, False)


@pytest.mark.slow
def test_who_is_in_several_segments_enters_one_playbook_and_the_loss_is_named(
    own_build: None, segment_shop: Settings
) -> None:
    rows = query(
        segment_shop,
        "select customer_id, playbook_id, segment, other_segments, blocked_by,"
        " taken_by_playbook_id from entry_candidates",
    )
    found = {(row[0], row[1]): row[2:] for row in rows}
    sleepy = "1 orders, 50 days, 0"
    assert found[sleepy, "sms_email"] == ("about_to_sleep", "", "", None)
    texts = "address,consent,reachable"
    assert found["2 orders, 120 days, 0", "sms_email"] == ("backlog", "", "", None)
    assert found["2 orders, 120 days, 0", "sms_four_step"][2] == texts
    assert found["10 orders, 250 days, 0", "sms_email"][:2] == ("vip_60", "backlog")
    assert found["left a cart", "cart_reminder"] == ("abandoned_cart", "", "", None)
    entering = query(segment_shop, "select customer_id from entry_candidates where is_entering")
    assert len(entering) == len(set(entering))


@pytest.mark.slow
def test_a_cart_is_spoken_of_by_name_to_who_ordered_and_who_never_did(
    own_build: None, segment_shop: Settings
) -> None:
    rows = query(
        segment_shop,
        "select customer_id, step, template, context_product_name, context_product_url"
        " from outbox where playbook_id = 'cart_reminder'",
    )
    first = (1, "cart_reminder/1_lines")
    told = {
        ("left a cart", *first, "Mug", "https://shop.example.com/mug"),
        ("left a cart, never ordered", *first, "Pan", "https://shop.example.com/pan"),
    }
    held_out = {name for (name,) in query(
        segment_shop, "select customer_id from entrants where arm = 'holdout'"
    )}  # fmt: skip
    assert set(rows) == {row for row in told if row[0] not in held_out}
    assert rows


@pytest.mark.slow
def test_an_expression_of_ours_hashes_as_python_does(
    own_build: None, segment_shop: Settings
) -> None:
    for customer, unit in query(segment_shop, "select customer_id, unit from units"):
        digest = hashlib.md5(customer.encode(), usedforsecurity=False).hexdigest()
        assert unit == int(digest[:8], 16) / 2**32


def test_every_published_table_has_a_question_that_it_answers() -> None:
    asked = {table for sql in QUERIES for table in tables_of(sql)}
    assert set(PUBLIC_TABLES) <= asked


@pytest.mark.parametrize("sql", QUERIES, ids=lambda sql: tables_of(sql)[0])
def test_a_query_of_the_document_runs(
    sql: str, segment_shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(segment_shop.home).parent)
    rows = duckdb.execute(sql).fetchall()
    assert bool(rows) is (tables_of(sql)[0] not in WITHOUT_ROWS)
