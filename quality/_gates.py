"""Let a batch pass or stop it, by the figures of its gate."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from quality._beside import beside, judge
from quality._figures import Figure, figures
from quality._pages import Check, write_pages
from quality._rules import GATES, Rule
from winback.base.errors import GateFailure

if TYPE_CHECKING:
    from winback.base.settings import Settings

_VOLUME: Final = frozenset(
    {"orders_lost_percent", "customers_lost_percent", "consents_lost_percent"}
)


@dataclass(frozen=True)
class QualityGate:
    """The gate that builds and flows call: `winback.warehouse.Gate`."""

    sends: bool
    waived: frozenset[str]

    def __call__(self, name: str, settings: Settings, as_of: datetime) -> Sequence[str]:
        """Let a batch pass and return its warnings, or raise GateFailure that names each rule.

        Data Docs of the last checks of each gate are left in `reports/data_docs/<gate>/`.
        """
        rules = GATES[name]
        found = {it.rule: it for it in figures(name, settings, as_of, sends=self.sends)}
        measured = [found.get(rule.name, Figure(rule.name, 0.0, 0.0, "")) for rule in rules]
        broken = judge(name, rules, measured)
        check = Check(as_of, rules, measured, broken, self.waived)
        write_pages(name, check, settings)
        critical: dict[str, str] = {}
        warnings: list[str] = []
        for rule, figure in zip(rules, measured, strict=True):
            if (result := check.result(rule)) != "passed":
                line = _line(rule, figure)
                if result == "stopped":
                    critical[rule.name] = line
                else:
                    warnings.append(line)
        if critical:
            told = "; ".join(critical.values())
            raise GateFailure(f"the {name} gate stopped the run: {told}", rules=tuple(critical))
        return warnings

    def beside(self) -> AbstractContextManager[None]:
        """Get the gate's libraries ready in a process of their own, while this one works."""
        return beside()


def gate(*, sends: bool, accept_volume: bool = False) -> QualityGate:
    """The gate that builds and flows call.

    What may be sent on (`sends`) must be fresher than what is only looked at;
    `accept_volume` lets a feed be smaller this once.
    """
    return QualityGate(sends, _VOLUME if accept_volume else frozenset())


def _line(rule: Rule, figure: Figure) -> str:
    what, unit = rule.title.removesuffix(", %"), " %" if rule.title.endswith("%") else ""
    is_so, may_be = (f"{float(it):.4g}{unit}" for it in (figure.figure, figure.allowed))
    line = f"{what}: {is_so}, at most {may_be} ({rule.meaning}"
    line += f": {figure.examples})" if figure.examples else ")"
    line += f" [{rule.name}]"
    return line + (f". Next: {rule.next_step}" if rule.next_step else "")
