"""What moderators decide, and what follows."""
