// Judges the AsyncAPI document on standard input with the AsyncAPI initiative's own parser; prints what is wrong.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
const errors = diagnostics.filter((one) => one.severity === 0);
for (const one of errors) console.error(`${one.path.join(".")}: ${one.message}`);
if (!document || errors.length) process.exit(1);
console.log(`${document.version()} ${document.channels().all().length} channels, ${document.messages().all().length} messages`);
