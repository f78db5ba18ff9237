// What the client does. Needs QUORUM_URL and QUORUM_SITE_KEY.
import { BLOCKED, Blocklist, Client } from "quorum-blocks-client";

const client = new Client(process.env.QUORUM_URL, process.env.QUORUM_SITE_KEY);

// A site's backend reports for its reader, and tells them so in their language.
console.log(await client.report("img-1", "violence", "reader-1", { language: "fr" }));

// One image, or a thousand.
console.log((await client.status("img-1")).state, (await client.statuses(["img-1", "img-2"])).length);

// The whole blocklist in memory: look-ups without network. `run()` keeps it up to date until a signal ends it.
const blocklist = new Blocklist(client, { path: "blocklist.json" });
await blocklist.sync();
console.log(blocklist.has("img-1"), await blocklist.lookUp(["https://example.org/a.jpg"]));

// Every decision from where you stopped; `client.stream` reads the same from the stream.
for await (const event of client.follow(null, { types: [BLOCKED] })) {
  console.log(event.type, event.subject);
  const myCursor = event.cursor; // keep it, after the work
  break;
}
