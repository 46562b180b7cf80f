// Tells what JavaScript readers of front matter see. JSON lines in: a whole file, and the text between its fences.
// JSON lines out: by reader the values, or null where it refuses.
"use strict";

const matter = require("gray-matter");
const YAML = require("yaml");

function plain(value) {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return { date: isNaN(value) ? "invalid" : value.toISOString() };
  if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
  if (typeof value === "bigint") return { bigint: String(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") };
  if (value instanceof Map || value instanceof Set) return { entries: [...value].map(plain) };
  if (typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  return value;
}

function parse(front, version) {
  const document = YAML.parseDocument(front, { version, logLevel: "silent" });
  if (document.errors.length) throw document.errors[0];
  return document.toJS({ maxAliasCount: 100 });
}

const READERS = {
  // With options it keeps no cache of all it ever read.
  "gray-matter": ({ text }) => matter(text, {}).data,
  "yaml 1.1": ({ front }) => parse(front, "1.1"),
  "yaml 1.2": ({ front }) => parse(front, "1.2"),
};

require("readline").createInterface({ input: process.stdin, terminal: false }).on("line", (line) => {
  const asked = JSON.parse(line);
  const found = {};
  for (const [name, read] of Object.entries(READERS)) {
    try {
      found[name] = { values: plain(read(asked)) };
    } catch (error) {
      found[name] = null;
    }
  }
  process.stdout.write(JSON.stringify(found) + "\n");
});
