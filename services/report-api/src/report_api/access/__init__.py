"""Who is calling, from where, and whether they may."""
