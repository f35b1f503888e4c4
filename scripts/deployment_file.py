"""What of prefect.yaml follows from the playbooks, between two marks.

A playbook has a deployment, and so has each of its steps. They have no schedule, since the
deployment `send` sends all that is due; but while one is paused, what is its own waits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import marked
from page_parts import seed_rows

FILE: Final = Path("prefect.yaml")
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
    return {FILE: marked.between(root / FILE, _START, _END, f"{body}\n")}


def _playbook(row: Mapping[str, str]) -> str:
    name = row["playbook_id"]
    text = json.dumps(f"Send what is due: {row['description']}.", ensure_ascii=False)
    return f"""
  - name: send-{name}
    entrypoint: flows/stages.py:send_playbook
    description: {text}
    tags: [winback, send, {name}]
    parameters: {{ mode: house, playbook: {name} }}
    concurrency_limit: *queue
    work_pool: *pool
    schedules: []
"""


def _step(row: Mapping[str, str]) -> str:
    name, step = row["playbook_id"], row["step"]
    text = json.dumps(f"{row['channel']}: {row['purpose']}.", ensure_ascii=False)
    return f"""
  - name: send-{name}-{step}
    entrypoint: flows/stages.py:send_step
    description: {text}
    tags: [winback, send, {name}]
    parameters: {{ mode: house, playbook: {name}, step: {step} }}
    concurrency_limit: *queue
    work_pool: *pool
    schedules: []
"""
