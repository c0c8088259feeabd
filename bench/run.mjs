// Start-up cost of the hot commands, as ratios to `node -e 0` measured in the same run, in turns, on the same
// machine. Prints figures and budgets; asserts nothing, since a busy machine is not a defect.
//
//   npm run bench [-- --rounds 80 --facts 1000000]
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { measureChatmodes } from "./chatmodes.mjs";
import { writeJournal } from "./journal.mjs";
import { measureLlm } from "./llm.mjs";
import { measurePrompt } from "./prompt.mjs";
import { measureWorkflow } from "./workflow.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "80" }, facts: { type: "string", default: "1000000" } },
});
const rounds = Number(values.rounds);
const facts = Number(values.facts);

const launcher = fileURLToPath(new URL("../bin/tta-persona.cjs", import.meta.url));
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

function time(args, env, input) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, {
    env,
    cwd: root,
    ...(input === undefined ? {} : { input }),
    stdio: [input === undefined ? "ignore" : "pipe", "ignore", "pipe"],
  });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${args.join(" ")} exited with ${status}: ${stderr}`);
  return ms;
}

/** Of all cases. */
const bareTimes = [];

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** A fixed order would meet what the system does every few seconds, such as writing back, in the same place each time. */
const shuffled = (cases) =>
  cases
    .map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);

/**
 * Runs bare Node and every case once per round, in turns, so that whatever the machine does hits all of them alike.
 *
 * @returns how many times as long as bare Node each case takes, by name: the ratio of the medians, bare Node's over all
 *   cases. One time over the one before it would carry the noise of both.
 */
function measure(cases) {
  const times = new Map(cases.map(({ name }) => [name, []]));
  const bare = [];
  for (let round = -5; round < rounds; round++) {
    for (const { name, args, env, after, input } of shuffled(cases)) {
      pause(SETTLE_MS);
      const bareMs = time(["-e", "0"], environment(root));
      pause(SETTLE_MS);
      const ms = time(args, env, input);
      after?.();
      if (round < 0) continue;
      bare.push(bareMs);
      times.get(name).push(ms);
    }
  }
  bareTimes.push(...bare);
  return new Map([...times].map(([name, all]) => [name, median(all) / median(bare)]));
}

function newHome(name, config = {}) {
  const home = join(root, name);
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "config.json"), JSON.stringify(config));
  return home;
}

/**
 * Before each process, the bare one too: what the last one left to the disk, or a deliverer that still works for it,
 * would take time from the next, and a machine that has just been idle is slower than one that has not.
 */
const SETTLE_MS = 300;

function pause(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/**
 * Appends a line, renames a new file over an old one for shell prompts, and syncs the line: what any program that
 * keeps its word has to pay on this disk.
 */
const appendAndSync = [
  "-e",
  `const fs = require("node:fs");
   const fd = fs.openSync(${JSON.stringify(join(root, "line"))}, "a");
   fs.writeSync(fd, "x".repeat(500));
   const temporary = fs.openSync(${JSON.stringify(join(root, "new"))}, "w");
   fs.writeSync(temporary, "x".repeat(300));
   fs.closeSync(temporary);
   fs.renameSync(${JSON.stringify(join(root, "new"))}, ${JSON.stringify(join(root, "old"))});
   fs.fsyncSync(fd);
   fs.closeSync(fd);`,
];

/** Each one switches to the other of two personas. */
const switchBack = [launcher, "switch", "-"];

/** What Claude Code asks before it reads a file. */
const request = (path) =>
  JSON.stringify({
    ...{ session_id: "bench", cwd: root, hook_event_name: "PreToolUse" },
    ...{ tool_name: "Read", tool_input: { file_path: join(root, path) } },
  });

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

// With these sizes nothing is deleted, however many facts there are.
const keepAll = { retention: { size: "16GiB" } };
const empty = prepared(newHome("empty", keepAll));
const full = newHome("full", keepAll);
process.stdout.write(`writing a journal of ${facts.toLocaleString("en")} facts …\n`);
writeJournal(join(full, "journal"), facts);
const fullEnv = prepared(full);
// Two configurations that are changed by each switch.
const applying = newHome("applying", { apply: { targets: "cursor,gemini" } });
const applyingUser = join(applying, "user");
for (const file of [".cursor/mcp.json", ".gemini/settings.json"]) {
  mkdirSync(dirname(join(applyingUser, file)), { recursive: true });
  writeFileSync(
    join(applyingUser, file),
    '{"mcpServers": {"h": {"args": ["hypertool-mcp", "--persona", "x"]}}}',
  );
}
const applyingEnv = prepared(applying, { HOME: applyingUser });
// A shell that has a persona of its own: this process stands for it.
const inShell = environment(newHome("shell", keepAll), { TTA_PERSONA_SHELL: `${process.pid}-a` });
for (const persona of ["backend-engineer", "frontend-engineer"]) {
  time([launcher, "switch", persona, "--scope", "shell"], inShell);
}
time([launcher, "current"], inShell);
const plain = measure([
  { name: "append", args: appendAndSync, env: empty },
  { name: "current", args: [launcher, "current"], env: empty },
  { name: "current, full", args: [launcher, "current"], env: fullEnv },
  { name: "switch", args: switchBack, env: empty },
  { name: "switch, full", args: switchBack, env: fullEnv },
  { name: "switch, applied", args: switchBack, env: applyingEnv },
  { name: "current, shell", args: [launcher, "current"], env: inShell },
  { name: "switch, shell", args: switchBack, env: inShell },
  { name: "guard, allow", args: [launcher, "guard"], env: empty, input: request("src/main.py") },
  { name: "guard, deny", args: [launcher, "guard"], env: empty, input: request(".env") },
]);

const delivering = newHome("delivering", config);
const background = measure([
  { name: "delivering", args: switchBack, env: prepared(delivering), after: () => pause(400) },
]);
endDeliverer(delivering);

const spawning = newHome("spawning", config);
const spawningEnv = prepared(spawning);
endDeliverer(spawning);
const first = measure([
  { name: "spawning", args: switchBack, env: spawningEnv, after: () => endDeliverer(spawning) },
]);
await gateway.terminate();

const rows = [
  ["current", plain.get("current"), 1.15],
  ["switch, no sink", plain.get("switch"), 1.15],
  ["switch, applied to two agent tools", plain.get("switch, applied"), 3],
  ["current, in a shell of its own", plain.get("current, shell"), 1.15],
  ["switch, in a shell of its own", plain.get("switch, shell"), 1.15],
  ["switch, background delivery", background.get("delivering"), 1.15],
  ["switch that starts the deliverer", first.get("spawning"), 1.45],
  ["guard, nothing speaks against it", plain.get("guard, allow"), 1.5],
  ["guard, denied and written down", plain.get("guard, deny"), 1.5],
  [`current, ${facts} facts to none`, plain.get("current, full") / plain.get("current"), 1.05],
  [`switch, ${facts} facts to none`, plain.get("switch, full") / plain.get("switch"), 1.05],
];
const bareMs = median(bareTimes).toFixed(1);
process.stdout.write(`node -e 0: ${bareMs} ms (medians of ${rounds} rounds, Node ${process.version})\n`);
const floor = plain.get("append").toFixed(3);
process.stdout.write(
  `node -e with an append, a rename and an fsync, which is the disk's share of a switch: ${floor}\n\n`,
);
process.stdout.write(`${"".padEnd(36)} ratio  budget\n`);
for (const [name, value, budget] of rows) {
  const verdict = value <= budget ? "" : "over";
  process.stdout.write(`${name.padEnd(36)} ${value.toFixed(3)}  ≤ ${budget.toFixed(2)}  ${verdict}\n`);
}

const workflow = await measureWorkflow(root, launcher, Math.max(3, Math.round(rounds / 8)));
process.stdout.write(
  `\n${`a workflow of ${workflow.stages} stages, over a shell loop`.padEnd(36)}    ms  budget\n`,
);
for (const [name, ms, budget] of workflow.rows) {
  const verdict = ms <= budget ? "" : "over";
  process.stdout.write(`${name.padEnd(44)} ${ms.toFixed(0).padStart(5)}  ≤ ${budget}  ${verdict}\n`);
}

process.stdout.write(`\n${"recording a call of a model, over the bare client".padEnd(44)}    ms  budget\n`);
for (const [name, ms, budget] of await measureLlm(newHome("llm", {}), rounds)) {
  const verdict = ms <= budget ? "" : "over";
  process.stdout.write(`${name.padEnd(44)} ${ms.toFixed(2).padStart(5)}  ≤ ${budget}  ${verdict}\n`);
}

process.stdout.write(`\n${"a tree of 28 chatmodes, the whole process".padEnd(44)}    ms  budget\n`);
const tree = join(root, "chatmodes");
for (const [name, ms, budget] of measureChatmodes(tree, launcher, environment(newHome("modes")), rounds)) {
  const verdict = ms <= budget ? "" : "over";
  process.stdout.write(`${name.padEnd(44)} ${ms.toFixed(0).padStart(5)}  ≤ ${budget}  ${verdict}\n`);
}

process.stdout.write(`\n${"a prompt, over none".padEnd(44)}    ms  budget\n`);
for (const [name, ms, budget] of measurePrompt(root, launcher)) {
  const verdict = ms <= budget ? "" : "over";
  process.stdout.write(`${name.padEnd(44)} ${ms.toFixed(2).padStart(5)}  ≤ ${budget}  ${verdict}\n`);
}
