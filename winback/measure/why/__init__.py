"""Why somebody got what they got: one person's story, with every rule that failed."""

from winback.measure.why._read import Story, why
from winback.measure.why._tell import tell

__all__ = ["Story", "tell", "why"]
