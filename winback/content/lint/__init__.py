"""A look at each message before it leaves: what must not be sent so, and what is a matter of taste.

It judges messages as they are written, so that a shop's own templates are judged like ours.
"""

from winback.content.lint._features import mail_programs
from winback.content.lint._finding import Finding, rule_names, rule_rows
from winback.content.lint._hosts import is_own, own_hosts
from winback.content.lint._lint import findings, placed, quick_findings

__all__ = [
    "Finding",
    "findings",
    "is_own",
    "mail_programs",
    "own_hosts",
    "placed",
    "quick_findings",
    "rule_names",
    "rule_rows",
]
