"""Named attackers and honest crowds in simulated time: what a policy lets them do, and what it costs them."""
