"""The wheel, installed where no checkout is: a shop's own project, built, sent, and upgraded."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import venv
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("winback", "flows", "quality", "dbt_project", "templates", "docs", "deployments")
FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "prefect.yaml",
         "automations.yaml", "CHANGELOG.md")  # fmt: skip
AS_OF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
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


def wheel(folder: Path, release: str) -> Path:
    """Build this tree as that release, and edit a template and a seed of ours on the way."""
    tree = folder / f"tree-{release}"
    for name in PARTS:
        skipped = shutil.ignore_patterns("target", "logs", "__pycache__")
        shutil.copytree(ROOT / name, tree / name, ignore=skipped)
    for name in FILES:
        shutil.copy(ROOT / name, tree)
    project = tree / "pyproject.toml"
    project.write_text(project.read_text().replace('version = "0.1.0"', f'version = "{release}"'))
    if release != "0.1.0":
        with (tree / "templates" / "sms_email" / "1.txt").open("a") as file:
            file.write("\n{# changed #}")
    call = [sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--offline",
            "--python", sys.executable, "--out-dir", str(folder), str(tree)]  # fmt: skip
    subprocess.run(call, check=True, capture_output=True)
    [built] = folder.glob(f"winback-{release}-*.whl")
    return built


class Machine:
    """A Python with the wheel alone; what the wheel needs is lent by the Python of the tests."""

    def __init__(self, folder: Path) -> None:
        self.venv = folder / "venv"
        venv.create(self.venv, symlinks=True)
        [packages] = (self.venv / "lib").glob("*/site-packages")
        # The path alone: an editable install of ours beside it isn't followed.
        (packages / "lent.pth").write_text("\n".join(site.getsitepackages()) + "\n")
        self.shop = folder / "shop"
        self.shop.mkdir()

    def install(self, built: Path) -> None:
        call = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--offline",
                "--python", str(self.venv / "bin" / "python"), str(built)]  # fmt: skip
        subprocess.run(call, check=True, capture_output=True)

    def winback(self, *words: str, code: int = 0) -> str:
        """Run a command in the shop's folder; what it printed, and its errors."""
        kept = {name: it for name, it in os.environ.items() if not name.startswith("WINBACK_")}
        done = subprocess.run(  # noqa: PLW1510 - the code is asked for below
            [str(self.venv / "bin" / "winback"), *words],
            cwd=self.shop, env=kept, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def rows(
        self, table: str, columns: str, *, published: str = "current"
    ) -> list[tuple[object, ...]]:
        import duckdb

        path = self.shop / ".winback" / "published" / published / f"{table}.parquet"
        with duckdb.connect() as connection:
            return connection.sql(f"select {columns} from '{path}' order by all").fetchall()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    folder = tmp_path_factory.mktemp("machine")
    it = Machine(folder)
    it.install(wheel(folder, "0.1.0"))
    return it


def put(shop: Path, name: str, text: str) -> None:
    (shop / name).parent.mkdir(parents=True, exist_ok=True)
    (shop / name).write_text(text)


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

    machine.install(wheel(tmp_path_factory.mktemp("next"), "0.2.0"))
    assert "0.2.0" in machine.winback("--version")
    assert "last looked at with winback 0.1.0" in machine.winback("doctor", code=1)
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
