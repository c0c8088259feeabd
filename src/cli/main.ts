import { systemClock } from "../core/clock.ts";
import { readEnvironment } from "../core/environment.ts";
import { keptStdin } from "../core/stdin-kept.ts";
import { version } from "../core/version.ts";
import type { World } from "./context.ts";
import { createOutput } from "./output.ts";
import { route } from "./route.ts";
import { runCli, tellError } from "./run.ts";

const world: World = {
  argv: process.argv.slice(2),
  env: readEnvironment(),
  platform: process.platform,
  clock: systemClock,
  version,
  startedAt: systemClock.now() - process.uptime() * 1000,
  programDir: import.meta.dirname,
  currentDirectory: () => process.cwd(),
  async readStdin() {
    const kept = keptStdin();
    if (kept !== undefined) return kept;
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  },
};

// What is thrown where nobody waits for it, also from within a library's callback.
process.on("uncaughtException", (error) => {
  const routed = route(world.argv);
  process.exit(tellError(error, world, routed, createOutput(routed.flags, world.env)));
});

// All is said by then, synchronously. What may go on, such as a name that no resolver answers for, must not
// keep the process beyond its deadline.
void runCli(world).then((code) => process.exit(code));
