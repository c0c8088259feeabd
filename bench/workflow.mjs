// What observing a workflow costs: the same scripts run by a plain shell loop and by `tta-persona run`, in turns, with
// every sink up, and with every sink hanging. Differences in milliseconds, since the budgets are; asserts nothing.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

const STAGES = 5;
const SCRIPT = "sleep 0.05";
const DEADLINE_MS = 2000;

/** An HTTP server in a thread of its own, since this one stands still while it waits for a command. */
async function startBackend(isHanging) {
  const worker = new Worker(
    `const { createServer } = require("node:http");
     const { parentPort } = require("node:worker_threads");
     const server = createServer((request, response) =>
       request.resume().on("end", () => ${isHanging ? "undefined" : "response.end()"}));
     server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  const [port] = await once(worker, "message");
  return { url: `http://127.0.0.1:${port}`, close: () => worker.terminate() };
}

/**
 * @param root an empty directory
 * @param launcher the program
 * @returns how much longer each case takes than the plain loop: the median of the rounds, in milliseconds.
 */
export async function measureWorkflow(root, launcher, rounds) {
  const project = join(root, "project");
  mkdirSync(join(project, ".tta-persona", "workflows"), { recursive: true });
  const stages = Array.from(
    { length: STAGES },
    (_, index) => `  - id: stage_${index + 1}\n    persona: backend-engineer\n    run: ${SCRIPT}\n`,
  );
  writeFileSync(
    join(project, ".tta-persona", "workflows", "bench.yaml"),
    `name: bench\nstages:\n${stages.join("")}`,
  );
  const script = join(root, "stage.sh");
  writeFileSync(script, `${SCRIPT}\n`);
  const loop = ["-c", `for i in $(seq ${STAGES}); do bash -eo pipefail ${script} || exit 1; done`];

  const up = await startBackend(false);
  const hanging = await startBackend(true);
  const environment = (name, url) => ({
    PATH: process.env.PATH,
    HOME: root,
    CI: "true",
    TTA_PERSONA_HOME: join(root, name),
    NO_COLOR: "1",
    ...(url === undefined
      ? {}
      : {
          PUSHGATEWAY_URL: url,
          OTEL_EXPORTER_OTLP_ENDPOINT: url,
          LANGFUSE_HOST: url,
          LANGFUSE_PUBLIC_KEY: "pk-lf-bench",
          LANGFUSE_SECRET_KEY: "sk-lf-bench",
          TTA_PERSONA_DELIVERY_TIMEOUT: `${DEADLINE_MS}ms`,
        }),
  });
  const time = (file, args, env) => {
    const start = process.hrtime.bigint();
    const { status, stderr } = spawnSync(file, args, {
      env,
      cwd: project,
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${file} ${args.join(" ")} exited with ${status}: ${stderr}`);
    return Number(process.hrtime.bigint() - start) / 1e6;
  };
  const run = [launcher, "run", "bench"];
  const cases = [
    { name: "no sink", env: environment("workflow-none") },
    { name: "sinks up", env: environment("workflow-up", up.url) },
    { name: "sinks hanging", env: environment("workflow-hanging", hanging.url) },
  ];
  const costs = new Map(cases.map(({ name }) => [name, []]));
  try {
    for (let round = -1; round < rounds; round++) {
      for (const { name, env } of cases) {
        const plainMs = time("bash", loop, env);
        const ms = time(process.execPath, run, env);
        if (round >= 0) costs.get(name).push(ms - plainMs);
      }
    }
  } finally {
    await Promise.all([up.close(), hanging.close()]);
  }
  const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
  return {
    rows: [
      ["run, no sink", median(costs.get("no sink")), 300],
      ["run, all sinks up", median(costs.get("sinks up")), 300],
      ["run, all sinks hanging", median(costs.get("sinks hanging")), DEADLINE_MS + 500],
    ],
    stages: STAGES,
  };
}
