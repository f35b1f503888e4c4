"""What people have a right to: silence, and to be forgotten."""
