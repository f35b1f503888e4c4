"""SendGrid: mail out, its callbacks, records and lists, and who signed what it posts."""
