"""docs/commands.md: what `--help` says, of every command and sub-command."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final

from page_parts import ROOT, cell
from typer.core import TyperOption
from typer.main import get_command

# The package, not its `_app`: importing it registers the commands.
from winback.cli import _app

PAGE: Final = ROOT / "docs" / "commands.md"
_HEAD: Final = """# Commands

`make docs` writes this page from `winback COMMAND --help`. A command reads its
[settings](settings.md) from the environment or from `.env`. It exits with 0 after a normal end,
with 1 if a gate or a rule refuses, with 2 after wrong usage, and with 130 (Ctrl-C) or 143 (SIGTERM)
if it was interrupted.
"""


def page() -> str:
    """The page as it should be."""
    root = get_command(_app.app)
    found = list(_walk("winback", root))[1:]
    rows = "\n".join(
        f"| [`{path}`](#{path.replace(' ', '-')}) | {cell(_paragraphs(command)[0])} |"
        for path, command in found
    )
    sections = "\n".join(_section(path, command) for path, command in found)
    return f"{_HEAD}\n| command | does |\n|---|---|\n{rows}\n\n{sections}"


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, part in sorted(getattr(command, "commands", {}).items()):
        if part.hidden:  # a former name
            continue
        yield from _walk(f"{path} {name}", part)


def _paragraphs(command: Any) -> list[str]:
    text = inspect.cleandoc(command.help or "")
    return [" ".join(part.split()) for part in text.split("\n\n")]


def _section(path: str, command: Any) -> str:
    parameters = [part for part in command.params if "--help" not in part.opts]
    arguments = [_metavar(part) for part in parameters if not isinstance(part, TyperOption)]
    options = ["[OPTIONS]"] if len(arguments) < len(parameters) else []
    rest = ["COMMAND"] if hasattr(command, "commands") else []
    usage = " ".join([path, *options, *arguments, *rest])
    lines = [f"## {path}", "", "```", usage, "```", "", "\n\n".join(_paragraphs(command)), ""]
    if parameters:
        rows = [_row(parameter) for parameter in parameters]
        lines += ["| argument or option | default | is |", "|---|---|---|", *rows, ""]
    return "\n".join([*lines, *_examples(command)])


def _examples(command: Any) -> Iterator[str]:
    """The commands at the end of a help, and the keys of its `--json`."""
    parts = (command.epilog or "").split("\n\n")
    yield from ("```", *(part[2:] for part in parts if part.startswith("  ")), "```", "")
    yield from (f"{part}\n" for part in parts if part.startswith("Keys of --json"))


def _row(parameter: Any) -> str:
    name = _metavar(parameter)
    if isinstance(parameter, TyperOption):
        options = ", ".join([*parameter.opts, *parameter.secondary_opts])
        name = options if parameter.is_flag else f"{options} {name}"
    return f"| `{cell(name)}` | {_default(parameter)} | {cell(parameter.help or '')} |"


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper().replace("_", "-"))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if getattr(parameter, "is_flag", False):
        return "on" if parameter.default else "off"
    if parameter.default in (None, "", ()):
        return "none"
    return f"`{parameter.default}`"
