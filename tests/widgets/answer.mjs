// Calls functions of the widgets' modules: a line of JSON comes in, a line goes out. Bytes come in
// as {base64}.
import { createInterface } from "node:readline";

const bytes = (_, value) => value?.base64 ? Uint8Array.from(Buffer.from(value.base64, "base64")) : value;

for await (const line of createInterface({ input: process.stdin })) {
  const { url, name, args } = JSON.parse(line, bytes);
  try {
    const answer = (await import(url))[name](...args);
    console.log(JSON.stringify({ answer }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error.stack) }));
  }
}
