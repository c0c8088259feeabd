import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, type ExpectStatic, type TestContext, test } from "vitest";
import type { Behaviour } from "../support/behaviour.ts";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import { createSandbox, type RunResult, type Sandbox } from "../support/run-binary.ts";
import { switchesInJournal } from "./delivery-home.ts";

const DEADLINE_MS = 1000;
/** What the contract allows on top is measured by the bench; this only tells a wait with an end from one without. */
const BUSY_MACHINE_MS = 60_000;

const STATES: readonly [name: string, behaviour: Behaviour][] = [
  ["refused", "refuse"],
  ["hanging", "hang"],
  ["dripping", "drip"],
  ["dripping its body", "drip-body"],
  ["cutting", "cut"],
  ["cutting after it accepted", "cut-after-accept"],
  ["talking nonsense", "nonsense"],
  ...[302, 400, 401, 404, 413, 429, 500, 503].map((status): [string, Behaviour] => [
    `answering ${status}`,
    { status },
  ]),
];

const foreground = { CI: "1", TTA_PERSONA_DELIVERY_TIMEOUT: `${DEADLINE_MS}ms` };

const SWITCH = ["switch", "backend-engineer", "--chatmode", "default"];

/** The command without a sink. */
let without: RunResult;
beforeAll(async () => {
  const sandbox = createSandbox();
  without = await sandbox.run(SWITCH, { env: foreground });
  await sandbox.dispose();
});

/** The command with the sink, which must look the same as without but for one line on stderr. */
async function switchHarmlessly(context: TestContext, env: Record<string, string>) {
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  const result = await sandbox.run(SWITCH, { env: { ...foreground, ...env } });
  expectHarmless(context, result);
  return { sandbox, env: { ...foreground, ...env }, tookMs: result.durationMs - without.durationMs };
}

function expectHarmless({ expect }: { expect: ExpectStatic }, result: RunResult) {
  expect(without).toMatchObject({ code: 0, stderr: "" });
  expect(result.code).toBe(0);
  expect(result.stdout).toBe(without.stdout);
  expect(result.stderr).toMatch(/^tta-persona: [^\n]+\n$/);
  expect(result.durationMs - without.durationMs).toBeLessThan(DEADLINE_MS + BUSY_MACHINE_MS);
}

async function flushAll({ expect }: { expect: ExpectStatic }, sandbox: Sandbox, env: Record<string, string>) {
  const flushed = await sandbox.run(["flush", "--strict", "--timeout", "60s"], { env });
  expect(flushed).toMatchObject({ code: 0, stderr: "" });
}

describe.each(STATES)("with a Pushgateway that is %s", { concurrent: true }, (_, behaviour) => {
  test("a switch does its work, and the next flush delivers", async (context) => {
    const gateway = await startFakePushgateway({ behaviour });
    context.onTestFinished(() => gateway.close());
    const { sandbox, env } = await switchHarmlessly(context, { PUSHGATEWAY_URL: gateway.url });
    await gateway.behave("ok");
    await flushAll(context, sandbox, env);
    context.expect(gateway.value("hypertool_persona_switches_total")).toBe(1);
    context.expect(gateway.decreases()).toEqual([]);
    context.expect(gateway.groups()).toHaveLength(1);
  });
});

type Protocol = "http/protobuf" | "http/json" | "grpc";

const SOME_STATES = new Set([
  "refused",
  "hanging",
  "cutting after it accepted",
  "talking nonsense",
  "answering 503",
]);

describe.each([
  ...STATES.map(([name, behaviour]) => ["http/protobuf" as Protocol, name, behaviour] as const),
  ...STATES.filter(([name]) => SOME_STATES.has(name)).flatMap(([name, behaviour]) => [
    ["http/json" as Protocol, name, behaviour] as const,
    ["grpc" as Protocol, name, behaviour] as const,
  ]),
  ["grpc", "answering UNAVAILABLE", { grpcStatus: 14 }] as const,
  ["grpc", "answering INVALID_ARGUMENT", { grpcStatus: 3 }] as const,
])("over %s with an OTLP backend that is %s", { concurrent: true }, (protocol, name, behaviour) => {
  test("a switch does its work, and the next flush delivers", async (context) => {
    const server = await startOtlpServer({ protocol: protocol === "grpc" ? "grpc" : "http", behaviour });
    context.onTestFinished(() => server.close());
    const { sandbox, env } = await switchHarmlessly(context, {
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      // A refusal is no matter of time: on a busy machine a short deadline might pass before it is met.
      ...(isRefusal(behaviour) ? { TTA_PERSONA_DELIVERY_TIMEOUT: "60s" } : {}),
    });
    await server.behave("ok");
    await flushAll(context, sandbox, env);

    const [made] = switchesInJournal(sandbox.home);
    const received = server.spans().map(({ spanId }) => spanId);
    const letters = deadLetters(sandbox);
    if (isRefusal(behaviour)) {
      context.expect(received).toEqual([]);
      context.expect(letters).toMatchObject([{ record: { identity: { spanId: made?.spanId } } }]);
      return;
    }
    const isDoubtful = behaviour === "cut-after-accept" || behaviour === "drip-body";
    context.expect(received.length, name).toBeLessThanOrEqual(isDoubtful ? 2 : 1);
    context.expect(new Set(received)).toEqual(new Set([made?.spanId]));
    context.expect(letters).toEqual([]);
  });
});

/** Blames the payload, which is put aside. */
function isRefusal(behaviour: Behaviour): boolean {
  if (typeof behaviour === "string") return false;
  return "status" in behaviour ? [400, 413].includes(behaviour.status) : behaviour.grpcStatus === 3;
}

function deadLetters(sandbox: Sandbox): unknown[] {
  const path = join(sandbox.home, "state", "dead-letters-otlp.jsonl");
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test.for(["hang", "drip", "refuse"] as const)(
  "two sinks that %s cost one deadline together",
  { retry: 2 },
  async (behaviour, context) => {
    const gateway = await startFakePushgateway({ behaviour });
    context.onTestFinished(() => gateway.close());
    const otlp = await startOtlpServer({ protocol: "http", behaviour });
    context.onTestFinished(() => otlp.close());
    // Long, so that one after the other would differ from both at once by more than a busy machine takes.
    const deadlineMs = 15_000;
    const { tookMs } = await switchHarmlessly(context, {
      PUSHGATEWAY_URL: gateway.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      TTA_PERSONA_DELIVERY_TIMEOUT: `${deadlineMs}ms`,
    });
    context.expect(tookMs).toBeLessThan(2 * deadlineMs);
  },
);
