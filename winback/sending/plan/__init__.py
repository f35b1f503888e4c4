"""What SQL decided becomes enrollments and frozen messages in the ledger."""
