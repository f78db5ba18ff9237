"""What comes in: reports and withdrawals, which picture an image shows, that one is gone."""
