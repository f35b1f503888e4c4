"""Quoting: a shop's column names and paths may hold any character."""

from __future__ import annotations

from pathlib import Path

from winback.base.duck import literal


def ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def parquet(path: Path) -> str:
    return f"read_parquet({literal(path)})"
