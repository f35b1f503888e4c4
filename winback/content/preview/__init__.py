"""A look before sending: a page of what a playbook, or a dry run, would write."""

from winback.content.preview._messages import Shown
from winback.content.preview._page import write_page
from winback.content.preview._playbooks import preview
from winback.content.preview._renders import read_renders
from winback.content.preview._samples import sample_rows

__all__ = ["Shown", "preview", "read_renders", "sample_rows", "write_page"]
