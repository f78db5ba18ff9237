"""What ends: by age, and when a person asks to be forgotten."""
