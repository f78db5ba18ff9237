"""The name of every key. All keys of a partition share a hash tag, so that a script touches one cluster slot only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one partition.

    inbox    list    reports that were accepted and not yet tallied, oldest first (`codec.py`)
    bell     string  exists while a doorbell message is on its way or a worker is draining
    images   hash    one per bucket, `<images><bucket>`: image digest -> tally record (`codec.py`)
    reporters hash   one per bucket: fingerprint -> standing (`codec.py`)
    budgets  hash    one per bucket: fingerprint -> when the person carried automatic blocks (`codec.py`)
    copies   hash    one per bucket: tally digest -> the images that share it by content hash (`codec.py`)
    aliases  hash    one per bucket: image digest -> digest of the picture that has its rows, or `p` and the digest of a
                     picture beside which it stays
    decided  hash    one per bucket: tally digest -> what moderators decided, to be taken back (`moderation/past.py`)
    bands    string  prefix of the places where PDQ hashes of known pictures are found (`images/pictures.lua`)
    hashes   hash    one per bucket: tally digest -> the PDQ hash that stands for it
    views    hash    one per bucket: image digest -> views and when they were told (`codec.py`)
    blocked  zset    blocked image ids by the time of blocking, Unix ms
    held     zset    ids of images that wait for a moderator, held or contested, by since when, Unix ms
    causes   hash    image id -> why it waits (`judgement/waiting.py`), of those in `held`
    stories  hash    one per bucket: image digest -> what happened to it (`judgement/stories.lua`)
    claims   string  prefix of one for each image that a moderator looks at: by digest, in hex (`moderation/claims.py`)
    pending  zset    what may cross without another report: tally digest and id, by when it was last judged, Unix ms
    shields  hash    until when the shields are up, and from when on blocks are counted (`judgement/caps/shields.py`)
    recent   list    when images were blocked automatically, oldest first, Unix ms
    journal  list    the last reports that were tallied, oldest first (`codec.py`)
    audit    stream  decisions of moderators, field `decision`
    appeals  hash    one per bucket: image digest -> appeals against its blocks (`moderation/appeals/appeals.py`)
    appealed zset    ids of images with an open appeal, by since when, Unix ms
    answered zset    ids of images with decided appeals that are kept, by when the oldest was decided, Unix ms
    limits   string  prefix of the counters of rate limits, which live for two minutes
    events   stream  CloudEvents, field `event`
    trimmed  string  the last event id that was removed from the front of the stream
    dead     stream  entries that could not be tallied, fields `reason` and `entry`
    stats    hash    exact counts, kept by the scripts
    days     hash    one per day, `<days><days since 1970>`, and per week, `<days>w<weeks>`: figure -> how many
                     (`judgement/figures/days.py`), for 400 days
    requests string  prefix of the idempotency keys that were used, which live for a day
    webhooks         prefix of subscriptions, cursors, failing (hashes), and of each subscription's queues, pings
                     (hashes), due (zset), log, dead (streams) (`webhooks.py`)
    bus              prefix of cursor and lease (strings) of the message bus (`bus.py`)
    meta     hash    layout version, a mark that the data is there; that of partition 0 has the partition count and the
                     mark of the pepper (`pepper.py`), too
    api_keys hash    API keys by id (`api_keys.py`)
    accounts hash    accounts of people inside: name -> JSON (`accounts/account.py`)
    sessions string  prefix of one hash for each session: by the SHA-256 of its token, in hex (`accounts/sessions.py`)
    sessions_of      prefix of one hash for each account: id of a session -> the SHA-256 of its token
    sign_ins string  prefix of what counts passwords that were tried (hashes; `accounts/throttling/throttle.py`)
    networks string  prefix of one for each account and network from which it has been signed in (strings)
    deeds    stream  what people inside did to accounts, keys, webhooks, shields: the last (`access/deeds.py`)
    erased   zset    fingerprints that were erased, by the time, Unix ms (`erasure.py`)
    paused   string  exists while webhooks and bus wait for somebody's word; why they do
    workers  zset    worker names by the server time of their last sweep, Unix ms
    history  list    the vital signs of the last hour, oldest first (`history.py`)
    pulse    string  exists for some seconds after a worker has noted them
    """

    inbox: str
    bell: str
    images: str
    reporters: str
    budgets: str
    copies: str
    aliases: str
    decided: str
    bands: str
    hashes: str
    views: str
    blocked: str
    held: str
    causes: str
    stories: str
    claims: str
    pending: str
    shields: str
    recent: str
    journal: str
    audit: str
    appeals: str
    appealed: str
    answered: str
    limits: str
    requests: str
    webhooks: str
    bus: str
    events: str
    trimmed: str
    dead: str
    stats: str
    days: str
    meta: str
    api_keys: str
    deeds: str
    accounts: str
    sessions: str
    sessions_of: str
    sign_ins: str
    networks: str
    erased: str
    paused: str
    workers: str
    history: str
    pulse: str


def keys_of(namespace: str, partition: int) -> Keys:
    """Return the key names of a partition."""
    prefix = f"{namespace}:{{{partition}}}:"
    return Keys(
        inbox=prefix + "inbox",
        bell=prefix + "bell",
        images=prefix + "images:",
        reporters=prefix + "reporters:",
        budgets=prefix + "budgets:",
        copies=prefix + "copies:",
        aliases=prefix + "aliases:",
        decided=prefix + "decided:",
        bands=prefix + "bands:",
        hashes=prefix + "hashes:",
        views=prefix + "views:",
        blocked=prefix + "blocked",
        held=prefix + "held",
        causes=prefix + "causes",
        stories=prefix + "stories:",
        claims=prefix + "claims:",
        pending=prefix + "pending",
        shields=prefix + "shields",
        recent=prefix + "recent",
        journal=prefix + "journal",
        audit=prefix + "audit",
        appeals=prefix + "appeals:",
        appealed=prefix + "appealed",
        answered=prefix + "answered",
        limits=prefix + "limits:",
        requests=prefix + "requests:",
        webhooks=prefix + "webhooks:",
        bus=prefix + "bus:",
        events=prefix + "events",
        trimmed=prefix + "events:trimmed",
        dead=prefix + "dead",
        stats=prefix + "stats",
        days=prefix + "days:",
        meta=prefix + "meta",
        api_keys=prefix + "api_keys",
        deeds=prefix + "deeds",
        accounts=prefix + "accounts",
        sessions=prefix + "sessions:",
        sessions_of=prefix + "sessions_of:",
        sign_ins=prefix + "sign_ins:",
        networks=prefix + "networks:",
        erased=prefix + "erased",
        paused=prefix + "paused",
        workers=prefix + "workers",
        history=prefix + "history",
        pulse=prefix + "pulse",
    )
