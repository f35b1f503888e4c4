"""The systems whose files landing reads as they are, one folder each."""
