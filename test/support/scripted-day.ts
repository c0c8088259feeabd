import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseExposition } from "./exposition.ts";
import { startOtlpServer } from "./otlp-server.ts";
import { clockAt } from "./preloads.ts";
import { type Prometheus, startPrometheus, startPushgateway } from "./real-servers.ts";
import { createSandbox, type RunOptions, repositoryRoot, type Sandbox } from "./run-binary.ts";
import { waitFor } from "./wait-for.ts";

export interface ScriptedDay {
  readonly prometheus: Prometheus;
  /** Unix time before its first push and after its last scrape. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly scrapeSeconds: number;
  /** What the program itself says of a metric in the end: the sum over its series that have these labels. */
  reported(name: string, labels?: Readonly<Record<string, string>>): number;
  close(): Promise<void>;
}

const SCRAPE_SECONDS = 1;
const QUIET_SCRAPES = 20;
const HOUR_MS = 3_600_000;

/** When work began, so that all of it is over by now. */
const BEGUN_MS = -7.5 * HOUR_MS;

/** How many seconds of the day pass in one, while a run is at work. */
const SPEED = 300;

/** Dollars for a million tokens. */
const PRICES = { "gpt-4o": { input: 2, output: 10 }, "gpt-4o-mini": { input: 0.1, output: 0.4 } };

/** So that there is an alert to be marked on the dashboards. */
const RULES = JSON.stringify({
  groups: [
    {
      name: "tta-persona",
      rules: [
        {
          alert: "PersonaTokenBudgetExceeded",
          expr: "hypertool_persona_token_budget_remaining < 0",
          labels: { severity: "critical" },
        },
      ],
    },
  ],
});

/**
 * A day of work in under a minute: the built program, a real Pushgateway and a real Prometheus. Facts of switches and
 * runs have the times of the last 7.5 hours; what Prometheus sees of them it sees within that minute.
 */
export async function runScriptedDay(): Promise<ScriptedDay> {
  return withBackends(async (sandbox, prometheus) => {
    const did = async (args: readonly string[], options: RunOptions = {}, code = 0) => {
      const result = await sandbox.run(args, { ...options });
      if (result.code !== code) {
        throw new Error(`${args.join(" ")}: ${result.code}\n${result.stdout}\n${result.stderr}`);
      }
      return result;
    };
    // What is older than the first push is history, and no increase.
    await did(["flush"], clockAt(BEGUN_MS - HOUR_MS / 4));
    await makeSwitches(did);
    await doRuns(did, sandbox);
    await makeCalls(did);
    await everythingShown(sandbox, prometheus);
  });
}

/** Three switches and a run that succeeds, as the demo does them, and not a single call of a model. */
export async function runSparseDay(): Promise<ScriptedDay> {
  return withBackends(async (sandbox, prometheus) => {
    await sandbox.run(["flush"]);
    await sandbox.run(["backend"]);
    await sandbox.run(["switch", "testing", "--chatmode", "tdd"]);
    await sandbox.run(["switch", "-"]);
    defineWorkflow(sandbox, "package-publish", [{ id: "build", persona: "backend-engineer", run: "true" }]);
    await sandbox.run(["run", "package-publish"]);
    await everythingShown(sandbox, prometheus);
  });
}

async function withBackends(
  work: (sandbox: Sandbox, prometheus: Prometheus) => Promise<void>,
): Promise<ScriptedDay> {
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of opened.toReversed()) await end();
  };
  try {
    const gateway = await startPushgateway();
    opened.push(gateway.close);
    const prometheus = await startPrometheus({
      targets: [`127.0.0.1:${gateway.port}`],
      scrapeInterval: `${SCRAPE_SECONDS}s`,
      rules: RULES,
    });
    opened.push(prometheus.close);
    // Down at first, and later it turns something away: delivery's own figures have something to show.
    const otlp = await startOtlpServer({
      protocol: "http",
      behaviour: (_, index) => (index === 0 ? { status: 503 } : "ok"),
      isRejected: ({ name }) => name.startsWith("workflow."),
    });
    opened.push(otlp.close);
    const sandbox = createSandbox();
    opened.push(sandbox.dispose);
    mkdirSync(sandbox.home, { mode: 0o700 });
    const settings = {
      delivery: { linger: "5s" },
      pushgateway: { url: gateway.url, scrapeInterval: `${SCRAPE_SECONDS}s`, instance: "desk-1" },
      otlp: { endpoint: otlp.url },
    };
    writeFileSync(join(sandbox.home, "config.json"), JSON.stringify(settings), { mode: 0o600 });
    writeFileSync(join(sandbox.home, "prices.yaml"), JSON.stringify(PRICES));
    await prometheus.nextScrape();
    const startSeconds = Math.floor(Date.now() / 1000);
    await work(sandbox, prometheus);
    // As `increase` guesses up to half a scrape more than it has seen, a day has to have many.
    for (let scrape = 0; scrape < QUIET_SCRAPES; scrape++) await prometheus.nextScrape();
    const endSeconds = Math.ceil(Date.now() / 1000);
    const samples = parseExposition((await sandbox.run(["metrics"])).stdout).flatMap(
      (family) => family.samples,
    );
    const reported: ScriptedDay["reported"] = (name, labels = {}) =>
      samples
        .filter((one) => one.name === name)
        .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
        .reduce((total, { value }) => total + value, 0);
    return {
      prometheus: remembering(prometheus),
      startSeconds,
      endSeconds,
      scrapeSeconds: SCRAPE_SECONDS,
      reported,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What a time that is over shows does not change any more: each query of one is asked once. */
function remembering(prometheus: Prometheus): Prometheus {
  const answers = new Map<string, unknown>();
  const once = <T>(query: unknown, ask: () => T): T => {
    const key = JSON.stringify(query);
    if (!answers.has(key)) answers.set(key, ask());
    return answers.get(key) as T;
  };
  return {
    ...prometheus,
    query(promql, atSeconds) {
      const ask = () => prometheus.query(promql, atSeconds);
      return atSeconds === undefined ? ask() : once([promql, atSeconds], ask);
    },
    queryRange: (promql, range) => once([promql, range], () => prometheus.queryRange(promql, range)),
  };
}

type Did = (args: readonly string[], options?: RunOptions, code?: number) => Promise<unknown>;

async function makeSwitches(did: Did): Promise<void> {
  const at = (hours: number) => clockAt(BEGUN_MS + hours * HOUR_MS);
  await did(["switch", "backend"], at(0));
  await did(["switch", "testing", "--chatmode", "tdd"], at(2));
  await did(["switch", "devops"], at(3));
  await did(["switch", "backend"], at(4));
  await did(["switch", "testing"], at(4.5));
  await did(["switch", "devops", "--chatmode", "review"], at(5));
  await did(["end"], at(5 + 1 / 3));
}

async function doRuns(did: Did, sandbox: Sandbox): Promise<void> {
  const call = `"${process.execPath}" "${join(repositoryRoot, "bin", "tta-persona.cjs")}" tokens record --model gpt-4o-mini --input 200000 --output 50000 --latency 1800`;
  defineWorkflow(sandbox, "service-release", [
    { id: "build", persona: "backend-engineer", run: "sleep 0.1" },
    {
      id: "checks",
      persona: "testing-specialist",
      run: "sleep 0.05; test ! -e broken",
    },
    // The third attempt works, once.
    {
      id: "rollout",
      persona: "devops-engineer",
      run: `n=$(cat n 2>/dev/null || echo 0); n=$((n+1)); echo $n > n; test $n -ge 3 && sleep 1.2 && if test $n = 3; then ${call}; fi`,
      retry: { attempts: 3, delay: "1ms" },
    },
  ]);
  defineWorkflow(sandbox, "incident-drill", [
    { id: "triage", persona: "observability-expert", run: "sleep 0.2" },
    { id: "fix", persona: "devops-engineer", run: "sleep 0.3" },
  ]);
  const at = (hours: number) => clockAt(BEGUN_MS + hours * HOUR_MS, SPEED);
  await did(["run", "service-release"], at(5.5));
  writeFileSync(join(sandbox.project, "broken"), "");
  await did(["run", "service-release"], at(6), 1);
  await did(["run", "incident-drill"], at(6.25));
  rmSync(join(sandbox.project, "broken"));
  await did(["run", "service-release"], at(6.5));
}

async function makeCalls(did: Did): Promise<void> {
  await did(["budget", "set", "backend", "400k", "--window", "month"]);
  await did(["budget", "set", "testing", "1M", "--window", "month"]);
  const calls = [
    { persona: "backend-engineer", model: "gpt-4o", input: 100_000, output: 10_000, latencyMs: 4200 },
    { persona: "backend-engineer", model: "gpt-4o", input: 100_000, output: 10_000, latencyMs: 5200 },
    { persona: "backend-engineer", model: "gpt-4o-mini", input: 200_000, output: 50_000, latencyMs: 900 },
    { persona: "testing-specialist", model: "gpt-4o", input: 100_000, output: 10_000, latencyMs: 6200 },
    { persona: "testing-specialist", model: "llama-house", input: 2_000, output: 1_000, latencyMs: 300 },
    failed("testing-specialist", "gpt-4o"),
    failed("backend-engineer", "gpt-4o-mini"),
  ];
  const stdin = calls.map((call) => `${JSON.stringify(call)}\n`).join("");
  await did(["tokens", "record", "--stdin"], { stdin });
}

function failed(persona: string, model: string) {
  return { persona, model, outcome: "error", error: { type: "timeout" }, latencyMs: 30_000 };
}

function defineWorkflow({ project }: Sandbox, name: string, stages: readonly object[]): void {
  const directory = join(project, ".tta-persona", "workflows");
  mkdirSync(directory, { recursive: true });
  // JSON is YAML.
  writeFileSync(join(directory, `${name}.yaml`), JSON.stringify({ name, stages }));
}

/** Until Prometheus has every total that the program itself has: nothing is held back, and nothing waits. */
async function everythingShown(sandbox: Sandbox, prometheus: Prometheus): Promise<void> {
  await waitFor(
    async () => {
      const [pending] = await prometheus.query("sum(hypertool_telemetry_pending)");
      const [dropped] = await prometheus.query("sum(hypertool_telemetry_dropped_total)");
      if (pending?.value !== 0 || (dropped?.value ?? 0) === 0) return false;
      const { stdout } = await sandbox.run(["metrics"]);
      for (const { name, type, samples } of parseExposition(stdout)) {
        if (type !== "counter" || /telemetry/.test(name)) continue;
        const total = samples.reduce((all, { value }) => all + value, 0);
        const [shown] = await prometheus.query(`sum(${name})`);
        if (Math.abs((shown?.value ?? 0) - total) > 1e-6) return false;
      }
      return true;
    },
    { what: "all totals in Prometheus", intervalMs: 500 },
  );
}
