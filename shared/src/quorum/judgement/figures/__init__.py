"""What is counted for statistics, in the scripts that do what is counted."""
