"""What pages say: texts in four languages, numbers, times."""
