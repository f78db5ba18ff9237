"""A policy with some of its fields changed."""

from dataclasses import dataclass, replace
from typing import Any

from quorum.policy.model import Policy

SECONDS_PER_DAY = 86_400
VIEWS, WINDOW, CLASSES = "views.least_ratio", "window_days", "reporters"

Settings = dict[str, Any]  # fields of a policy, named as in its file: `people.blocks_per_day`; and other values


@dataclass(frozen=True)
class Times:
    """So many times what the policy has."""

    factor: float


def resolved(policy: Policy, settings: Settings) -> Settings:
    """Return settings with a value in place of each `Times`. Raises AttributeError for a field that does not exist."""
    return {
        name: _times(_value(policy, name), value.factor) if isinstance(value, Times) else value
        for name, value in settings.items()
    }


def changed(policy: Policy, settings: Settings) -> Policy:
    """Return a policy with other values for some fields. Raises TypeError for a field that does not exist."""
    for name, value in resolved(policy, settings).items():
        section, _, field = name.rpartition(".")
        if name == WINDOW:
            policy = replace(policy, window_seconds=round(value * SECONDS_PER_DAY))
        elif name == VIEWS:
            policy = replace(policy, least_view_ratio=value)
        elif section == CLASSES:
            policy = replace(policy, reporter_weights={**policy.reporter_weights, field: value})
        elif section:
            policy = replace(policy, **{section: replace(getattr(policy, section), **{field: value})})
        else:
            policy = replace(policy, **{field: value})
    return policy


def written(settings: Settings) -> str:
    """Return settings as they stand in a policy file, on one line."""
    return ", ".join(f"{name} = {value}" for name, value in settings.items())


def _value(policy: Policy, name: str) -> Any:
    section, _, field = name.rpartition(".")
    if name == WINDOW:
        return policy.window_seconds / SECONDS_PER_DAY
    if name == VIEWS:
        return policy.least_view_ratio
    if section == CLASSES:
        return policy.reporter_weights[field]
    return getattr(getattr(policy, section) if section else policy, field)


def _times(value: float, factor: float) -> float:
    """Whole numbers stay whole, and no smaller than one."""
    return max(1, round(value * factor)) if isinstance(value, int) else value * factor
