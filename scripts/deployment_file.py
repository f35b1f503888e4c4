"""What of prefect.yaml follows from elsewhere: the playbooks' deployments, between two marks, and
the description of every deployment, from flows/about.toml and its own schedule.

A playbook has a deployment, and so has each of its steps. They have no schedule, since the
deployment `send` sends all that is due; but while one is paused, what is its own waits.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any, Final

import marked
import yaml
from page_parts import seed_rows

FILE: Final = Path("prefect.yaml")
ABOUT: Final = Path("flows", "about.toml")
_DESCRIPTION: Final = re.compile(r"    description: .*\n(?:      .*\n|\n)*")
_START: Final = "  # The playbooks: written by make docs from dbt_project/seeds.\n"
_END: Final = "  # The end of what make docs writes.\n"


def files(root: Path) -> dict[Path, str]:
    """The file as it should be, by its path below `root`."""
    steps: dict[str, list[dict[str, str]]] = {}
    for row in seed_rows("playbook_steps", root):
        steps.setdefault(row["playbook_id"], []).append(row)
    body = ""
    for playbook in seed_rows("playbooks", root):
        body += _playbook(playbook)
        body += "".join(_step(row) for row in steps.get(playbook["playbook_id"], []))
    text = marked.between(root / FILE, _START, _END, f"{body}\n")
    return {FILE: _described(text, tomllib.loads((root / ABOUT).read_text(encoding="utf-8")))}


def _described(text: str, about: Mapping[str, Mapping[str, str]]) -> str:
    """The file with a description of each deployment: what, when, what it may do, what if not."""
    head, *parts = re.split(r"(?m)^(?=  - name: )", text)
    whole = [head]
    for part, it in zip(parts, yaml.safe_load(text)["deployments"], strict=True):
        flow = about[it["entrypoint"].partition(":")[2]]
        # A playbook and a step say in one line what they are; the others are what their flow is.
        own = it["description"].partition("\n")[0] if "playbook" in it["parameters"] else ""
        lines = [
            own or flow["does"],
            f"**When:** {_when(it)}",
            f"**It may:** {flow['may']}",
            f"**If it fails:** {flow['if_it_fails']}",
        ]
        block = "    description: |\n" + indent("\n\n".join(lines) + "\n", " " * 6)
        whole.append(_DESCRIPTION.sub(lambda _, block=block: block, part, count=1))
    return "".join(whole)


def _when(it: Mapping[str, Any]) -> str:
    if it["name"] == "tell":
        return "When an automation calls it."
    if it["name"] == "approve":
        return "When a run finds a step that waits for a yes, and on request."
    if "playbook" in it["parameters"]:
        return "With `send`, while this deployment is not paused, and on request."
    if not it["schedules"]:
        return "On request."
    return " ".join(f"{_times(at['cron'])} ({at['timezone']})." for at in it["schedules"])


def _times(cron: str) -> str:
    """The few ways in which our schedules are written, in words; others stay as they are."""
    minute, hour, *days = cron.split()
    if days == ["1", "*", "*"] and hour.isdecimal() and minute.isdecimal():
        return f"On the first of each month at {int(hour):02}:{int(minute):02}"
    if days != ["*", "*", "*"]:
        return f"`{cron}`"
    if hour.isdecimal() and minute.isdecimal():
        return f"Each day at {int(hour):02}:{int(minute):02}"
    if hour == "*" and (found := re.fullmatch(r"(?:\*|(\d+)-59)/(\d+)", minute)):
        since = f", from minute {found[1]}" if found[1] else ""
        return f"Every {found[2]} minutes of an hour{since}"
    if hour == "*" and re.fullmatch(r"[\d,]+", minute):
        return f"Each hour, at minute {minute.replace(',', ', ')}"
    return f"`{cron}`"


def _playbook(row: Mapping[str, str]) -> str:
    name = row["playbook_id"]
    text = f"Sends what is due of {name}: {row['description']}."
    return f"""
  - name: send-{name}
    entrypoint: flows/stages.py:send_playbook
    description: |
      {text}
    tags: [winback, send, {name}]
    parameters: {{ mode: house, playbook: {name} }}
    concurrency_limit: *queue
    work_pool: *pool
    schedules: []
"""


def _step(row: Mapping[str, str]) -> str:
    name, step = row["playbook_id"], row["step"]
    text = f"Sends step {step} of {name} ({row['channel']}): {row['purpose']}."
    return f"""
  - name: send-{name}-{step}
    entrypoint: flows/stages.py:send_step
    description: |
      {text}
    tags: [winback, send, {name}]
    parameters: {{ mode: house, playbook: {name}, step: {step} }}
    concurrency_limit: *queue
    work_pool: *pool
    schedules: []
"""
