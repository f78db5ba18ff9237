"""What would a policy have done? Recorded reports, and their replay."""
