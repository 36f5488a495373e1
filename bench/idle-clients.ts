/** `URL COUNT`: opens so many WebSockets that say hello and then nothing. Prints `ready`. */
import { dialWeb } from "./web-client.ts";

const [url = "", count = "0"] = process.argv.slice(2);
const atOnce = 50;
let left = Number(count);

async function open(): Promise<void> {
  while (left-- > 0) await dialWeb(url, process.env.BENCH_TOKEN ?? "");
}

await Promise.all(Array.from({ length: atOnce }, open));
process.stdout.write("ready\n");
