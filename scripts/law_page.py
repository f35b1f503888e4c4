"""docs/law.md: the sources of every rule of law, from the seeds that hold them."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from page_parts import ROOT, filled, host, seed_rows, table

PAGE: Final = ROOT / "docs" / "law.md"
_SEEDS: Final = {
    "contact_rules": "Rules of contact",
    "consent_rules": "Which consent suffices",
    "contact_caps": "How many messages a day",
    "legal_windows": "At which hours",
}


def page() -> str:
    """The page as it should be."""
    parts = [_section(seed, title) for seed, title in _SEEDS.items()]
    return filled(PAGE.name, seeds="\n\n".join(parts))


def _section(seed: str, title: str) -> str:
    groups: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for row in filter(lambda row: row["source_url"], seed_rows(seed)):
        key = (row["source_url"], row["status"], row["effective_from"], row["reviewed_on"])
        if (subject := _subject(seed, row)) not in groups[key]:
            groups[key].append(subject)
    lines = table("about | source | read | in force since | reviewed", map(_row, groups.items()))
    return f"## {title}\n\nFrom `dbt_project/seeds/{seed}.csv`.\n\n{lines}"


def _row(group: tuple[tuple[str, str, str, str], list[str]]) -> tuple[str, ...]:
    (url, status, since, reviewed), subjects = group
    read = "verified" if status == "verified" else "not verified"
    return ", ".join(subjects), f"[{host(url)}]({url})", read, since or "unknown", reviewed


def _subject(seed: str, row: dict[str, str]) -> str:
    if seed == "contact_rules":
        reference = f" ({row['reference']})" if row["reference"] else ""
        return f"[`{row['rule_id']}`](rules.md#{row['rule_id']}){reference}"
    place = "everywhere" if row["country"] == "*" else row["country"]
    if row.get("region", "*") != "*":
        place += f"-{row['region']}"
    return " ".join(filter(None, [row.get("channel") or row.get("channel_group"), place]))
