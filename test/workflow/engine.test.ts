import fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCancellation } from "../../src/workflow/cancellation.ts";
import { runIn } from "./engine-run.ts";

const results = (outcome: {
  readonly stages: readonly { readonly stage: { readonly id: string }; readonly result: string }[];
}) => outcome.stages.map(({ stage, result }) => `${stage.id} ${result}`);

test("a stage that breaks us is an error, the others are done, and all facts are closed", async () => {
  const { outcome, facts } = await runIn(
    `
  - { id: broken, persona: qa, needs: [], manual: { checklist: [sure] } }
  - { id: after, persona: qa, needs: [broken], run: "true" }
  - { id: beside, persona: qa, needs: [], run: "true" }
`,
    { confirm: () => Promise.reject(new TypeError("no such thing")) },
  );
  expect(results(outcome)).toEqual(["broken error", "after skip", "beside success"]);
  expect(outcome.result).toBe("error");
  expect(outcome.stages[0]?.error).toMatchObject({
    type: "bug",
    message: expect.stringContaining("no such thing"),
  });
  const of = (type: string) => facts().filter((fact) => fact.type === type).length;
  expect([of("stage.started"), of("persona.switched"), of("persona.ended")]).toEqual([2, 2, 2]);
  expect([of("stage.finished"), of("run.finished")]).toEqual([3, 1]);
});

test("whoever watches and fails does not fail the run", async () => {
  const { outcome } = await runIn(`\n  - { id: one, persona: qa, run: "true" }\n`, {
    observer: {
      stageFinished() {
        throw new Error("the terminal is gone");
      },
    },
  });
  expect(results(outcome)).toEqual(["one success"]);
});

test("nothing is begun when the run was stopped while a condition was asked", async () => {
  const cancellation = createCancellation();
  const { outcome, cwd } = await runIn(
    `
  - id: one
    persona: qa
    when: { run: "trap 'exit 0' TERM; echo x > asking; sleep 60 & wait" }
    run: echo x > worked
`,
    { cancellation, whenThereIs: ["asking", () => cancellation.request("SIGTERM")] },
  );
  expect(results(outcome)).toEqual(["one skip"]);
  expect(outcome.stages[0]?.isBlocked).toBe(true);
  expect(outcome.result).toBe("cancellation");
  expect(fs.existsSync(join(cwd, "worked"))).toBe(false);
});

test("a stage that was stopped between its gates has not passed, and no gate has failed", async () => {
  const cancellation = createCancellation();
  const { outcome, facts, stored } = await runIn(
    `
  - id: one
    persona: qa
    run: "true"
    gates:
      - { name: first, run: "trap 'exit 0' TERM; echo x > checking; sleep 60 & wait" }
      - { name: second, run: "true" }
`,
    { cancellation, whenThereIs: ["checking", () => cancellation.request("SIGTERM")] },
  );
  expect(results(outcome)).toEqual(["one cancellation"]);
  expect(facts().filter(({ type }) => type === "gate.checked")).toMatchObject([
    { data: { gate: "first", result: "passed" } },
  ]);
  expect(stored().stages).toEqual(new Map());
});

test.each(["when", "gate"])("the script of a %s is noted while it runs", async (kind) => {
  const script = '"echo x > running; until [ -e go ]; do sleep 0.02; done"';
  const use = kind === "when" ? `when: { run: ${script} }` : `gates: [{ name: gate, run: ${script} }]`;
  const noted: number[] = [];
  const { outcome, stored } = await runIn(`\n  - { id: one, persona: qa, run: "true", ${use} }\n`, {
    whenThereIs: [
      "running",
      ({ cwd, stored }) => {
        noted.push(...stored().processes.map(({ pid }) => pid));
        fs.writeFileSync(join(cwd, "go"), "");
      },
    ],
  });
  expect(results(outcome)).toEqual(["one success"]);
  expect(noted).toHaveLength(1);
  expect(stored().processes).toEqual([]);
});

test("what could not be started is not tried again, and says what was missing", async () => {
  const retried: number[] = [];
  const { outcome } = await runIn(
    `
  - { id: one, persona: qa, workingDirectory: nowhere, run: "true", retry: { attempts: 3, delay: 1h } }
  - { id: two, persona: qa, needs: [], agent: { prompt: x }, retry: { attempts: 3, delay: 1h } }
  - { id: three, persona: qa, needs: [], workingDirectory: nowhere, when: { run: "true" }, run: "true" }
`,
    { observer: { retrying: (_, attempt) => void retried.push(attempt) }, agentCommand: ["no-such-agent"] },
  );
  expect(results(outcome)).toEqual(["one error", "two error", "three error"]);
  const messages = outcome.stages.map(({ error }) => error?.message);
  expect(messages[0]).toContain("nowhere cannot be used (ENOENT)");
  expect(messages[1]).toBe("there is no no-such-agent in PATH (ENOENT)");
  expect(messages[2]).toContain("nowhere cannot be used (ENOENT)");
  expect(retried).toEqual([]);
});

test("what a gate finds is one short line without control characters, however long it is", async () => {
  const { outcome, facts } = await runIn(`
  - id: one
    persona: qa
    run: "head -c 300000 /dev/zero | tr '\\\\0' x > found; printf '\\\\033]0;title\\\\007\\\\nend' >> found"
    gates: [{ name: long, value: { file: found, pattern: '[\\s\\S]+', equals: "\\e[31mred" } }]
`);
  const [gate] = outcome.stages[0]?.gates ?? [];
  expect(gate?.result).toBe("failed");
  expect(gate?.detail.length).toBeLessThan(600);
  expect(gate?.detail).not.toMatch(/\p{Cc}/u);
  expect(outcome.stages[0]?.error?.message).not.toMatch(/\p{Cc}/u);
  expect(facts().map(({ type }) => type)).toContain("stage.finished");
});

test("files that are kept of a run are for us alone, also what a stage hands on", async () => {
  const { stored, dir } = await runIn(
    `\n  - { id: one, persona: qa, run: "umask 0; echo a=b >> $TTA_OUTPUT" }\n`,
  );
  expect(stored().stages).toEqual(new Map([["one", { a: "b" }]]));
  const modes = fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .map((entry) => [entry.isDirectory(), fs.statSync(join(entry.parentPath, entry.name)).mode & 0o777]);
  expect(modes.length).toBeGreaterThan(4);
  for (const [isDirectory, mode] of modes) expect(mode).toBe(isDirectory === true ? 0o700 : 0o600);
});

test("a stage's end is written down, however much it handed on and printed", async () => {
  const key = "k".repeat(60);
  const { facts, outcome } = await runIn(`
  - id: full
    persona: qa
    outputs: [absent]
    run: |
      for n in $(seq 1000 1999); do echo "${key}$n=1"; done >> "$TTA_OUTPUT"
      for n in $(seq 20); do head -c 2000 /dev/zero | tr '\\0' '\\1' >&2; echo >&2; done
`);
  expect(outcome.stages[0]?.error?.type).toBe("missing_output");
  const [end] = facts().filter(({ type }) => type === "stage.finished");
  expect(end?.data).toMatchObject({
    result: "failure",
    stderrTail: expect.any(Array),
    outputs: expect.toSatisfy((outputs: readonly string[]) => outputs.length === 1000),
  });
});

test("the beginning of the largest run is written down", async () => {
  const id = (at: number) => `s${"x".repeat(58)}${at + 1000}`;
  const long = "p".repeat(64);
  const gates = Array.from({ length: 1000 }, (_, at) => `{ name: ${id(at)}, run: "true" }`);
  const stages = Array.from({ length: 500 }, (_, at) => {
    const own = at === 0 ? `, gates: [${gates.join(", ")}], when: [{ run: "false" }]` : "";
    return `  - { id: ${id(at)}, persona: ${long}, chatmode: ${long}, run: "true"${own} }\n`;
  });
  const cancellation = createCancellation();
  cancellation.request("SIGTERM");
  const { facts } = await runIn(`\n${stages.join("")}`, { cancellation });
  expect(facts().map(({ type }) => type)).toContain("run.started");
});

test("manual work has its stage's timeout, also while another question is open", async () => {
  const never = () => new Promise<never>(() => undefined);
  const stage = "{ id: asked, persona: qa, timeout: 50ms, manual: { checklist: [sure] } }";
  const { outcome } = await runIn(`\n  - ${stage}\n`, { confirm: never });
  expect(outcome).toMatchObject({ result: "timeout", stages: [{ result: "timeout" }] });
  expect(outcome.stages[0]?.error).toMatchObject({
    type: "timeout",
    message: expect.stringMatching(/^not confirmed after 0\.05 s: sure; .*--yes/),
  });
});
