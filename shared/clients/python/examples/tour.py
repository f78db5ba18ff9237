"""What the client does. Needs QUORUM_URL and QUORUM_SITE_KEY."""

import os
from pathlib import Path

from quorum_client import BLOCKED, Blocklist, Client

client = Client(os.environ["QUORUM_URL"], os.environ["QUORUM_SITE_KEY"])

# A site's backend reports for its reader, and tells them so in their language.
print(client.report("img-1", "violence", "reader-1", language="fr"))

# One image, or a thousand.
print(client.status("img-1").blocked, [one.state for one in client.statuses(["img-1", "img-2"])])

# The whole blocklist in memory: look-ups without network. `start()` keeps it up to date from a thread.
blocklist = Blocklist(client, path=Path("blocklist.json"))
blocklist.sync()
print("img-1" in blocklist)

# Every decision from where you stopped; `client.stream` reads the same from the stream.
for event in client.follow(after=None, types=[BLOCKED]):
    print(event.type, event.subject)
    my_cursor = event.cursor  # keep it, after the work
    break
