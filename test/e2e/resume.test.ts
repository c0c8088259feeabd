import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "vitest";
import { startOtlpServer } from "../support/otlp-server.ts";
import { type KillPoint, killAt, logSteps, readSteps } from "../support/preloads.ts";
import { createSandbox, type Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  defineWorkflow,
  documentOf,
  failureOf,
  isThere,
  linesOf,
  listRuns,
  OFF,
  scripted,
  showRun,
  touch,
} from "./workflow-project.ts";

const STAGES = ["one", "two", "three", "four"] as const;

/** Calls that change what somebody can read. */
const STEPS = /^(?!openSync|fsyncSync|mkdirSync)/;

/**
 * A stage that counts its work, hands on what all before it have handed on, and leaves an artefact. Held, it stays in
 * the middle of its work with a child that goes on writing, and that no hang-up ends.
 */
function stageScript(previous: string | undefined): string {
  const before = previous === undefined ? "start" : `$TTA_OUTPUT_${previous.toUpperCase()}_CHAIN`;
  return [
    'echo "$TTA_STAGE" >> effects',
    'if [ -e "hold-$TTA_STAGE" ]; then',
    "  (trap '' HUP; while sleep 0.02; do echo noise >> noise; done) &",
    '  echo "held $TTA_STAGE" > held; wait; echo late >> effects',
    "fi",
    `echo "chain=${before},$TTA_STAGE $TTA_PARAM_TEXT" >> "$TTA_OUTPUT"`,
    `echo "${before} $TTA_PARAM_TEXT" > "artefact-$TTA_STAGE"`,
  ].join("\n");
}

const TEXT = "$(echo no) ' \"; text";
const RUN = ["run", "steps", "--json"];
const START = [...RUN, "--text", TEXT];

function begin(context: TestContext, stages: readonly string[] = STAGES): Sandbox {
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  defineSteps(sandbox, stages);
  return sandbox;
}

function defineSteps(sandbox: Sandbox, stages: readonly string[]): void {
  defineWorkflow(sandbox, {
    name: "steps",
    parameters: { text: { type: "string", required: true } },
    stages: stages.map((id, index) => scripted(id, stageScript(stages[index - 1]))),
  });
}

const artefactsOf = (sandbox: Sandbox, stages: readonly string[] = STAGES) =>
  stages.map((id) => linesOf(sandbox, `artefact-${id}`));

/** As an undisturbed run leaves them. */
function expectedArtefacts(stages: readonly string[] = STAGES): string[][] {
  let chain = "start";
  return stages.map((id) => {
    const artefact = `${chain} ${TEXT}`;
    chain = `${chain},${id} ${TEXT}`;
    return [artefact];
  });
}

/** Starts or goes on, and kills the run while it is in a stage. */
async function killWithin(sandbox: Sandbox, stage: string, args: readonly string[]): Promise<void> {
  touch(sandbox, `hold-${stage}`);
  const running = sandbox.spawn(args, { env: OFF });
  // Begun, and written down: what a kill between the two leaves behind has a test of its own.
  const started = new RegExp(`"type":"process.started","scope":"[^"]*/${stage}"`);
  const isRecorded = () =>
    started.test(readFileSync(join(sandbox.home, "journal", "00000001.jsonl"), "utf8"));
  await waitFor(() => linesOf(sandbox, "held")[0] === `held ${stage}` && isRecorded(), {
    what: `${stage} to begin`,
  });
  running.child.kill("SIGKILL");
  await waitFor(() => running.child.signalCode === "SIGKILL", { what: "the run to be gone" });
  renameSync(join(sandbox.project, `hold-${stage}`), join(sandbox.project, `was-held-${stage}`));
}

test("undisturbed, the workflow does each stage once", async (context) => {
  const { expect } = context;
  const sandbox = begin(context);
  expect(await sandbox.run(START, { env: OFF })).toMatchObject({ code: 0, stderr: "" });
  expect(linesOf(sandbox, "effects")).toEqual([...STAGES]);
  expect(artefactsOf(sandbox)).toEqual(expectedArtefacts());
});

test.concurrent.for(STAGES.map((stage, index) => [index + 1, stage] as const))(
  "killed when stage %i is done, a run is resumed behind it",
  async ([count, stage], context) => {
    const { expect } = context;
    const sandbox = begin(context);
    const preload = killAt({ step: count, only: /^renameSync:.*\/stages\//, when: "after" });
    const killed = await sandbox.run(START, { ...preload, env: { ...OFF, ...preload.env } });
    expect(killed.signal).toBe("SIGKILL");
    expect(linesOf(sandbox, "effects").at(-1)).toBe(stage);

    const resumed = await sandbox.run([...RUN, "--resume"], { env: OFF });
    expect(resumed).toMatchObject({ code: 0, stderr: "" });
    expect(linesOf(sandbox, "effects")).toEqual([...STAGES]);
    expect(artefactsOf(sandbox)).toEqual(expectedArtefacts());
    expect(documentOf(resumed)).toMatchObject({
      result: "success",
      stages: STAGES.map((id, index) => ({ id, result: "success", reused: index < count })),
    });
  },
);

test("killed in the middle of every stage, one after another, a run is done in the end", async (context) => {
  const { expect } = context;
  const sandbox = begin(context);
  await killWithin(sandbox, "one", START);
  for (const stage of ["two", "three", "four"]) await killWithin(sandbox, stage, [...RUN, "--resume"]);
  expect(sandbox.processes().length).toBeGreaterThan(0);

  const resumed = await sandbox.run([...RUN, "--resume"], { env: OFF });
  expect(resumed).toMatchObject({ code: 0, stderr: "" });
  // What was cut off is done again, what was done is not; nothing of what was left behind went on.
  expect(linesOf(sandbox, "effects")).toEqual(STAGES.flatMap((id) => [id, id]));
  expect(artefactsOf(sandbox)).toEqual(expectedArtefacts());
  expect(sandbox.processes()).toEqual([]);

  const runs = await listRuns(sandbox);
  expect(runs.map(({ state }) => state)).toEqual(["success", ...Array(4).fill("interrupted")]);
  for (const [index, run] of runs.entries()) {
    expect(run.resumedBy).toBe(runs[index - 1]?.runId ?? null);
    expect(run.resumes).toBe(runs[index + 1]?.runId ?? null);
  }
  const again = await sandbox.run([...RUN, "--resume"], { env: OFF });
  expect(again.code).toBe(2);
  expect(failureOf(again).reason).toBe("no-such-run");
});

test("a killed run is shown, delivered as interrupted, and linked with the one that goes on with it", async (context) => {
  const { expect } = context;
  const sandbox = begin(context);
  const otlp = await startOtlpServer({ protocol: "http" });
  context.onTestFinished(() => otlp.close());
  await killWithin(sandbox, "two", START);

  const killed = await showRun(sandbox);
  expect(killed).toMatchObject({
    state: "interrupted",
    durationSeconds: null,
    stages: [{ state: "success" }, { state: "interrupted" }, { state: "waiting" }, { state: "waiting" }],
  });
  const { stdout: shown } = await sandbox.run(["runs", "show"], { env: OFF });
  expect(shown).toContain(`Resume it with: tta-persona run steps --resume ${killed.runId}`);

  // By the beginning of its id.
  const resumed = await sandbox.run([...RUN, "--resume", killed.runId.slice(0, -1)], { env: OFF });
  expect(documentOf(resumed)).toMatchObject({ result: "success", resumes: killed.runId });
  const { runId } = documentOf(resumed);
  expect(await showRun(sandbox, killed.runId)).toMatchObject({ state: "interrupted", resumedBy: runId });
  expect((await sandbox.run(["runs", "list"], { env: OFF })).stdout).toContain(`resumed by ${runId}`);

  const env = { ...OFF, OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
  expect(await sandbox.run(["flush", "--strict", "--timeout", "60s"], { env })).toMatchObject({
    code: 0,
    stderr: "",
  });
  const spansOf = (id: string) => {
    const run = otlp.spans().find(({ attributes }) => attributes["workflow.run_id"] === id);
    return { run, all: otlp.spans().filter(({ traceId }) => traceId === run?.traceId) };
  };
  const before = spansOf(killed.runId);
  const after = spansOf(runId ?? "");
  expect(before.run).toMatchObject({
    traceId: killed.traceId,
    status: { code: "ERROR", message: "interrupted" },
    attributes: { "tta.interrupted": true, "cicd.pipeline.result": "error" },
  });
  expect(
    before.all
      .filter(({ attributes }) => attributes["tta.interrupted"])
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["bash", "stage.two", "workflow.steps"]);
  expect(after.run?.links).toMatchObject([{ traceId: before.run?.traceId, spanId: before.run?.spanId }]);
  expect(after.run?.status.code).toBe("OK");
  expect(after.all.map(({ name }) => name).filter((name) => name.startsWith("stage."))).toEqual([
    "stage.two",
    "stage.three",
    "stage.four",
  ]);
  expect(otlp.duplicateSpanIds()).toEqual([]);
});

test("what cannot be resumed is refused, and nothing is touched", async (context) => {
  const { expect } = context;
  const sandbox = begin(context);
  const refused = async (args: readonly string[], cwd = sandbox.project) => {
    const result = await sandbox.run([...RUN, ...args], { env: OFF, cwd });
    expect(result.code).toBe(2);
    return failureOf(result);
  };
  expect(await refused(["--resume"])).toMatchObject({
    reason: "no-such-run",
    message: `There is no unfinished run of steps in ${sandbox.project}.`,
  });

  await killWithin(sandbox, "two", START);
  const { runId } = await showRun(sandbox);
  expect(await refused(["--resume", "1999"])).toMatchObject({ reason: "no-such-run" });
  expect((await refused(["--resume", "--text", "another"])).message).toBe(
    `The run ${runId} was started with another --text.`,
  );
  const elsewhere = createSandbox();
  context.onTestFinished(() => elsewhere.dispose());
  defineSteps(elsewhere, STAGES);
  expect((await refused(["--resume"], elsewhere.project)).message).toContain(elsewhere.project);
  expect(linesOf(sandbox, "effects")).toEqual(["one", "two"]);

  // It goes on meanwhile.
  touch(sandbox, "hold-three");
  const running = sandbox.spawn([...RUN, "--resume", runId, "--text", TEXT], { env: OFF });
  await waitFor(() => linesOf(sandbox, "held")[0] === "held three", { what: "the third stage" });
  const second = await showRun(sandbox);
  expect(second).toMatchObject({ state: "running", resumes: runId });
  expect(await refused(["--resume"])).toMatchObject({
    reason: "run-alive",
    message: `The run ${second.runId} is still going on (pid ${running.child.pid}).`,
  });
  expect(await refused(["--resume", runId])).toMatchObject({ reason: "no-such-run" });
  expect(linesOf(sandbox, "effects")).toEqual(["one", "two", "two", "three"]);
});

test("a run is resumed after its workflow has got parameters", async (context) => {
  const { expect } = context;
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  const text = { type: "string" };
  const define = (parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>, end: string) =>
    defineWorkflow(sandbox, {
      name: "mended",
      parameters: { text, free: text, ...parameters },
      stages: [
        scripted("one", `echo "$TTA_PARAM_TEXT $TTA_PARAM_VERBOSE $TTA_PARAM_REGION" >> effects; ${end}`),
      ],
    });
  const resume = (...args: readonly string[]) =>
    sandbox.run(["run", "mended", "--json", "--resume", ...args], { env: OFF });
  define({}, "exit 1");
  expect(await sandbox.run(["run", "mended", "--text", "a"], { env: OFF })).toMatchObject({ code: 1 });
  define({ verbose: { type: "boolean" } }, "exit 1");
  expect(await resume()).toMatchObject({ code: 1 });
  expect(failureOf(await resume("--verbose")).message).toMatch(/was started with another --verbose\.$/);
  expect(failureOf(await resume("--free", "x")).message).toMatch(/was started without --free\.$/);
  define({ verbose: { type: "boolean" }, region: { type: "string", required: true } }, "true");
  expect(failureOf(await resume())).toMatchObject({ reason: "missing-parameter" });
  expect(await resume("--region", "eu", "--text", "a")).toMatchObject({ code: 0 });
  expect(linesOf(sandbox, "effects")).toEqual(["a  ", "a false ", "a false eu"]);
});

test("the latest run is resumed also when several were killed within one second", async (context) => {
  const { expect } = context;
  const sandbox = begin(context);
  for (const stage of ["one", "two"]) await killWithin(sandbox, stage, START);
  const runs = await listRuns(sandbox);
  // Their ids as they could have been: the later one does not sort after the earlier one.
  const [late = "", early = ""] = runs.map(({ runId }) => runId);
  const rename = (from: string, to: string) =>
    renameSync(join(sandbox.home, "runs", from), join(sandbox.home, "runs", to));
  rename(early, "20260101-000000-ffff");
  rename(late, "20260101-000000-0000");
  const resumed = documentOf(await sandbox.run([...RUN, "--resume"], { env: OFF }));
  expect(resumed.resumes).toBe("20260101-000000-0000");
});

test("--from takes what stands before as done, with what it has handed on", async (context) => {
  const { expect } = context;
  const sandbox = begin(context);
  await killWithin(sandbox, "three", START);
  const from = [...START, "--from", "two"];
  const result = documentOf(await sandbox.run(from, { env: OFF }));
  expect(result).toMatchObject({
    result: "success",
    resumes: null,
    stages: [{ reused: true }, { reused: false }, { reused: false }, { reused: false }],
  });
  expect(linesOf(sandbox, "effects").slice(3)).toEqual(["two", "three", "four"]);
  expect(artefactsOf(sandbox)).toEqual(expectedArtefacts());
  const unknown = await sandbox.run([...START, "--from", "tow"], { env: OFF });
  expect(unknown.code).toBe(2);
  expect(failureOf(unknown)).toMatchObject({ reason: "unknown-stage", hint: "Did you mean two?" });
});

test("--resume with --from does again what was asked for", async (context) => {
  const { expect } = context;
  const sandbox = begin(context);
  await killWithin(sandbox, "four", START);
  await sandbox.run([...RUN, "--resume", "--from", "three"], { env: OFF });
  expect(linesOf(sandbox, "effects")).toEqual([...STAGES, "three", "four"]);
  expect(artefactsOf(sandbox)).toEqual(expectedArtefacts());
});

test("what was left behind by somebody else's process of the same id is let alone", async (context) => {
  const { expect } = context;
  const sandbox = begin(context);
  await killWithin(sandbox, "one", START);
  const [id = ""] = (await listRuns(sandbox)).map(({ runId }) => runId);
  const file = join(sandbox.home, "runs", id, "processes", "one.json");
  const started = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...started, start: "1" }));
  expect(await sandbox.run([...RUN, "--resume"], { env: OFF })).toMatchObject({ code: 0 });
  expect(() => process.kill(started.pid, 0)).not.toThrow();
});

test("a run can be killed at each of its steps: no finished stage is repeated, nothing is missing", async (context) => {
  const { expect } = context;
  const stages = STAGES.slice(0, 2);
  const whole = begin(context, stages);
  const log = join(whole.project, "steps");
  const logging = logSteps(log, { only: STEPS });
  await whole.run(START, { ...logging, env: { ...OFF, ...logging.env } });
  const steps = readSteps(log);
  const keeps = steps.flatMap((step, index) => (/^renameSync:stages\//.test(step) ? [index + 1] : []));
  expect(keeps).toHaveLength(2);
  // First what makes it count: a removal that is cut off must not leave a run without its finished stages.
  expect(steps.filter((step) => step.startsWith("rmSync:") && !/outputs|processes/.test(step))).toEqual([
    expect.stringMatching(/^rmSync:[^/]+\/run\.json$/),
    expect.stringMatching(/^rmSync:runs\//),
  ]);

  const points = steps.flatMap((step, index): KillPoint[] => {
    const at = { step: index + 1, only: STEPS };
    const isTorn = /^writeSync:(?:.*run\.json|stages)/.test(step);
    return [{ ...at, when: "before" }, ...(isTorn ? [{ ...at, when: "torn" as const }] : [])];
  });
  const killAndResume = async (point: KillPoint) => {
    const what = `killed ${point.when} step ${point.step}, ${steps[point.step - 1]}`;
    const sandbox = createSandbox();
    try {
      defineSteps(sandbox, stages);
      const killing = killAt(point);
      const killed = await sandbox.run(START, { ...killing, env: { ...OFF, ...killing.env } });
      expect(killed.signal, what).toBe("SIGKILL");
      const kept = keeps.filter((step) => step < point.step).length;
      const resumed = await sandbox.run([...RUN, "--resume"], { env: OFF });
      const effects = linesOf(sandbox, "effects");
      if (resumed.code === 2) {
        // It was not yet there to be resumed, or not any more.
        expect(failureOf(resumed).reason, what).toBe("no-such-run");
        expect(effects, what).toEqual(kept === 2 ? [...stages] : []);
        if (kept < 2) expect((await sandbox.run(START, { env: OFF })).code, what).toBe(0);
      } else {
        expect(resumed, what).toMatchObject({ code: 0, stderr: "" });
        expect(
          documentOf(resumed).stages.filter(({ reused }) => reused),
          what,
        ).toHaveLength(kept);
      }
      const done = linesOf(sandbox, "effects");
      for (const [index, id] of stages.entries()) {
        const times = done.filter((line) => line === id).length;
        if (index < kept) expect(times, `${id}, ${what}`).toBe(1);
        else expect(times, `${id}, ${what}`).toBeGreaterThan(0);
      }
      expect(artefactsOf(sandbox, stages), what).toEqual(expectedArtefacts(stages));
      expect(isThere(sandbox, "noise"), what).toBe(false);
    } finally {
      await sandbox.dispose();
    }
  };
  const failures: unknown[] = [];
  const workers = Array.from({ length: 3 }, async () => {
    for (let point = points.shift(); point !== undefined; point = points.shift()) {
      await killAndResume(point).catch((error: unknown) => failures.push(error));
    }
  });
  await Promise.all(workers);
  expect(failures).toEqual([]);
});
