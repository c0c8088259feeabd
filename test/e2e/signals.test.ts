import { constants } from "node:os";
import { describe, type TestContext, test } from "vitest";
import { currentOwner, isProvablyDead } from "../../src/core/owner.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import type { RunningBinary, Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { factsOf, metricOf, readProject, type StageText, sandboxOf, writeWorkflow } from "./run-sandbox.ts";

const SIGNALS = ["INT", "TERM", "HUP", "QUIT"] as const;
type Signal = (typeof SIGNALS)[number];

const codeOf = (signal: Signal) => 128 + constants.signals[`SIG${signal}`];
const isGone = (pid: number) => isProvablyDead(currentOwner(pid));
const OFF = { TTA_PERSONA_DELIVERY: "off" };

/** A leader and its child count a signal in the file `got`. Each leaves time for a second one, then ends. */
function counting(signal: Signal, end: string): string {
  return `
    trap 'echo leader >> got' ${signal}
    sh -c 'trap "echo child >> got; got=1" ${signal}; echo $$ > child
      while [ -z "$got" ]; do sleep 0.05; done; sleep 0.3'
    ${end}`;
}

/** Hears none of the signals, and says when it is there. */
const DEAF = "trap '' INT TERM HUP QUIT; sh -c 'echo $$ > child; while :; do sleep 0.1; done'";

function execScript(sandbox: Sandbox, script: string, env: Readonly<Record<string, string>> = OFF) {
  return sandbox.spawn(["exec", "--persona", "backend-engineer", "--", "sh", "-c", script], { env });
}

function runStages(
  sandbox: Sandbox,
  stages: readonly StageText[],
  env: Readonly<Record<string, string>> = OFF,
) {
  writeWorkflow(sandbox, "work", stages);
  return sandbox.spawn(["run", "work", "--json"], { env });
}

const pidIn = (sandbox: Sandbox, name = "child") =>
  waitFor(() => Number(readProject(sandbox, name)), { what: `the file ${name}` });

const gotIn = (sandbox: Sandbox) => readProject(sandbox, "got").trim().split("\n").sort();

describe.each(SIGNALS)("SIG%s sent to the program alone", { concurrent: true }, (signal) => {
  test("reaches the command of exec and its children once; its own code is the code", async (context) => {
    const sandbox = sandboxOf(context);
    const { child, result } = execScript(sandbox, counting(signal, "exit 7"));
    const grandchild = await pidIn(sandbox);
    child.kill(`SIG${signal}`);
    context.expect(await result).toMatchObject({ code: 7, signal: null, stdout: "" });
    context.expect(gotIn(sandbox)).toEqual(["child", "leader"]);
    context.expect(isGone(grandchild)).toBe(true);
    context.expect(sandbox.processes()).toEqual([]);
    context.expect(factsOf(sandbox).find(({ type }) => type === "process.finished")).toMatchObject({
      data: { exitCode: 7, errorType: "cancelled" },
    });
  });

  test("ends a command of exec that does nothing about it, with 128 + n", async (context) => {
    const sandbox = sandboxOf(context);
    const { child, result } = execScript(sandbox, "echo $$ > child; exec sleep 300");
    const pid = await pidIn(sandbox);
    child.kill(`SIG${signal}`);
    context.expect(await result).toMatchObject({ code: codeOf(signal), signal: null });
    context.expect(isGone(pid)).toBe(true);
  });

  test("is never a success of exec", async (context) => {
    const sandbox = sandboxOf(context);
    const { child, result } = execScript(
      sandbox,
      `trap 'exit 0' ${signal}; echo $$ > child; while :; do sleep 0.05; done`,
    );
    await pidIn(sandbox);
    child.kill(`SIG${signal}`);
    context.expect(await result).toMatchObject({ code: codeOf(signal) });
  });

  test("reaches a stage and its children once, and is a cancellation everywhere", async (context) => {
    const otlp = await startOtlpServer({ protocol: "http" });
    context.onTestFinished(() => otlp.close());
    const sandbox = sandboxOf(context);
    const env = {
      CI: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    };
    const stages = [
      { id: "work", run: counting(signal, "exit 0"), retry: { attempts: 3 } },
      { id: "after", run: "touch after" },
    ];
    const { child, result } = runStages(sandbox, stages, env);
    const grandchild = await pidIn(sandbox);
    child.kill(`SIG${signal}`);
    const { code, stdout, stderr } = await result;
    context.expect({ code, stderr }).toEqual({ code: codeOf(signal), stderr: "" });
    context.expect(gotIn(sandbox)).toEqual(["child", "leader"]);
    context.expect(isGone(grandchild)).toBe(true);
    await waitFor(() => sandbox.processes().length === 0, { what: "the deliverer to end" });
    await assertCancelled(context, sandbox, JSON.parse(stdout));
    const spans = new Map(otlp.spans().map((span) => [span.name, span]));
    context
      .expect([...spans.keys()].sort())
      .toEqual(["bash", "persona_switch", "stage.work", "workflow.work"].sort());
    context.expect(spans.get("workflow.work")).toMatchObject({
      attributes: { "cicd.pipeline.result": "cancellation" },
      status: { code: "ERROR" },
    });
    context.expect(spans.get("stage.work")).toMatchObject({
      attributes: { "cicd.pipeline.task.run.result": "cancellation", "stage.success": false },
      status: { code: "ERROR" },
    });
    context.expect(spans.get("bash")).toMatchObject({
      attributes: { "error.type": "cancelled" },
      status: { code: "ERROR" },
    });
  });
});

/** One truth: the document of `run`, facts, metrics and `runs show`. */
async function assertCancelled({ expect }: TestContext, sandbox: Sandbox, told: unknown) {
  const stages = [
    { id: "work", result: "cancellation", attempts: 1 },
    { id: "after", result: "skip" },
  ];
  expect(told).toMatchObject({ result: "cancellation", stages });
  expect(readProject(sandbox, "after")).toBe("");
  const facts = factsOf(sandbox);
  const resultOf = (type: string) =>
    facts.filter((fact) => fact.type === type).map(({ data }) => data.result);
  expect(resultOf("run.finished")).toEqual(["cancellation"]);
  expect(resultOf("stage.finished")).toEqual(["cancellation", "skip"]);
  const series = 'hypertool_workflow_runs_total{workflow="work",result="cancellation"}';
  expect(await metricOf(sandbox, series)).toBe(1);
  const { runId } = told as { runId: string };
  const shown = await sandbox.run(["runs", "show", runId, "--json"], { env: OFF });
  expect(JSON.parse(shown.stdout)).toMatchObject({
    state: "cancellation",
    stages: [
      { id: "work", state: "cancellation" },
      { id: "after", state: "skip" },
    ],
  });
}

describe("whoever does not hear a signal", { concurrent: true }, () => {
  const kinds: readonly [string, (sandbox: Sandbox) => RunningBinary, number, number][] = [
    ["exec", (sandbox) => execScript(sandbox, DEAF), 137, 10_000],
    ["run", (sandbox) => runStages(sandbox, [{ id: "deaf", run: DEAF }]), 143, 5000],
  ];

  test.for(kinds)("%s: is killed after the grace period", async ([, start, code, graceMs], context) => {
    const sandbox = sandboxOf(context);
    const { child, result } = start(sandbox);
    const grandchild = await pidIn(sandbox);
    const sentMs = performance.now();
    child.kill("SIGTERM");
    context.expect(await result).toMatchObject({ code });
    const tookMs = performance.now() - sentMs;
    context.expect(tookMs).toBeGreaterThan(graceMs - 100);
    context.expect(isGone(grandchild)).toBe(true);
    context.expect(sandbox.processes()).toEqual([]);
  });

  // Only time tells, and a busy machine may take it.
  test.for(kinds)(
    "%s: is killed at once by a second one",
    { retry: 2 },
    async ([, start, code, graceMs], context) => {
      const sandbox = sandboxOf(context);
      const { child, result } = start(sandbox);
      const grandchild = await pidIn(sandbox);
      const sentMs = performance.now();
      // Two of a kind may arrive as one.
      child.kill("SIGTERM");
      child.kill("SIGINT");
      const { code: ended } = await result;
      context.expect([code, 130]).toContain(ended);
      context.expect(performance.now() - sentMs).toBeLessThan(graceMs - 1000);
      context.expect(isGone(grandchild)).toBe(true);
    },
  );

  test.for(kinds)("%s: a second hang-up is none", async ([, start, , graceMs], context) => {
    const sandbox = sandboxOf(context);
    const { child, result } = start(sandbox);
    const grandchild = await pidIn(sandbox);
    const sentMs = performance.now();
    child.kill("SIGHUP");
    const again = setInterval(() => child.kill("SIGHUP"), 50);
    await result.finally(() => clearInterval(again));
    context.expect(performance.now() - sentMs).toBeGreaterThan(graceMs - 100);
    context.expect(isGone(grandchild)).toBe(true);
  });
});

test.concurrent("parallel stages all get a signal, once each", async (context) => {
  const sandbox = sandboxOf(context);
  const ids = ["a", "b", "c"];
  const stages = ids.map((id) => ({
    id,
    needs: [],
    run: `trap 'echo ${id} >> got; sleep 0.2; exit 1' TERM; echo $$ > pid-${id}; while :; do sleep 0.05; done`,
  }));
  const { child, result } = runStages(sandbox, stages);
  const pids = await Promise.all(ids.map((id) => pidIn(sandbox, `pid-${id}`)));
  child.kill("SIGTERM");
  const { code, stdout } = await result;
  context.expect(code).toBe(143);
  context.expect(gotIn(sandbox)).toEqual(ids);
  context.expect(pids.every(isGone)).toBe(true);
  context.expect(JSON.parse(stdout)).toMatchObject({
    result: "cancellation",
    stages: ids.map((id) => ({ id, result: "cancellation" })),
  });
});

test.concurrent("a signal while a stage waits to try again, or looks whether it is wanted, keeps it from starting", async (context) => {
  const waiting = sandboxOf(context);
  const retried = runStages(waiting, [
    { id: "work", run: "echo tried >> tries; echo 1 > child; exit 1", retry: { attempts: 3, delay: "5m" } },
  ]);
  await pidIn(waiting);
  await waitFor(() => factsOf(waiting).some(({ type }) => type === "process.finished"), {
    what: "an attempt",
  });
  retried.child.kill("SIGTERM");
  context.expect(await retried.result).toMatchObject({ code: 143 });
  context.expect(readProject(waiting, "tries")).toBe("tried\n");

  const looking = sandboxOf(context);
  const asked = runStages(looking, [
    {
      id: "work",
      when: {
        run: "trap 'got=1' TERM; echo $$ > child; while [ -z \"$got\" ]; do sleep 0.05 || true; done; exit 0",
      },
      run: "echo tried >> tries",
    },
  ]);
  await pidIn(looking);
  asked.child.kill("SIGTERM");
  const { code, stdout } = await asked.result;
  context.expect(code).toBe(143);
  context.expect(JSON.parse(stdout)).toMatchObject({ result: "cancellation", stages: [{ result: "skip" }] });
  context.expect(readProject(looking, "tries")).toBe("");
});

test.concurrent("a signal during the delivery changes nothing about a run that is over", async (context) => {
  const otlp = await startOtlpServer({ protocol: "http", behaviour: "hang" });
  context.onTestFinished(() => otlp.close());
  const sandbox = sandboxOf(context);
  const env = { CI: "true", TTA_PERSONA_DELIVERY_TIMEOUT: "3s", OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
  const { child, stdout, result } = runStages(sandbox, [{ id: "work", run: "true" }], env);
  await waitFor(() => stdout().includes("success"), { what: "the run to be over" });
  child.kill("SIGTERM");
  context.expect(await result).toMatchObject({ code: 0 });
});

describe("on a terminal", { concurrent: true }, () => {
  const onTerminal = (sandbox: Sandbox, words: readonly string[]) =>
    sandbox.spawnTty(["exec", "--persona", "backend-engineer", "--", ...words], {
      env: OFF,
      stdin: { open: true },
    });

  test("Ctrl-C reaches the command of exec once, and the code is 130", async (context) => {
    const sandbox = sandboxOf(context);
    const script = `trap 'echo got >> got; got=1' INT; echo $$ > child
      while [ -z "$got" ]; do sleep 0.05; done; sleep 0.3; trap - INT; kill -INT $$`;
    const { child, result } = onTerminal(sandbox, ["sh", "-c", script]);
    await pidIn(sandbox);
    child.stdin.write("\x03");
    context.expect(await result).toMatchObject({ code: 130 });
    context.expect(readProject(sandbox, "got")).toBe("got\n");
  });

  test("Ctrl-C is one key of many to a program that takes it", async (context) => {
    const sandbox = sandboxOf(context);
    const script = `
      const fs = require("node:fs");
      let got = 0;
      process.on("SIGINT", () => {
        fs.appendFileSync("got", "got\\n");
        got += 1;
        if (got === 3) process.exit(5);
      });
      setInterval(() => {});
      fs.writeFileSync("child", String(process.pid));`;
    const { child, result } = onTerminal(sandbox, ["node", "-e", script]);
    await pidIn(sandbox);
    for (const count of [1, 2, 3]) {
      child.stdin.write("\x03");
      await waitFor(() => readProject(sandbox, "got") === "got\n".repeat(count), { what: `Ctrl-C ${count}` });
    }
    context.expect(await result).toMatchObject({ code: 5 });
  });

  test("a terminal that is closed ends the command", async (context) => {
    const sandbox = sandboxOf(context);
    const { child } = onTerminal(sandbox, ["sh", "-c", "echo $$ > child; exec sleep 300"]);
    const pid = await pidIn(sandbox);
    child.kill("SIGKILL");
    await waitFor(() => isGone(pid), { what: "the command to end" });
    await waitFor(() => sandbox.processes().length === 0, { what: "the program to end" });
    context.expect(factsOf(sandbox).find(({ type }) => type === "process.finished")).toMatchObject({
      data: { exitCode: 129, errorType: "cancelled" },
    });
  });

  test("Ctrl-C ends the stages of a run", async (context) => {
    const sandbox = sandboxOf(context);
    writeWorkflow(sandbox, "work", [{ id: "work", run: counting("INT", "exit 0") }]);
    const { child, result } = sandbox.spawnTty(["run", "work"], { env: OFF, stdin: { open: true } });
    const grandchild = await pidIn(sandbox);
    child.stdin.write("\x03");
    context.expect(await result).toMatchObject({ code: 130 });
    context.expect(gotIn(sandbox)).toEqual(["child", "leader"]);
    context.expect(isGone(grandchild)).toBe(true);
  });
});
