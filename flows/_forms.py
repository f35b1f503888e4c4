"""How a flow and its runs show in Prefect's UI: names, descriptions, and the form of parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from zoneinfo import ZoneInfo

from prefect.runtime import flow_run
from pydantic import Field

from winback.base.clock import WallClock
from winback.base.errors import UsageError
from winback.base.project import project_seed
from winback.base.settings import Settings, read_toml

F = TypeVar("F", bound=Callable[..., Any])

_PARAMETERS: Final = {
    "mode": "What the run may do. house: what winback mode allows. A stricter one does less; a "
    "looser one changes nothing.",
    "as_of": "The moment that the run takes for now, to rehearse another day. Empty: the clock's, "
    "which a live run always takes.",
    "measure": "Whether the run also builds the outcomes. If not, they wait for the next run.",
    "playbook": "The playbook whose due messages are sent.",
    "step": "The step of the playbook, as in dbt_project/seeds/playbook_steps.csv.",
    "request": "The request that waits for a yes. Empty: all that wait, one after the other.",
    "again": "Whether a digest that has been sent is sent again.",
    "keep_days": "Backups of more days ago are dropped, never the newest. 0: none is.",
    "dry_run": "Whether it only counts what would go.",
    "event": "The name of the event that people are told of.",
    "full": "Whether everything is pulled. If not, only what changed since the last pull.",
    "what": "The sentence that they are told.",
}


@cache
def _abouts() -> dict[str, dict[str, str]]:
    return read_toml(Path(__file__).with_name("about.toml"))


def about(flow: str) -> str:
    """A flow's description in Markdown, by its function's name."""
    it = _abouts()[flow]
    return f"{it['does']}\n\n**It may:** {it['may']}\n\n**If it fails:** {it['if_it_fails']}"


def named(what: str) -> Callable[[], str]:
    """A run's name: what it does, for which shop, and its day there."""

    def name() -> str:
        parameters = flow_run.parameters or {}
        does = what.format(**parameters)
        try:
            settings = Settings.load()
        except UsageError:  # the run itself says so
            return does
        at = parameters.get("as_of") or WallClock().now()
        at = datetime.fromisoformat(at) if isinstance(at, str) else at
        day = (at if at.tzinfo is None else at.astimezone(ZoneInfo(settings.shop_timezone))).date()
        return f"{does}, {settings.brand_name}, {day}"

    return name


def with_form(work: F) -> F:
    """Describe the parameters of a flow's function, where Prefect makes the UI's form from."""
    signature = inspect.signature(work)
    choices: dict[str, Callable[[], list[Any]]] = {"playbook": _playbooks, "step": _steps}
    given = [
        it.replace(annotation=_one_of(it.annotation, choices[it.name]()))
        if it.name in choices
        else it
        for it in signature.parameters.values()
    ]
    lines = [f"    {it.name}: {_PARAMETERS[it.name]}" for it in given]
    work.__doc__ = "\n".join([inspect.getdoc(work) or "", "", "Args:", *lines])
    work.__signature__ = signature.replace(parameters=given)  # type: ignore[attr-defined]
    work.__annotations__ = work.__annotations__ | {it.name: it.annotation for it in given}
    return work


def _one_of(annotation: Any, values: list[Any]) -> Any:
    """The form offers these; a run may be given another, which sends nothing."""
    return Annotated[annotation, Field(json_schema_extra={"enum": values})]


def _playbooks() -> list[str]:
    return [row["playbook_id"] for row in project_seed("playbooks")]


def _steps() -> list[int]:
    return sorted({int(row["step"]) for row in project_seed("playbook_steps")})
