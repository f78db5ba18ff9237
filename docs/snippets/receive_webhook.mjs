// Receive webhooks: node receive_webhook.mjs PORT. The secret that quorum showed is in WEBHOOK_SECRET.
import { createServer } from "node:http";
import { BLOCKED, InvalidWebhook, verify } from "quorum-blocks-client";

async function read(request, most = 2 ** 20) {
  const pieces = [];
  for await (const piece of request) {
    most -= piece.length;
    if (most < 0) throw new InvalidWebhook("body", "the body is too long");
    pieces.push(piece);
  }
  return Buffer.concat(pieces); // as it came: a body that was parsed and written again has another signature
}

createServer(async (request, response) => {
  try {
    const event = verify(process.env.WEBHOOK_SECRET, request.headers, await read(request));
    if (event.type === BLOCKED) console.log("purge", event.subject); // remember event.id: it may come again
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(error instanceof InvalidWebhook ? 401 : 500).end();
  }
}).listen(Number(process.argv[2]), "127.0.0.1");
