"""docs/sandbox.md names everything that the sandbox has."""

from __future__ import annotations

from winback.base.places import PROJECT_DIR
from winback.rehearsal.sandbox import _control, _shoppers
from winback.rehearsal.sandbox._fault_plan import KINDS
from winback.rehearsal.sandbox._mishaps import MISHAPS

PAGE = (PROJECT_DIR / "docs/sandbox.md").read_text()


def test_the_page_names_every_control_act_fault_and_mishap() -> None:
    acts = _shoppers.EMAIL_ACTS | _shoppers.TEXT_ACTS | _shoppers.CALL_ACTS
    names = [*KINDS, *MISHAPS, *acts]
    assert [name for name in names if f"`{name}`" not in PAGE] == []
    assert [route.path for route in _control.routes() if route.path not in PAGE] == []
