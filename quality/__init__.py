"""Great Expectations gates: may this batch pass?

dbt tests say that a model is right, every row, in SQL. A gate says that this batch of
data may go on: sources before the build, decisions before any send, outcomes before any
report.
"""

from quality._gates import gate

__all__ = ["gate"]
