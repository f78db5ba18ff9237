// Follow the feed from where it stopped: node follow_feed.mjs CURSOR_FILE. Needs QUORUM_URL and QUORUM_SITE_KEY.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { BLOCKED, Client, UNBLOCKED } from "quorum-blocks-client";

const client = new Client(process.env.QUORUM_URL, process.env.QUORUM_SITE_KEY);
const file = process.argv[2];
const after = existsSync(file) ? readFileSync(file, "utf8") : null; // null: from the oldest event that is kept

for await (const event of client.follow(after, { types: [BLOCKED, UNBLOCKED] })) {
  console.log(event.type === BLOCKED ? "purge" : "restore", event.subject);
  writeFileSync(`${file}.draft`, event.cursor); // after the work: it may come twice, and is never left out
  renameSync(`${file}.draft`, file);
}
