import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { type FakePushgateway, startFakePushgateway } from "../support/fake-pushgateway.ts";
import { seededRandom } from "../support/jitter-proxy.ts";
import { type OtlpServer, startOtlpServer } from "../support/otlp-server.ts";
import { type KillPoint, killAt, logSteps, readSteps } from "../support/preloads.ts";
import { waitFor } from "../support/wait-for.ts";
import { configuredSandbox, deliverers, noDeliverer, PERSONAS, switchesInJournal } from "./delivery-home.ts";

const SWITCHES = "hypertool_persona_switches_total";
const PERSONA = "backend-engineer";

/** Every call that changes something on disk or on the wire. */
const STEPS = /^(?!openSync)/;

interface Scene {
  readonly sandbox: ReturnType<typeof configuredSandbox>;
  readonly gateway: FakePushgateway;
  readonly otlp: OtlpServer;
  readonly env: Record<string, string>;
  readonly log: string;
}

type Mode = "without sinks" | "in the foreground" | "in the background";

async function withScene<T>(mode: Mode, use: (scene: Scene) => Promise<T>): Promise<T> {
  const gateway = await startFakePushgateway();
  const otlp = await startOtlpServer({ protocol: "http" });
  const sandbox = configuredSandbox({
    delivery: { linger: "300ms" },
    pushgateway: { scrapeInterval: "1ms" },
  });
  const sinks = { PUSHGATEWAY_URL: gateway.url, OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
  const env: Record<string, string> = {
    ...(mode === "without sinks" ? {} : sinks),
    ...(mode === "in the foreground" ? { CI: "1" } : {}),
  };
  try {
    return await use({ sandbox, gateway, otlp, env, log: join(sandbox.project, "steps") });
  } finally {
    await sandbox.dispose();
    await otlp.close();
    await gateway.close();
  }
}

/** What the command does when nobody kills it. */
function listSteps(mode: Mode): Promise<string[]> {
  return withScene(mode, async ({ sandbox, env, log }) => {
    const preload = logSteps(log, { only: STEPS });
    const result = await sandbox.run(["switch", PERSONA], { ...preload, env: { ...env, ...preload.env } });
    expect(result).toMatchObject({ code: 0, stderr: "" });
    return readSteps(log);
  });
}

/** Before each step, and in the middle of each write; after the last one. */
function killPoints(steps: readonly string[]): KillPoint[] {
  return steps.flatMap((step, index) => {
    const at = { step: index + 1, only: STEPS };
    const isLast = index === steps.length - 1;
    return [
      { ...at, when: "before" as const },
      ...(step.startsWith("writeSync") ? [{ ...at, when: "torn" as const }] : []),
      ...(step.startsWith("request") || isLast ? [{ ...at, when: "after" as const }] : []),
    ];
  });
}

async function killAndRecover(mode: Mode, point: KillPoint): Promise<string> {
  return withScene(mode, async (scene) => {
    const { sandbox, gateway, otlp, env, log } = scene;
    const preload = killAt(point);
    const killed = await sandbox.run(["switch", PERSONA], {
      ...preload,
      env: { ...env, ...preload.env, KILL_LOG: log },
    });
    const steps = readSteps(log);
    const what = `killed ${point.when} step ${point.step}, ${steps.at(-1)}`;
    // Deliveries side by side take their steps in any order, so a few more or less is no news.
    if (killed.signal === null) expect(killed.code, what).toBe(0);
    const after = switchesInJournal(sandbox.home);
    if (killed.stdout.includes("Switched to")) expect(after, what).toHaveLength(1);

    // No repair: whatever was left behind, the next command works.
    const next = await sandbox.run(["switch", "testing-specialist"], { env });
    expect(next, what).toMatchObject({ code: 0, stderr: "" });
    expect(next.stdout, what).toMatch(
      after.length === 1 ? / from backend-engineer/ : /^Switched to \S+ \S+\n$/,
    );
    const sinks = { PUSHGATEWAY_URL: gateway.url, OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
    const flushed = await sandbox.run(["flush", "--strict", "--timeout", "60s"], {
      env: { ...env, ...sinks },
    });
    expect(flushed, what).toMatchObject({ code: 0, stderr: "" });

    const switches = switchesInJournal(sandbox.home);
    expect(switches.map(({ persona }) => persona).at(-1), what).toBe("testing-specialist");
    // A deliverer that stays may hold new series at 0 for two scrapes.
    await waitFor(() => gateway.value(SWITCHES) === switches.length, { what: `the total, ${what}` });
    expect(gateway.decreases(), what).toEqual([]);
    const received = otlp.spans().map(({ spanId }) => spanId);
    expect(new Set(received), what).toEqual(new Set(switches.map(({ spanId }) => spanId)));
    if (!mayHaveSentTwice(steps, point, mode)) expect(otlp.duplicateSpanIds(), what).toEqual([]);
    return what;
  });
}

/** Only where the spans were under way and nothing could be written down about their arrival any more. */
function mayHaveSentTwice(steps: readonly string[], { when }: KillPoint, mode: Mode): boolean {
  if (mode === "in the background") return false;
  const done = when === "after" ? steps : steps.slice(0, -1);
  const isSent = done.some((step) => /^request:.*v1\/traces/.test(step));
  const isKept = done.some((step) => /^renameSync:sinks\/otlp-/.test(step));
  return isSent && !isKept;
}

describe.each<Mode>(["without sinks", "in the foreground", "in the background"])("a switch %s", (mode) => {
  test("can be killed at each of its steps: nothing that was told is lost, nothing is counted twice", async () => {
    const steps = await listSteps(mode);
    expect(steps.filter((step) => step.startsWith("writeSync:journal/"))).toHaveLength(1);
    const points = killPoints(steps);
    const failures: unknown[] = [];
    const workers = Array.from({ length: 3 }, async () => {
      for (let point = points.shift(); point !== undefined; point = points.shift()) {
        await killAndRecover(mode, point).catch((error: unknown) => failures.push(error));
      }
    });
    await Promise.all(workers);
    expect(failures).toEqual([]);
  });
});

test("a deliverer that is killed again and again ends at the exact totals", async () => {
  const gateway = await startFakePushgateway();
  onTestFinished(() => gateway.close());
  const otlp = await startOtlpServer({ protocol: "http" });
  onTestFinished(() => otlp.close());
  const sandbox = configuredSandbox({
    delivery: { linger: "1s" },
    pushgateway: { url: gateway.url, scrapeInterval: "100ms" },
    otlp: { endpoint: otlp.url },
  });
  onTestFinished(() => sandbox.dispose());
  const random = seededRandom(7);
  for (let round = 0; round < 20; round++) {
    for (const offset of [0, 1]) {
      const result = await sandbox.run(["switch", PERSONAS[(2 * round + offset) % 6] ?? ""]);
      expect(result).toMatchObject({ code: 0 });
    }
    // At whatever it is doing by then: that is the point of it.
    await sleep(random() * 400);
    for (const pid of deliverers(sandbox)) process.kill(pid, "SIGKILL");
  }
  await noDeliverer(sandbox);
  await sandbox.run(["switch", PERSONAS[4]]);
  const switches = switchesInJournal(sandbox.home);
  expect(switches).toHaveLength(41);
  await waitFor(() => gateway.value(SWITCHES) === 41, { what: "the exact total" });
  await waitFor(() => new Set(otlp.spans().map(({ spanId }) => spanId)).size === 41, { what: "all spans" });
  expect(new Set(otlp.spans().map(({ spanId }) => spanId))).toEqual(
    new Set(switches.map(({ spanId }) => spanId)),
  );
  expect(gateway.decreases()).toEqual([]);
  await noDeliverer(sandbox);
  const ledger = JSON.parse(readFileSync(join(sandbox.home, "state", "ledger.json"), "utf8"));
  expect(ledger.cursor.seq).toBe(41);
});
