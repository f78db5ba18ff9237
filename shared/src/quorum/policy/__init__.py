"""What it takes to block an image: pure values and functions, no Redis, no clock, no network."""

from quorum.policy.load import load_policy, parse_policy
from quorum.policy.model import Policy, Reason

__all__ = ["Policy", "Reason", "load_policy", "parse_policy"]
