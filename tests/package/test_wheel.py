"""The wheel, installed where no checkout is: a shop's own project, built, sent, and upgraded."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib import import_module

import pytest
from machine import AS_OF, ROOT, Machine, put, wheel

from winback import __version__

SEGMENT = """\
select customer_id from {{ ref('int_customers__lifecycle') }}
where order_count >= 2 and is_lapsed
"""
# A playbook of the shop's own: its segment, one text in its own words, no offer.
PLAYBOOKS = """\
playbook_id,description,priority,reach,holdout_share,is_enabled,family
tea_time,Tea for two,90,phone,0.50,true,win_back
sms_email,,,,,false,
sms_four_step,,,,,false,
"""
STEPS = """\
playbook_id,step,min_days,max_days,channel,template,includes_offer,journey_stage,content_tag,purpose
tea_time,1,0,3,sms,tea_time/1,false,inactivity,back_soon,Say that the kettle is on
"""
OWN = {
    "segments/twice_lapsed.sql": SEGMENT,
    "templates/tea_time/1.txt": "{{ brand }}: the kettle is on, {{ first_name }}. {{ shop_url }} "
    "Reply STOP to opt out",
    "seeds/playbooks.csv": PLAYBOOKS,
    "seeds/playbook_segments.csv": "playbook_id,segment,priority\ntea_time,twice_lapsed,1\n",
    "seeds/playbook_steps.csv": STEPS,
    "seeds/journey_contents.csv": "content_tag,inactivity,offer_presentation,post_engagement,says\n"
    "back_soon,true,false,false,That the kettle is on\n",
    "seeds/step_variants.csv": "playbook_id,step,variant,weight\ntea_time,1,base,1\n",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def test_a_shop_with_a_playbook_of_its_own_keeps_it_through_an_upgrade(
    machine: Machine, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    said = machine.winback("init", "--brand", "Copper and Tea", "--country", "GB", "--timezone",
                           "Europe/London", "--address", "1 High Street, Exampleton")  # fmt: skip
    assert "written: winback.toml" in said
    for name, text in OWN.items():
        put(machine.shop, name, text)
    import_module("newcomer").write_shop(machine.shop / "files", AS_OF - timedelta(days=10))
    machine.winback("load", "files")
    machine.winback("build", "--as-of", AS_OF.isoformat())
    assert ("twice_lapsed",) in machine.rows("segment_members", "segment")
    assert ("tea_time",) in machine.rows("audience_funnel", "playbook_id")
    told = json.loads(machine.winback("preview", "tea_time", "--json"))
    page = (machine.shop / told["page"]).read_text() if "page" in told else json.dumps(told)
    assert "the kettle is on" in page
    run = machine.winback("run", "--as-of", AS_OF.isoformat())
    assert "tea_time" in run
    decided = machine.rows("send_decisions", "playbook_id, decision", published="dry-run")
    assert ("tea_time", "send") in decided
    assert "sms_email" not in {name for name, _ in decided}
    own = {name: (machine.shop / name).read_bytes() for name in OWN}

    machine.install(wheel(tmp_path_factory.mktemp("next"), "9.0.0"))
    assert "9.0.0" in machine.winback("--version")
    # Nothing was ever sent from here, so that nobody has to agree.
    told = json.loads(machine.winback("upgrade", "--json"))
    assert (told["release"], told["waits"]) == ("9.0.0", False)
    assert [it["what"] for it in told["changes"]] == ["Another tea"]
    assert f"last looked at with winback {__version__}" in machine.winback("doctor", code=1)
    assert "+{# changed #}" in machine.winback("project", "diff", "--release")
    machine.winback("project", "accept")
    assert "last looked at" not in machine.winback("doctor", code=1)
    machine.winback("build", "--as-of", AS_OF.isoformat())
    assert ("tea_time",) in machine.rows("audience_funnel", "playbook_id")
    assert {name: (machine.shop / name).read_bytes() for name in OWN} == own

    put(machine.shop, "segments/twice_lapsed.sql", "select customer from nowhere")
    assert "segments/twice_lapsed.sql:1" in machine.winback(
        "build", "--as-of", AS_OF.isoformat(), code=1
    )
    put(machine.shop, "seeds/playbooks.csv", "playbook,priority\ntea,1\n")
    assert "seeds/playbooks.csv:1: the seed has no column 'playbook'" in machine.winback(
        "build", code=2
    )


def test_nothing_of_the_shop_s_is_written_where_winback_is_installed(machine: Machine) -> None:
    [house] = machine.venv.glob("lib/*/site-packages/winback/_house")
    assert {it.name for it in house.iterdir()} == {
        "dbt_project", "templates", "docs", "deployments", "prefect.yaml", "automations.yaml",
        "CHANGELOG.md",
    }  # fmt: skip
    assert not list(house.rglob("target"))
    assert not (house / "templates" / "tea_time").exists()
