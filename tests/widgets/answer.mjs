// Calls functions of the widgets' modules: a line of JSON comes in, a line goes out.
import { createInterface } from "node:readline";

for await (const line of createInterface({ input: process.stdin })) {
  const { url, name, args } = JSON.parse(line);
  try {
    const answer = (await import(url))[name](...args);
    console.log(JSON.stringify({ answer }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error.stack) }));
  }
}
