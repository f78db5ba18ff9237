"""All attackers, and what a site can do against each family of them beyond settings."""

from quorum.simulation.attacks.attack import Attack
from quorum.simulation.attacks.attackers import alike, budgets, copies, keeping_up, trust, young

SECTIONS: dict[str, tuple[Attack, ...]] = {
    "Accounts made for it": young.ATTACKS,
    "People who look alike, and people who do not": alike.ATTACKS,
    "Budgets, shields, the moderators' queue": budgets.ATTACKS,
    "What is learned of people": trust.ATTACKS,
    "To keep a bad picture up": keeping_up.ATTACKS,
    "Copies": copies.ATTACKS,
}
ATTACKS: tuple[Attack, ...] = tuple(one for section in SECTIONS.values() for one in section)

ADVICE: dict[str, str] = {
    "sleepers": "look at what is held and blocked every day, and clear it: then the crew has one day",
    "farm": "ask for more than an e-mail address before an account is made: the farm pays it for each crew",
    "ages untold": "tell `reporter_since` and `reporter_address`",
    "proxies": "ask readers to log in, and take anonymous reports with little weight or not at all",
    "three in one": "leave anonymous reports off where readers have tokens, as it is by default",
    "farmed accuracy": "let what moderators find obvious be removed before readers report it",
    "camouflage": "mute by hand who is wrong three times of four: `quorum reporters mute NAME`",
    "stolen trust": "let trusted flaggers log in with a second factor",
    "on readers' backs": "look at what was blocked by few, as at what is held",
    "partitions": "a share is rounded up: have no more partitions than `people.blocks_per_day`",
    "contest": "clear again: who is wrong after the notice is muted",
    "views": "nothing more",
    "a hold on purpose": "nothing more",
    "reasons": "nothing more",
    "crews": "look at what is held daily",
    "a lower bar": "lower a threshold only once the images just below it were looked at",
    "one place": "ask readers to log in: sixty addresses of a /16 are easy to have, sixty old accounts are not",
    "throw-aways": "nothing more",
    "known liars": "nothing more",
    "taken back": "look at what was blocked by reports that are gone, and mute by hand",
    "yo-yo": "nothing more",
    "crying wolf": 'clear with `"unfounded": false` what readers could believe to be bad',
    "cleared first": "look at `contested` images first; do not let the owner change the picture behind an id",
    "a full table": "ask readers to log in; name trusted flaggers, who find a place in any table",
    "one by one": "send `content_hash`, so that a copy is blocked with its picture",
    "decoys": "look at what is held daily",
    "collisions": "compare pictures yourself before `content_hash` is sent, or send `sha256:` in place of `pdq:`",
    "queue": "clear daily: after ten unfounded reports the crew weighs too little to have anything held",
    "shields": "look at what is held for the shields while they are up",
}
