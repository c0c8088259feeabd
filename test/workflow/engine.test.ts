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
