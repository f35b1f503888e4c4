"""All that is held of one person, as a file for programs and as a page."""

from winback.people.export._export import Exported, export_person

__all__ = ["Exported", "export_person"]
