"""Twilio: texts and calls out, its callbacks and records, and who signed what it posts."""
