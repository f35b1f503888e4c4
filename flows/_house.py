"""The mode of the house: one variable in Prefect, which every deployment goes by."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.runtime import deployment
from prefect.settings import get_current_settings

from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Mode
from winback.readiness.modes import HOUSE, parse_mode, stricter

# Prefect's names have no dots; the UI lists it under Variables.
VARIABLE: Final = "winback_mode"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class House:
    """What the house may do, and since when the variable says so."""

    mode: Mode
    since: datetime | None = None
    # Why it is a dry run although nobody said so; empty: the variable says the mode.
    why: str = ""
    answers: bool = True


def read_house() -> House:
    """The mode that the variable says; what can't be read is the strictest, a dry run."""
    if get_current_settings().api.url is None:
        return House("dry-run", why="no Prefect server is named (PREFECT_API_URL)", answers=False)
    try:
        with get_client(sync_client=True) as client:
            found = client.read_variable_by_name(VARIABLE)
    except Exception as error:  # noqa: BLE001  # whatever it was, nothing may leave
        why = f"Prefect's server can't be asked ({type(error).__name__})"
        return House("dry-run", why=why, answers=False)
    if found is None:
        return House("dry-run", why=f"the variable {VARIABLE} is not set")
    try:
        return House(parse_mode(str(found.value)), found.updated)
    except UsageError:
        return House("dry-run", found.updated, why=f"the variable {VARIABLE} holds no mode")


def write_house(mode: Mode) -> None:
    """Set the variable. Raises WinbackError where no server takes it."""
    house = read_house()
    if not house.answers:
        raise WinbackError(
            f"the mode can't be set: {house.why}. Next: winback up, or the PREFECT_API_URL of "
            "your server"
        )
    with get_client(sync_client=True) as client:
        if client.read_variable_by_name(VARIABLE) is None:
            client.create_variable(VariableCreate(name=VARIABLE, value=mode, tags=["winback"]))
        else:
            client.update_variable(VariableUpdate(name=VARIABLE, value=mode))


def mode_of_run(asked: str) -> str:
    """What a run may do. In a deployment's run that is at most what the house may.

    Outside of a deployment, as in `winback run`, a person has just said what they want.
    """
    if asked != HOUSE and deployment.id is None:
        return asked
    house = read_house()
    mode = house.mode if asked == HOUSE else stricter(parse_mode(asked), house.mode)
    if house.why:
        log.warning("a dry run: %s. Next: winback mode", house.why)
    elif asked not in {HOUSE, mode}:
        log.warning("this run asks for %s and the house allows %s. Next: winback mode", asked, mode)
    return mode
