"""Quoting: a shop's column names and paths may hold any character."""

from __future__ import annotations

from pathlib import Path


def ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | Path) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def parquet(path: Path) -> str:
    return f"read_parquet({literal(path)})"
