"""A look at a source before anything is landed: what would come of it, and who could be written to.

The source is loaded for real, into a home apart that is thrown away, and the models that decide on
contact are built there. So each figure is that of a load and a build.
"""

from winback.readiness.look._contact import Channel, Reason
from winback.readiness.look._look import Look, look
from winback.readiness.look._tables import Missing, TableLook

__all__ = ["Channel", "Look", "Missing", "Reason", "TableLook", "look"]
