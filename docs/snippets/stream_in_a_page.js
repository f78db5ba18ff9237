// In a page, from the stream behind your own server. Events have names: `onmessage` would hear none of them.
const types = ["quorum.image.blocked.v1", "quorum.image.unblocked.v1"];
const stream = new EventSource(`/v1/events/stream?after=now&${types.map((type) => `type=${type}`).join("&")}`);
stream.addEventListener(types[0], (message) => hide(JSON.parse(message.data).subject));
stream.addEventListener(types[1], (message) => show(JSON.parse(message.data).subject));
stream.addEventListener("expired", () => location.reload()); // too far behind: list, then watch
