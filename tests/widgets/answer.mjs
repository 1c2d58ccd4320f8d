// Calls functions of the widgets' modules: a line of JSON comes in, a line goes out.
import { createInterface } from "node:readline";

const [folder] = process.argv.slice(2);
for await (const line of createInterface({ input: process.stdin })) {
  const { module, name, args } = JSON.parse(line);
  try {
    const answer = (await import(`${folder}/${module}.mjs`))[name](...args);
    console.log(JSON.stringify({ answer }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error.stack) }));
  }
}
