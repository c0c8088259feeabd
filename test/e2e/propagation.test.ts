import { fileURLToPath } from "node:url";
import { describe, type TestContext, test } from "vitest";
import { type OtlpServer, startOtlpServer } from "../support/otlp-server.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { readProject, sandboxOf, writeWorkflow } from "./run-sandbox.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const SAMPLED = `00-${TRACE}-${PARENT}-01`;
const UNSAMPLED = `00-${TRACE}-${PARENT}-00`;

/** Writes what a process finds of its context, or `unset`, a line each. */
const tell = (file: string) =>
  `for name in TRACEPARENT TRACESTATE BAGGAGE; do eval "echo \\"\\\${$name-unset}\\""; done > ${file}`;

interface Carried {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: string;
  readonly state: string;
  readonly baggage: string;
}

/** What a script told. */
function carried({ expect }: TestContext, sandbox: Sandbox, file: string): Carried {
  const [traceparent = "", state = "", baggage = ""] = readProject(sandbox, file).split("\n");
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  const [, traceId = "", spanId = "", flags = ""] = traceparent.split("-");
  return { traceId, spanId, flags, state, baggage };
}

async function backend(context: TestContext) {
  const otlp = await startOtlpServer({ protocol: "http" });
  context.onTestFinished(() => otlp.close());
  const env = {
    CI: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
  };
  return { otlp, env, sandbox: sandboxOf(context) };
}

type Variables = Readonly<Record<string, string>>;

/** Runs what tells its context in the file `exec`, and in `stage`. */
const WAYS: readonly [
  name: string,
  run: (sandbox: Sandbox, env: Variables) => Promise<{ stderr: string }>,
][] = [
  [
    "exec",
    (sandbox, env) =>
      sandbox.run(["exec", "--persona", "backend-engineer", "--", "sh", "-c", tell("told")], { env }),
  ],
  [
    "a stage",
    (sandbox, env) => {
      writeWorkflow(sandbox, "telling", [{ id: "tell", run: tell("told") }]);
      return sandbox.run(["run", "telling"], { env });
    },
  ],
];

/** The span of a process that named itself as a parent. */
function spanOf(otlp: OtlpServer, spanId: string) {
  const found = otlp.spans().filter((span) => span.spanId === spanId);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} spans ${spanId}`);
  return found[0];
}

describe.each(WAYS)("%s", { concurrent: true }, (_, run) => {
  const rows: readonly [name: string, variables: Variables, expected: Partial<Carried>][] = [
    [
      "is part of its caller's trace",
      { TRACEPARENT: SAMPLED, TRACESTATE: "vendor=x, other=y", BAGGAGE: "user=ann,team=a%2Cb;ttl=3" },
      { traceId: TRACE, flags: "01", state: "vendor=x, other=y", baggage: "user=ann,team=a%2Cb;ttl=3" },
    ],
    [
      "has no state or baggage without its caller's",
      { TRACEPARENT: SAMPLED },
      { state: "unset", baggage: "unset" },
    ],
    [
      "ignores a state that is none",
      { TRACEPARENT: SAMPLED, TRACESTATE: "no state" },
      { traceId: TRACE, state: "unset" },
    ],
    [
      "ignores baggage that is none",
      { TRACEPARENT: SAMPLED, BAGGAGE: "no baggage" },
      { traceId: TRACE, baggage: "unset" },
    ],
    ["hands on baggage without a trace", { BAGGAGE: "user=ann" }, { flags: "01", baggage: "user=ann" }],
  ];
  test.for(rows)("%s", async ([, variables, expected], context) => {
    const { otlp, env, sandbox } = await backend(context);
    context.expect(await run(sandbox, { ...env, ...variables })).toMatchObject({ code: 0, stderr: "" });
    const told = carried(context, sandbox, "told");
    context.expect(told).toMatchObject(expected);
    context.expect(told.spanId).not.toBe(PARENT);
    const span = spanOf(otlp, told.spanId);
    context.expect(span).toMatchObject({ traceId: told.traceId, kind: "CLIENT" });
    context.expect(span.traceState ?? "unset").toBe(told.state);
  });

  test.for([
    ["in upper case", SAMPLED.toUpperCase()],
    ["of zeros", `00-${"0".repeat(32)}-${PARENT}-01`],
    ["without a span", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["too short", `00-${TRACE}-${PARENT}`],
    ["too long for its version", `${SAMPLED}-00`],
    ["of a version that is none", `ff-${TRACE}-${PARENT}-01`],
    ["that is code", "$(touch told-code)"],
  ])("ignores a TRACEPARENT %s, with its state", async ([, traceparent = ""], context) => {
    const { otlp, env, sandbox } = await backend(context);
    await run(sandbox, { ...env, TRACEPARENT: traceparent, TRACESTATE: "vendor=x" });
    const told = carried(context, sandbox, "told");
    context.expect(told).toMatchObject({ flags: "01", state: "unset" });
    context.expect(told.traceId).not.toBe(TRACE);
    const roots = otlp.spans().filter(({ parentSpanId }) => parentSpanId === undefined);
    context.expect(roots.length).toBeGreaterThan(0);
    context.expect(spanOf(otlp, told.spanId).traceId).toBe(told.traceId);
    context.expect(readProject(sandbox, "told-code")).toBe("");
  });

  test("takes names in upper case only", async (context) => {
    const { env, sandbox } = await backend(context);
    await run(sandbox, { ...env, traceparent: SAMPLED, tracestate: "vendor=x", baggage: "user=ann" });
    const told = carried(context, sandbox, "told");
    context.expect(told).toMatchObject({ state: "unset", baggage: "unset" });
    context.expect(told.traceId).not.toBe(TRACE);
  });

  test("keeps the flag of a trace that is not sampled: nothing is sent", async (context) => {
    const { otlp, env, sandbox } = await backend(context);
    await run(sandbox, { ...env, TRACEPARENT: UNSAMPLED, TRACESTATE: "vendor=x" });
    const told = carried(context, sandbox, "told");
    context.expect(told).toMatchObject({ traceId: TRACE, flags: "00", state: "vendor=x" });
    context.expect(told.spanId).not.toBe(PARENT);
    context.expect(otlp.requests()).toEqual([]);
  });

  test("has its context also when the SDK is disabled", async (context) => {
    const { otlp, env, sandbox } = await backend(context);
    const variables = { OTEL_SDK_DISABLED: "true", TRACEPARENT: SAMPLED, BAGGAGE: "user=ann" };
    await run(sandbox, { ...env, ...variables });
    const told = carried(context, sandbox, "told");
    context.expect(told).toMatchObject({ traceId: TRACE, flags: "01", baggage: "user=ann" });
    context.expect(told.spanId).not.toBe(PARENT);
    context.expect(otlp.connectionCount()).toBe(0);
  });
});

test.concurrent("a run, its stages and their processes are one chain, as the contract has it", async (context) => {
  const { otlp, env, sandbox } = await backend(context);
  const ids = ["one", "two", "three", "four", "five"];
  writeWorkflow(sandbox, "telling", [
    ...ids.map((id) => ({ id, needs: [], persona: "testing-specialist", run: tell(id) })),
    { id: "last", needs: ids, run: `${tell("last")}; echo oops >&2; exit 3` },
  ]);
  const ci = {
    GITHUB_ACTIONS: "true",
    GITHUB_REPOSITORY: "acme/shop",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_RUN_ID: "7",
    GITHUB_SHA: "a".repeat(40),
  };
  const variables = { TRACEPARENT: SAMPLED, OTEL_RESOURCE_ATTRIBUTES: "team=shop" };
  const args = ["run", "telling", "--json", "--max-parallel", "5"];
  const result = await sandbox.run(args, { env: { ...env, ...ci, ...variables } });
  context.expect(result).toMatchObject({ code: 1, stderr: "" });
  const { runId } = JSON.parse(result.stdout);

  const spans = otlp.spans().filter(({ name }) => name !== "persona_switch");
  context
    .expect(spans.map(({ name }) => name).sort())
    .toEqual(["workflow.telling", ...[...ids, "last"].flatMap((id) => [`stage.${id}`, "bash"])].sort());
  context.expect(otlp.duplicateSpanIds()).toEqual([]);
  context.expect(new Set(otlp.spans().map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  const run = spans.find(({ name }) => name === "workflow.telling");
  context.expect(run).toMatchObject({
    parentSpanId: PARENT,
    kind: "SERVER",
    status: { code: "ERROR" },
    attributes: {
      "workflow.name": "telling",
      "workflow.type": "multi_persona",
      "workflow.run_id": runId,
      "cicd.pipeline.name": "telling",
      "cicd.pipeline.run.id": runId,
      "cicd.pipeline.result": "failure",
    },
    resource: {
      "service.name": "tta-persona",
      "service.version": context.expect.any(String),
      "host.name": context.expect.any(String),
      "vcs.repository.url.full": "https://github.com/acme/shop",
      "vcs.ref.head.revision": "a".repeat(40),
      team: "shop",
    },
  });
  const told = new Map([...ids, "last"].map((id) => [id, carried(context, sandbox, id)]));
  context.expect(new Set([...told.values()].map(({ spanId }) => spanId)).size).toBe(ids.length + 1);
  for (const [id, { spanId }] of told) {
    const isLast = id === "last";
    const process = spanOf(otlp, spanId);
    context.expect(process).toMatchObject({
      name: "bash",
      kind: "CLIENT",
      status: { code: isLast ? "ERROR" : "OK" },
      attributes: {
        "process.executable.name": "bash",
        "process.pid": context.expect.any(Number),
        "process.exit.code": isLast ? 3 : 0,
      },
      resource: run?.resource,
    });
    context.expect(process.attributes["error.type"]).toBe(isLast ? "3" : undefined);
    context.expect(Object.keys(process.attributes)).not.toContain("process.command_args");
    const stage = spanOf(otlp, process.parentSpanId ?? "");
    context.expect(stage).toMatchObject({
      name: `stage.${id}`,
      parentSpanId: run?.spanId,
      kind: "INTERNAL",
      status: { code: isLast ? "ERROR" : "OK" },
      attributes: {
        "stage.name": id,
        "stage.persona": isLast ? "backend-engineer" : "testing-specialist",
        "workflow.name": "telling",
        "stage.duration_seconds": context.expect.any(Number),
        "stage.success": !isLast,
        "cicd.pipeline.task.name": id,
        "cicd.pipeline.task.run.id": `${runId}/${id}`,
        "cicd.pipeline.task.run.result": isLast ? "failure" : "success",
      },
    });
    context.expect(stage.attributes["stage.error"]).toBe(isLast ? "exit code 3" : undefined);
    const parent = otlp
      .spans()
      .find((span) => span.name === "persona_switch" && span.parentSpanId === stage.spanId);
    context.expect(parent).toMatchObject({ kind: "INTERNAL", attributes: { chatmode: "telling" } });
    context.expect(process.startMs).toBeGreaterThanOrEqual(stage.startMs);
    context.expect(process.endMs).toBeLessThanOrEqual(stage.endMs);
    context.expect(stage.endMs).toBeLessThanOrEqual(run?.endMs ?? 0);
  }
  const last = spans.find(({ name }) => name === "stage.last");
  context.expect(last?.events).toMatchObject([
    {
      name: "exception",
      attributes: { "exception.message": "exit code 3", "exception.stacktrace": "oops" },
    },
  ]);
});

test.concurrent("each attempt has a span of its own, and what it starts can go on with it", async (context) => {
  const { otlp, env, sandbox } = await backend(context);
  writeWorkflow(sandbox, "trying", [
    {
      id: "work",
      retry: { attempts: 3 },
      run: `echo try >> tries; n=$(wc -l < tries | tr -d ' '); ${tell("told-$n")}
        [ "$n" = 3 ] || exit 1
        "$NODE" "$LAUNCHER" exec --persona data-scientist -- sh -c '${tell("inner")}'`,
      env: {
        NODE: process.execPath,
        LAUNCHER: fileURLToPath(new URL("../../bin/tta-persona.cjs", import.meta.url)),
      },
    },
  ]);
  const result = await sandbox.run(["run", "trying"], { env });
  context.expect(result).toMatchObject({ code: 0, stderr: "" });
  const attempts = [1, 2, 3].map((n) => carried(context, sandbox, `told-${n}`));
  const inner = carried(context, sandbox, "inner");
  const spans = attempts.map(({ spanId }) => spanOf(otlp, spanId));
  context.expect(spans.map(({ status }) => status.code)).toEqual(["ERROR", "ERROR", "OK"]);
  context.expect(new Set(spans.map(({ parentSpanId }) => parentSpanId)).size).toBe(1);
  context.expect(otlp.spans().find(({ name }) => name === "stage.work")).toMatchObject({
    status: { code: "OK" },
    spanId: spans[0]?.parentSpanId,
  });
  context.expect(spanOf(otlp, inner.spanId)).toMatchObject({
    name: "sh",
    traceId: attempts[2]?.traceId,
    parentSpanId: attempts[2]?.spanId,
  });
});
