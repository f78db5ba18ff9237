"""What a service makes sure of before it starts, and what Redis has to permit it."""
