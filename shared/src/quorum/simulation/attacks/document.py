"""docs/attacks.md: everything between its two marks is made here.

`python -m quorum.simulation.attacks.document FILE` writes it into the file (`make attacks`).
"""

import sys
from pathlib import Path

from quorum.policy import Policy, load_policy
from quorum.simulation.attacks.attack import carry_out
from quorum.simulation.attacks.attackers.catalogue import ATTACKS
from quorum.simulation.attacks.best import Site
from quorum.simulation.attacks.tables import (
    best_attacks,
    table_of_attackers,
    table_of_crowds,
    table_of_prices,
)
from quorum.simulation.attacks.world import SECONDS_BETWEEN_ATTACKS, SECONDS_BETWEEN_READERS, SWEEP_MS

BEGIN, END = "<!-- attacks: made by `make attacks` -->\n", "<!-- end of attacks -->\n"


def report(policy: Policy) -> str:
    """Carry out every attack, let every crowd report, and return what came of it, in Markdown."""
    carried = [(attack, carry_out(attack, policy)) for attack in ATTACKS]
    site = Site(policy)
    parts = {
        "What one wrong block costs": table_of_prices(policy),
        "Attackers": table_of_attackers(carried),
        "Honest crowds": table_of_crowds(site.answers),
        "What still does best": best_attacks(carried, site),
    }
    return _preamble(policy) + "".join(f"\n## {title}\n\n{text.rstrip()}\n" for title, text in parts.items())


def with_report(page: str, policy: Policy) -> str:
    """Return a page with the report between its two marks."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + report(policy) + END + rest.split(END)[1]


def _preamble(policy: Policy) -> str:
    return (
        f"Policy {policy.version}: {policy.threshold:g} points, {policy.min_reporters} reporters. Attackers send "
        f"{1 / SECONDS_BETWEEN_ATTACKS:.0f} reports a second and wait where a limit says so "
        f"({policy.limits.reporter} a minute each), readers report {SECONDS_BETWEEN_READERS} seconds apart, and what "
        f"may cross is judged again within {SWEEP_MS // 1000} seconds.\n"
    )


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_report(page.read_text(encoding="utf-8"), load_policy()), encoding="utf-8")
