"""The lint holds a step whose template is wrong, and one message whose facts are; others go on."""

from __future__ import annotations

import shutil
from functools import partial

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from winback.content import Renderer, _render
from winback.ledger import tables
from winback.sending import dry_run_plan, plan, send_due
from winback.sending.plan import _plan

pytestmark = pytest.mark.both_databases

m, u = tables.messages.c, tables.unwritten.c


@pytest.fixture
def own_templates(tmp_path, monkeypatch):
    """The shop's own copy of the templates, in which one mail has an image that says nothing."""
    folder = tmp_path / "templates"
    shutil.copytree(_render.TEMPLATES_DIR, folder)
    page = folder / "sms_email" / "2_offer.html"
    text = page.read_text()
    page.write_text(text.replace("<p>Hi", '<img src="https://cdn.example.net/a.png"><p>Hi'))
    assert page.read_text() != text
    monkeypatch.setattr(_plan, "Renderer", partial(Renderer, templates_dir=folder))
    return folder


@pytest.mark.rule("lint")
def test_a_step_whose_template_breaks_a_rule_is_held_and_the_others_go_on(
    ledger, settings, clock, make_row, own_templates
):
    mails, texts = [make_row(n, channel="email") for n in (1, 2)], [make_row(n) for n in (3, 4)]
    report = plan(ledger, mails + texts, settings, clock)
    assert (report.planned, report.blocked) == (2, {"lint": 2})
    assert set(report.unwritten.values()) == {"lint:img_alt"}
    assert report.hints["lint:img_alt"] == (
        "templates/sms_email/2_offer.html:5: img_alt: 'a.png' has no alt text. Next: say in alt "
        'what the image shows; alt="" where it only adorns'
    )
    assert send_due(ledger, settings, clock, sleep=lambda _: None).counts == {"accepted": 2}
    with ledger.read() as connection:
        rules = connection.scalars(select(u.rule)).all()
        assert set(connection.scalars(select(m.channel))) == {"sms"}
    assert rules == ["lint:img_alt", "lint:img_alt"]
    # Once it is mended, the next plan writes them.
    shutil.copy(_render.TEMPLATES_DIR / "sms_email" / "2_offer.html", own_templates / "sms_email")
    assert plan(ledger, mails + texts, settings, clock).planned == 2


@pytest.mark.rule("lint")
def test_a_link_to_a_strangers_shop_holds_the_message_of_who_would_get_it(
    ledger, settings, clock, make_row
):
    strange = {"context_product_name": "Tea", "context_product_url": "https://market.example.net/1"}
    rows = [
        make_row(n, channel="email", template="cart_reminder/1", subject_template=None, **facts)
        for n, facts in ((1, {}), (2, strange))
    ]
    report = plan(ledger, rows, settings, clock)
    assert report.planned == 1
    assert report.unwritten == {("e2", rows[1]["step"]): "lint:foreign_link"}
    assert "e2" not in report.hints["lint:foreign_link"]
    assert "a link leads to market.example.net" in report.hints["lint:foreign_link"]


@pytest.mark.rule("lint")
def test_a_dry_run_says_what_would_be_held(settings, make_row, tmp_path, own_templates):
    renders = tmp_path / "renders.parquet"
    report = dry_run_plan([make_row(1, channel="email"), make_row(2)], settings, keep_in=renders)
    assert report.blocked == {"lint": 1}
    assert [row["unwritten"] for row in pq.read_table(renders).to_pylist()] == [
        None,
        "lint:img_alt",
    ]
