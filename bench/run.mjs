// Start-up cost of the hot commands, as ratios to `node -e 0` measured in the same run, in turns, on the same
// machine. Prints figures and budgets; asserts nothing, since a busy machine is not a defect.
//
//   npm run bench [-- --rounds 80 --facts 1000000]
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { writeJournal } from "./journal.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "80" }, facts: { type: "string", default: "1000000" } },
});
const rounds = Number(values.rounds);
const facts = Number(values.facts);

const launcher = new URL("../bin/tta-persona.cjs", import.meta.url).pathname;
const root = mkdtempSync(join(tmpdir(), "tta-bench-"));
process.on("exit", () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

/** Sealed: with NODE_EXTRA_CA_CERTS bare Node takes twice as long, and every ratio looks better than it is. */
const environment = (home, more = {}) => ({
  PATH: process.env.PATH,
  HOME: root,
  TTA_PERSONA_HOME: home,
  NO_COLOR: "1",
  ...more,
});

function time(args, env) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, {
    env,
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${args.join(" ")} exited with ${status}: ${stderr}`);
  return ms;
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** Runs every case once per round, in turns, so that whatever the machine does hits all of them alike. */
function measure(cases) {
  const times = new Map(cases.map(({ name }) => [name, []]));
  for (let round = -3; round < rounds; round++) {
    for (const { name, args, env, before } of cases) {
      before?.();
      const ms = time(args, env);
      if (round >= 0) times.get(name).push(ms);
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

function newHome(name, config = {}) {
  const home = join(root, name);
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "config.json"), JSON.stringify(config));
  return home;
}

/** Each one switches to the other of two personas. */
const switchBack = [launcher, "switch", "-"];

function prepared(home, more) {
  const env = environment(home, more);
  for (const persona of ["backend-engineer", "frontend-engineer"]) time([launcher, "switch", persona], env);
  time([launcher, "current"], env);
  return env;
}

function endDeliverer(home) {
  for (const link of readdirSync(join(home, "lease")).filter((name) => /^\d+$/.test(name))) {
    try {
      process.kill(JSON.parse(readlinkSync(join(home, "lease", link))).owner.pid, "SIGKILL");
    } catch {
      // Released, or gone already.
    }
  }
}

/** In a thread of its own: this one stands still while it waits for a command. */
const gateway = new Worker(
  `const { createServer } = require("node:http");
   const { parentPort } = require("node:worker_threads");
   const server = createServer((request, response) => request.resume().on("end", () => response.end()));
   server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
  { eval: true },
);
const [port] = await once(gateway, "message");
const config = { pushgateway: { url: `http://127.0.0.1:${port}` } };

const bare = { name: "bare", args: ["-e", "0"], env: environment(root) };
const empty = prepared(newHome("empty"));
const delivering = newHome("delivering", config);
const spawning = newHome("spawning", config);
const full = newHome("full", { retention: { size: "16GiB" } });
process.stdout.write(`writing a journal of ${facts.toLocaleString("en")} facts …\n`);
writeJournal(join(full, "journal"), facts);

const deliveringEnv = prepared(delivering);
const spawningEnv = prepared(spawning);
const fullEnv = prepared(full);

const result = measure([
  bare,
  { name: "current", args: [launcher, "current"], env: empty },
  { name: "switch", args: switchBack, env: empty },
  { name: "delivering", args: switchBack, env: deliveringEnv },
  { name: "spawning", args: switchBack, env: spawningEnv, before: () => endDeliverer(spawning) },
  { name: "current, full", args: [launcher, "current"], env: fullEnv },
  { name: "switch, full", args: switchBack, env: fullEnv },
]);
endDeliverer(delivering);
endDeliverer(spawning);
await gateway.terminate();

const ratio = (name, to = "bare") => result.get(name) / result.get(to);
const rows = [
  ["current", ratio("current"), 1.15],
  ["switch, no sink", ratio("switch"), 1.15],
  ["switch, background delivery", ratio("delivering"), 1.15],
  ["switch that starts the deliverer", ratio("spawning"), 1.45],
  [`current, ${facts} facts to none`, ratio("current, full", "current"), 1.05],
  [`switch, ${facts} facts to none`, ratio("switch, full", "switch"), 1.05],
];
process.stdout.write(
  `node -e 0: ${result.get("bare").toFixed(1)} ms (median of ${rounds}, Node ${process.version})\n\n`,
);
process.stdout.write(`${"".padEnd(36)} ratio  budget\n`);
for (const [name, value, budget] of rows) {
  process.stdout.write(
    `${name.padEnd(36)} ${value.toFixed(3)}  ≤ ${budget.toFixed(2)}  ${value <= budget ? "" : "over"}\n`,
  );
}
