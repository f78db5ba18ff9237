"""Rules of earlier releases: a file that still has them is taken, and its owner is told what stands for them."""

from typing import Any

_BRIGADES = (
    "people who look alike add less each (docs/policy.md), and young accounts weigh little (people.full_weight_days)"
)
_SECTIONS = {"burst": _BRIGADES}
_FIELDS = {
    ("people", "anonymous_per_network"): _BRIGADES,
    ("shields", "share_of_images"): "shields.blocks_per_day, and people.blocks_per_day for each person",
    ("shields", "free_blocks_per_day"): "shields.blocks_per_day, and people.blocks_per_day for each person",
}


def take_out_old_rules(table: dict[str, Any]) -> tuple[str, ...]:
    """Remove from a policy's table what means nothing any more; return a sentence for each."""
    notes = []
    for section, instead in _SECTIONS.items():
        if table.pop(section, None) is not None:
            notes.append(f"[{section}] means nothing any more: {instead}; remove it")
    for (section, name), instead in _FIELDS.items():
        fields = table.get(section)
        if isinstance(fields, dict) and fields.pop(name, None) is not None:
            notes.append(f"{section}.{name} means nothing any more: {instead}; remove it")
    return tuple(notes)
