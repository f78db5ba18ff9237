"""Purge what is blocked from a cache, beside Redis: each event once, across restarts. Needs QUORUM_REDIS_URL."""

import os

import quorum

for event in quorum.consume(os.environ["QUORUM_REDIS_URL"], group="cdn-purge"):
    if event.type == "quorum.image.blocked.v1":  # others: held, unblocked, shields raised and lowered
        print("purge", event.subject, flush=True)  # event.id is the same for the same decision, whatever happens
