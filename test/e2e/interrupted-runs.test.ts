import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "vitest";
import { currentOwner, type Owner } from "../../src/core/owner.ts";
import { appendFact } from "../../src/journal/append.ts";
import type { Fact } from "../../src/journal/fact.ts";
import { aRun, RUN_START, spanIdOf } from "../projection/run-facts.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import { type KillPoint, killAt, logSteps, readSteps } from "../support/preloads.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { configuredSandbox, noDeliverer } from "./delivery-home.ts";

const OFF = { TTA_PERSONA_DELIVERY: "off" };
const SPANS = ["process", "build", "r1"].map(spanIdOf);

/** Every call that changes something on disk or on the wire. */
const STEPS = /^(?!openSync)/;

async function begin(context: TestContext, linger = "300ms") {
  const otlp = await startOtlpServer({ protocol: "http" });
  context.onTestFinished(() => otlp.close());
  const sandbox = configuredSandbox({ delivery: { linger }, otlp: { endpoint: otlp.url } });
  context.onTestFinished(() => sandbox.dispose());
  return { otlp, sandbox };
}

/** A process that does nothing until it is killed. */
function startRunner(context: TestContext) {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 60_000)"], { stdio: "ignore" });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  };
  context.onTestFinished(kill);
  return { owner: currentOwner(child.pid), kill };
}

async function deadOwner(context: TestContext): Promise<Owner> {
  const { owner, kill } = startRunner(context);
  await kill();
  return owner;
}

/** What a run has written that is in the middle of its first stage. */
function appendRun(sandbox: Sandbox, owner: Owner): void {
  const later = Date.now() - 60_000 - RUN_START;
  for (const fact of [aRun.started(), aRun.stageStarted(), aRun.processStarted()]) {
    const { startedAt } = fact.data as { startedAt: number };
    const moved: Fact = {
      ...fact,
      ts: fact.ts + later,
      owner,
      data: { ...fact.data, startedAt: startedAt + later },
    };
    appendFact({ dir: join(sandbox.home, "journal"), segmentBytes: 1 << 20 }, moved);
  }
}

const flush = (sandbox: Sandbox) => sandbox.run(["flush", "--strict", "--timeout", "60s"], { env: OFF });

test.concurrent("a flush closes what a killed run left open, once", async (context) => {
  const { otlp, sandbox } = await begin(context);
  appendRun(sandbox, await deadOwner(context));
  context.expect(await flush(sandbox)).toMatchObject({ code: 0, stderr: "" });
  context.expect(otlp.spans()).toMatchObject(
    SPANS.map((spanId) => ({
      spanId,
      attributes: { "tta.interrupted": true },
      status: { code: "ERROR", message: "interrupted" },
    })),
  );
  context.expect(await flush(sandbox)).toMatchObject({ code: 0 });
  context.expect(otlp.spans()).toHaveLength(3);
});

test.concurrent("a deliverer that stays closes a run that is killed after its last fact", async (context) => {
  const { otlp, sandbox } = await begin(context, "120s");
  const runner = startRunner(context);
  appendRun(sandbox, runner.owner);
  await sandbox.run(["switch", "backend-engineer"]);
  // The totals are kept when all has been delivered, and nothing is under way any more.
  await waitFor(() => existsSync(join(sandbox.home, "state/ledger.json")), { what: "the round to end" });
  context.expect(otlp.spans().map(({ name }) => name)).toEqual(["persona_switch"]);
  await runner.kill();
  await waitFor(() => otlp.spans().length === 4, { what: "the interrupted spans" });
  context.expect(otlp.spans().slice(1)).toMatchObject(SPANS.map((spanId) => ({ spanId })));
});

test.concurrent("a run that goes on does not keep a deliverer alive", async (context) => {
  const { otlp, sandbox } = await begin(context);
  appendRun(sandbox, startRunner(context).owner);
  await sandbox.run(["switch", "backend-engineer"]);
  await waitFor(() => otlp.spans().length > 0, { what: "the switch" });
  await noDeliverer(sandbox);
  context.expect(otlp.spans().map(({ name }) => name)).toEqual(["persona_switch"]);
});

test("a flush can be killed at each of its steps: identical spans arrive, twice only in doubt", async (context) => {
  const owner = await deadOwner(context);
  const whole = await begin(context);
  appendRun(whole.sandbox, owner);
  const log = join(whole.sandbox.project, "steps");
  const preload = logSteps(log, { only: STEPS });
  const env = { ...OFF, ...preload.env };
  context
    .expect(await whole.sandbox.run(["flush", "--timeout", "60s"], { ...preload, env }))
    .toMatchObject({ code: 0 });
  const steps = readSteps(log);
  const sent = steps.findIndex((step) => /^request:.*v1\/traces/.test(step));
  const kept = steps.findIndex((step, index) => index > sent && /^renameSync:sinks\/otlp-/.test(step));
  const decided = steps.findIndex((step) => /^renameSync:sinks\/otlp-/.test(step));
  context.expect(decided).toBeGreaterThan(-1);
  context.expect(decided).toBeLessThan(sent);
  context.expect(kept).toBeGreaterThan(sent);

  const points = steps.flatMap((step, index): KillPoint[] => {
    const at = { step: index + 1, only: STEPS };
    const isRequest = step.startsWith("request");
    return [{ ...at, when: "before" }, ...(isRequest ? [{ ...at, when: "after" as const }] : [])];
  });
  const failures: unknown[] = [];
  const killAndRecover = async (point: KillPoint) => {
    const { otlp, sandbox } = await begin(context);
    appendRun(sandbox, owner);
    const killing = killAt(point);
    await sandbox.run(["flush", "--timeout", "60s"], { ...killing, env: { ...OFF, ...killing.env } });
    const what = `killed ${point.when} step ${point.step}, ${steps[point.step - 1]}`;
    context.expect(await flush(sandbox), what).toMatchObject({ code: 0, stderr: "" });
    const first = otlp.spans().slice(0, 3);
    context
      .expect(
        first.map(({ spanId }) => spanId),
        what,
      )
      .toEqual(SPANS);
    const mayBeTwice = point.step - 1 >= sent && point.step - 1 <= kept;
    const rest = otlp.spans().slice(3);
    context.expect(rest, what).toEqual(mayBeTwice && rest.length > 0 ? first : []);
  };
  const workers = Array.from({ length: 3 }, async () => {
    for (let point = points.shift(); point !== undefined; point = points.shift()) {
      await killAndRecover(point).catch((error: unknown) => failures.push(error));
    }
  });
  await Promise.all(workers);
  context.expect(failures).toEqual([]);
});
