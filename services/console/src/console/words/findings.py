"""What is said of each finding: what is wrong, what to do, and the section of docs/operations.md that says more."""

from dataclasses import dataclass
from typing import NamedTuple

from console.words.translating import later

RUNBOOK = "docs/operations.md"


class Words(NamedTuple):
    """The words of one finding, in English as in the source, and its section of the runbook."""

    what: str
    advice: str
    section: str

    @property
    def runbook(self) -> str:
        """Where more is told."""
        return f"{RUNBOOK}#{self.section}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, by its name in FINDINGS; urgent when it would wake somebody."""

    name: str
    urgent: bool

    @property
    def words(self) -> Words:
        """What is said of it."""
        return FINDINGS[self.name]


FINDINGS = {
    "redis_down": Words(
        later("Redis does not answer"),
        later("Reports are refused, and nobody can sign in. Start Redis; all else goes on by itself."),
        "redis-down",
    ),
    "data_missing": Words(
        later("Redis has lost its data"),
        later("Reports are refused. Mount its volume, or restore a backup."),
        "data-missing",
    ),
    "wrong_type": Words(
        later("A key has a wrong type"),
        later("The tally stands, reports wait. `quorum doctor` names the key."),
        "key-of-a-wrong-type",
    ),
    "redis_evicts": Words(
        later("Redis throws keys away"),
        later("Set maxmemory-policy to noeviction at once; reports were lost."),
        "redis-evicts",
    ),
    "aof_error": Words(
        later("Redis cannot write its file"),
        later("Make room on its disk; do not restart Redis."),
        "append-only-file",
    ),
    "redis_full": Words(
        later("Redis is full"),
        later("Reports are refused. Raise maxmemory; workers go on."),
        "redis-full",
    ),
    "no_worker": Words(
        later("No worker sweeps"),
        later("Reports wait and nothing is blocked. Start workers."),
        "no-worker",
    ),
    "blocks_late": Words(
        later("Reports wait for long"),
        later("Blocks come late. Start more workers."),
        "blocks-come-late",
    ),
    "shields_up": Words(
        later("The shields are up"),
        later("Blocks are holds now: an attack, or a bad day. Look at the queue."),
        "brigade",
    ),
    "redis_nearly_full": Words(
        later("Redis is nearly full"),
        later("Raise maxmemory before reports are refused."),
        "redis-full",
    ),
    "paused": Words(
        later("Deliveries are paused"),
        later("Webhooks and bus wait since a restore: `quorum webhooks resume`."),
        "deliveries-paused",
    ),
    "bus_behind": Words(
        later("The message bus is behind"),
        later("Events wait. Look at the bus."),
        "message-bus-down",
    ),
    "webhooks": Words(
        later("A webhook fails"),
        later("Its events wait. `quorum webhooks list` names it."),
        "webhook-endpoint-down",
    ),
    "dead_letters": Words(
        later("Reports could not be tallied"),
        later("They wait: `quorum dead list` says why."),
        "dead-letters",
    ),
    "policy_bad": Words(
        later("The policy file is bad"),
        later("The last good one stays: `quorum policy check`."),
        "bad-policy-file",
    ),
    "clock_skew": Words(
        later("The clocks differ"),
        later("Mend the time synchronisation of this machine or of Redis'."),
        "clock-skew",
    ),
    "redis_denies": Words(
        later("Redis does not permit all that is asked of it"),
        later("Not all is known here; quorum doctor names what is denied, deploy/redis/users.acl has what is needed."),
        "redis-denies-a-command",
    ),
    "redis_young": Words(
        later("Redis was started lately"),
        later("Find out why, and whether its data is there."),
        "redis-restarted",
    ),
}
