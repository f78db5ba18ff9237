"""A copy of all data in a file, and its way back."""
