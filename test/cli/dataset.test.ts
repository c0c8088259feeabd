import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openaiAnswer, refuse, startFakeModel } from "../support/fake-model.ts";
import { withFaults } from "../support/preloads.ts";
import type { RunResult } from "../support/run-binary.ts";
import { callsOf, type LangfuseSandbox, langfuseSandbox, MODEL_KEY } from "./langfuse-sandbox.ts";
import { documentOf } from "./sandboxes.ts";

async function withDataset(items: readonly object[]): Promise<LangfuseSandbox> {
  const place = await langfuseSandbox();
  place.langfuse.library.fill("capitals", items);
  await place.run(["switch", "backend-engineer"]);
  return place;
}

/** Answers with what the last message has between brackets. */
async function echoModel() {
  return startFakeModel((response, { body }) => {
    const content = String((body.messages as { content: string }[]).at(-1)?.content);
    if (content.includes("[fail]")) refuse(response, 400, "no");
    else openaiAnswer(response, /\[(.*)\]/s.exec(content)?.[1] ?? "");
  });
}

const env = (model: { readonly url: string }) => ({
  OPENAI_API_KEY: MODEL_KEY,
  OPENAI_BASE_URL: `${model.url}/v1`,
});
const RUN = ["dataset", "run", "capitals", "--model", "openai/gpt-4o", "--template", "Echo [{{input}}]"];

describe("datasets", () => {
  test("are created, filled from CSV, and listed; adding again doubles nothing", async () => {
    const { run, langfuse, sandbox } = await langfuseSandbox();
    expect((await run(["dataset", "create", "team/qa", "--description", "for us"])).code).toBe(0);
    writeFileSync(join(sandbox.project, "items.csv"), 'input,expectedOutput\n"a, ""b""\nc",x\nd,y\n');
    for (let time = 0; time < 2; time++) {
      const added = await run(["dataset", "add", "team/qa", "--file", "items.csv", "--json"]);
      expect(documentOf(added)).toMatchObject({ dataset: "team/qa", items: 2 });
    }
    expect(langfuse.library.items()).toMatchObject([
      { input: 'a, "b"\nc', expectedOutput: "x" },
      { input: "d", expectedOutput: "y" },
    ]);
    expect((await run(["dataset", "list"])).stdout).toBe("team/qa  for us\n");
    expect(documentOf(await run(["dataset", "list", "team/qa", "--json"]))).toMatchObject({
      items: [{ expectedOutput: "x" }, { expectedOutput: "y" }],
    });
  });

  test("take none of a file's items when rows do not parse, and tell all of those", async () => {
    const { run, langfuse } = await withDataset([]);
    const asked = langfuse.requests().length;
    const stdin = '{"input":"good"}\nnope\n{"expectedOutput":"x"}\n';
    const result = await run(["dataset", "add", "capitals", "--file", "-"], { stdin });
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toContain("line 2: no JSON\nline 3: input is missing\n");
    expect(langfuse.requests()).toHaveLength(asked);
  });

  test("are filled though the server is busy now and then", async () => {
    const { run, langfuse } = await withDataset([]);
    const items = Array.from({ length: 120 }, (_, index) => ({ input: `item ${index}` }));
    // Each item is refused once, one way or the other.
    const seen = new Set<string>();
    await langfuse.behave(({ path, body }, index) => {
      const request = path + body.toString();
      if (seen.has(request)) return "ok";
      seen.add(request);
      return index % 2 === 0 ? { status: 429, headers: { "retry-after": "0" } } : "cut-after-accept";
    });
    const stdin = items.map((item) => JSON.stringify(item)).join("\n");
    expect((await run(["dataset", "add", "capitals", "--file", "-"], { stdin })).code).toBe(0);
    expect(langfuse.library.items()).toHaveLength(120);
    const listed = documentOf(await run(["dataset", "list", "capitals", "--json"]));
    expect(listed.items).toHaveLength(120);
  });

  test.each([
    [["add", "nobody", "--file", "-"], '{"input":1}', 2, "no dataset"],
    [["add", "capitals"], "", 2, "Which items"],
    [["add", "capitals", "--file", "gone.csv"], "", 2, "cannot be read"],
    [["list", "nobody"], "", 2, "no dataset"],
    [["create", ".."], "", 2, "no name"],
    [["drop", "capitals"], "", 2, "no command"],
  ] as const)("refuse %j", async (args, stdin, code, message) => {
    const { run } = await withDataset([]);
    const result = await run(["dataset", ...args], { stdin });
    expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(message) });
  });

  test("say that keys are wrong, and when to come again", async () => {
    const { run, langfuse } = await withDataset([]);
    const wrong = await run(["dataset", "list"], { env: { LANGFUSE_PUBLIC_KEY: "pk-lf-other" } });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("refused the keys") });
    await langfuse.behave({ status: 429, headers: { "retry-after": "3600" } });
    const busy = await run(["dataset", "list"]);
    expect(busy).toMatchObject({ code: 1, stderr: expect.stringContaining("Try again in 1h") });
  });
});

const exact = (inputs: readonly string[]) => inputs.map((input) => ({ input, expectedOutput: input }));
const good = (result: RunResult) => documentOf(result) as { items: { score: number | null }[]; run: object };

describe("an experiment", () => {
  test("scores every item, and Langfuse has it as one: items, calls, scores", async () => {
    const { run, langfuse, sandbox } = await withDataset([
      { input: "Paris", expectedOutput: "Paris" },
      { input: "Rome", expectedOutput: "Bern" },
    ]);
    const model = await echoModel();
    const traced = { ...env(model), TRACEPARENT: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
    const result = await run([...RUN, "--judge", "exact", "--name", "first", "--json"], { env: traced });
    expect(result.code).toBe(0);
    expect(result.stderr).toBe("tta-persona: 1 of 2 items\ntta-persona: 2 of 2 items\n");
    const document = documentOf(result);
    expect(document).toMatchObject({
      before: null,
      run: { name: "first", items: 2, failed: 0, scored: 2, meanScore: 0.5, unpricedCalls: 0 },
      items: [
        { output: "Paris", score: 1 },
        { output: "Rome", score: 0 },
      ],
    });
    expect(callsOf(sandbox)).toHaveLength(2);
    await run(["flush", "--strict", "--timeout", "60s"], { env: { TTA_PERSONA_DELIVERY: "foreground" } });
    const [dataset] = langfuse.library.datasets();
    const items = langfuse.library.items();
    const observations = langfuse.observations().filter(({ type }) => /generation/i.test(type));
    expect(observations).toHaveLength(2);
    expect(new Set(observations.map(({ traceId }) => traceId)).size).toBe(2);
    for (const { id, parentId, experiment } of observations) {
      expect(parentId).toBeUndefined();
      const item = items.find((one) => one.id === experiment["item.id"]);
      expect(experiment).toEqual({
        id: document.experimentId,
        name: "first",
        "dataset.id": dataset?.id,
        "item.id": item?.id,
        "item.root_observation_id": id,
        "item.expected_output": item?.expectedOutput,
      });
    }
    expect(
      langfuse
        .scores()
        .map(({ name, value, dataType }) => [name, value, dataType])
        .sort(),
    ).toEqual([
      ["exact", 0, "BOOLEAN"],
      ["exact", 1, "BOOLEAN"],
    ]);
    for (const { observationId } of langfuse.scores()) {
      expect(observations.map(({ id }) => id)).toContain(observationId);
    }
    expect(langfuse.problems()).toEqual([]);
  });

  test("is shown beside the run before, and fails below --min-score", async () => {
    const { run, sandbox } = await withDataset(exact(["Paris", "Rome"]));
    const model = await echoModel();
    await run([...RUN, "--judge", "exact", "--name", "one"], { env: env(model) });
    const second = await run(
      [...RUN.slice(0, -1), "Say [no {{input}}]", "--judge", "exact", "--name", "two", "--min-score", "0.5"],
      { env: env(model) },
    );
    expect(second.code).toBe(1);
    expect(second.stderr).toContain("the mean score is 0, below --min-score 0.5");
    expect(second.stdout).toMatch(/^ +two +before: one\n/);
    expect(second.stdout).toMatch(/\nscore +0\.000 \(exact\) +before: 1\.000 \(exact\)\n/);
    expect(second.stdout).toMatch(/\ncost +\$0\.06\d* +before: \$0\.06/);
    const directory = join(sandbox.home, "experiments");
    expect(readdirSync(directory)).toEqual(["capitals.jsonl"]);
    expect(statSync(join(directory, "capitals.jsonl")).mode & 0o777).toBe(0o600);
  });

  test("of 200 items with failures among them asks for all, at most four at a time", async () => {
    const inputs = Array.from({ length: 200 }, (_, index) => (index % 20 === 7 ? `fail` : `ok`) + index);
    const { run, sandbox } = await withDataset(exact(inputs));
    // None is answered before four are asked; a fifth would be found waiting.
    let waiting: (() => void)[] = [];
    let most = 0;
    const model = await startFakeModel((response, { body }) => {
      const content = String((body.messages as { content: string }[]).at(-1)?.content);
      const word = /\[(.*)\]/.exec(content)?.[1] ?? "";
      waiting.push(() => {
        if (word.startsWith("fail")) refuse(response, 400, "not this one");
        else openaiAnswer(response, word);
      });
      most = Math.max(most, waiting.length);
      if (waiting.length < 4) return;
      const answers = waiting;
      setImmediate(() => {
        waiting = waiting.slice(answers.length);
        for (const answer of answers) answer();
      });
    });
    const result = await run([...RUN, "--judge", "exact", "--json"], { env: env(model) });
    expect(result.code).toBe(1);
    // A budget may have a word to say as well.
    const progress = result.stderr.split("\n").filter((line) => line.includes(" items"));
    expect(progress).toHaveLength(10);
    expect(progress.at(-1)).toMatch(/200 of 200 items, 10 failed$/);
    expect(good(result).run).toMatchObject({ items: 200, failed: 10, scored: 190, meanScore: 1 });
    expect(callsOf(sandbox)).toHaveLength(200);
    expect(most).toBe(4);
  });

  test("takes its prompt from Langfuse, and the keys of an input as variables", async () => {
    const { run, sandbox } = await withDataset([
      { input: { city: "Paris", year: 3 }, expectedOutput: "Paris 3" },
    ]);
    const created = ["prompt", "create", "ask", "--file", "-", "--label", "staging"];
    await run(created, { stdin: "Echo [{{city}} {{year}}]" });
    const args = ["dataset", "run", "capitals", "--model", "openai/gpt-4o", "--prompt", "ask@staging"];
    const result = await run([...args, "--judge", "exact", "--json"], { env: env(await echoModel()) });
    expect(result.code).toBe(0);
    expect(good(result).run).toMatchObject({
      meanScore: 1,
      prompt: { name: "ask", version: 1, label: "staging" },
    });
    expect(callsOf(sandbox)[0]?.data.prompt).toEqual({ name: "ask", version: 1, label: "staging" });
  });

  test("is judged by a script, which reads the answer as JSON", async () => {
    const { run, sandbox } = await withDataset([...exact(["half", "broken", "odd"]), { input: "none" }]);
    const script = join(sandbox.project, "judge.cjs");
    writeFileSync(
      script,
      [
        `#!${process.execPath}`,
        'const { output, expectedOutput } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));',
        'if (output === "broken") process.exit(3);',
        'if (output === "odd") console.log("very good");',
        'else console.log(JSON.stringify({ score: expectedOutput === null ? 0 : 0.5, comment: "so so" }));',
      ].join("\n"),
    );
    chmodSync(script, 0o755);
    const result = await run([...RUN, "--judge", "script:judge.cjs", "--json"], {
      env: env(await echoModel()),
    });
    expect(result.code).toBe(0);
    expect(good(result).items).toMatchObject([
      { score: 0.5, comment: "so so" },
      { score: null, comment: "the script failed (3)" },
      { score: null, comment: "the judge gave no score from 0 to 1" },
      { score: 0 },
    ]);
  });

  test("meets no --min-score while an item has no score", async () => {
    const { run } = await withDataset([...exact(["Paris", "Rome"]), { input: "Bern" }]);
    const args = [...RUN, "--judge", "exact", "--min-score", "0.5"];
    const result = await run(args, { env: env(await echoModel()) });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("1 of 3 items have no score, so --min-score is not met\n");
    expect(result.stdout).toContain("the item has no expected output (");
  });

  test("whose judge's calls fail says why, and one whose are refused by a hard budget ends with 4", async () => {
    const { run, sandbox } = await withDataset(exact(["Paris"]));
    const model = await startFakeModel((response, { body }) => {
      if (JSON.stringify(body.messages).includes("You judge")) refuse(response, 400, `no, ${MODEL_KEY}`);
      else openaiAnswer(response, "Paris");
    });
    const args = [...RUN, "--judge", "llm:openai/gpt-4o", "--max-tokens", "50", "--json"];
    const failed = await run([...args, "--min-score", "0"], { env: env(model) });
    expect(failed.code).toBe(1);
    expect(good(failed).items).toMatchObject([
      { outcome: "ok", score: null, comment: "the judge's call failed: 400: no, ***" },
    ]);
    await run(["budget", "reset", "backend"]);
    await run(["budget", "set", "backend", "11000", "--hard"]);
    const refused = await run(args, { env: env(model) });
    expect(refused.code).toBe(4);
    expect(good(refused).items).toMatchObject([
      { outcome: "ok", score: null, comment: expect.stringContaining("the judge was not asked: backend") },
    ]);
    expect(callsOf(sandbox).map(({ data }) => data.outcome)).toEqual(["ok", "error", "ok", "blocked"]);
  });

  test("does not wait for what the script leaves in the background", async () => {
    const { run, sandbox } = await withDataset(exact(["a"]));
    const script = join(sandbox.project, "judge.sh");
    writeFileSync(script, "#!/bin/sh\nsleep 600 & echo $! > left.pid\necho '{\"score\": 1}'\n");
    chmodSync(script, 0o755);
    const result = await run([...RUN, "--judge", "script:judge.sh", "--json"], {
      env: env(await echoModel()),
    });
    process.kill(Number(readFileSync(join(sandbox.project, "left.pid"), "utf8")), "SIGKILL");
    expect(good(result).items).toMatchObject([{ score: 1 }]);
  });

  test("is judged by a model, whose calls are recorded too", async () => {
    const { run, sandbox } = await withDataset(exact(["Paris"]));
    const model = await startFakeModel((response, { body }) => {
      const isJudge = JSON.stringify(body.messages).includes("You judge");
      openaiAnswer(response, isJudge ? '{"score": 0.75, "comment": "nearly"}' : "paris");
    });
    const result = await run([...RUN, "--judge", "llm:openai/gpt-4o", "--json"], { env: env(model) });
    expect(good(result).items).toMatchObject([{ score: 0.75, comment: "nearly" }]);
    const [item, judge] = callsOf(sandbox);
    expect(judge?.data).toMatchObject({ taskType: "judge" });
    expect(judge?.trace.traceId).not.toBe(item?.trace.traceId);
    expect(judge?.data).not.toHaveProperty("experiment");
  });

  test.each([
    [["--judge", "vibes"], "--judge cannot be"],
    [["--judge", "script:gone.sh"], "cannot be run (ENOENT)"],
    [["--judge", "llm:nobody/x"], "no provider"],
    [["--min-score", "0.5"], "takes a --judge"],
    [["--parallel", "0"], "--parallel cannot be 0"],
    [["--prompt", "x"], "either --prompt"],
    [["--template", "{{nothing}}"], "without a value: nothing"],
  ])("asks nothing with %j", async (args, message) => {
    const { run, sandbox } = await withDataset(exact(["Paris"]));
    const model = await echoModel();
    const result = await run([...RUN, ...args], { env: env(model) });
    expect(result).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(message) });
    expect(model.requests()).toEqual([]);
    expect(callsOf(sandbox)).toEqual([]);
  });

  test("that a hard budget stops has what was done until then, and ends with 4", async () => {
    const { run, sandbox, langfuse } = await withDataset(exact(["Paris", "Rome", "Bern"]));
    await run(["budget", "set", "backend", "11000", "--hard"]);
    const model = await echoModel();
    const args = [...RUN, "--judge", "exact", "--parallel", "1", "--max-tokens", "50", "--json"];
    const result = await run(args, { env: env(model) });
    expect(result.code).toBe(4);
    expect(model.requests()).toHaveLength(1);
    expect(good(result)).toMatchObject({
      run: { items: 3, failed: 2, scored: 1, meanScore: 1 },
      items: [
        { outcome: "ok", score: 1 },
        { outcome: "blocked", score: null, error: expect.stringContaining("11,000 are used") },
        { outcome: "blocked", score: null },
      ],
    });
    expect(callsOf(sandbox).map(({ data }) => [data.outcome, data.costUsd === 0])).toEqual([
      ["ok", false],
      ["blocked", true],
      ["blocked", true],
    ]);
    await run(["flush", "--strict", "--timeout", "60s"], { env: { TTA_PERSONA_DELIVERY: "foreground" } });
    const generations = langfuse.observations().filter(({ type }) => type === "generation");
    expect(generations).toHaveLength(3);
    expect(langfuse.scores()).toMatchObject([{ name: "exact", value: 1, observationId: generations[0]?.id }]);
  });

  test("whose calls cannot be reserved any more, on a full disk, has what was done until then", async () => {
    const { run } = await withDataset(exact(["Paris", "Rome"]));
    await run(["budget", "set", "backend", "1000000", "--hard"]);
    const model = await echoModel();
    const args = [...RUN, "--parallel", "1", "--max-tokens", "50", "--json"];
    const failingAt = (write: number) => {
      const faults = withFaults(`enospc:${write}+:/journal/`);
      return { nodeArgs: faults.nodeArgs, env: { ...env(model), ...faults.env } };
    };
    // An item writes its reservation, its call and its score.
    const exactly = await run([...args, "--judge", "exact"], failingAt(4));
    expect(exactly.code).toBe(1);
    expect(good(exactly).items).toMatchObject([
      { outcome: "ok", output: "Paris", score: 1 },
      { outcome: "error", output: "", error: "the journal fails (ENOSPC)" },
    ]);
    const judged = await run([...args, "--judge", "llm:openai/gpt-4o"], failingAt(3));
    expect(judged.code).toBe(1);
    expect(good(judged).items).toMatchObject([
      {
        outcome: "ok",
        output: "Paris",
        score: null,
        comment: "the judge's call failed: the journal fails (ENOSPC)",
      },
      { outcome: "error", error: "the journal fails (ENOSPC)" },
    ]);
    expect(model.requests()).toHaveLength(2);
  });

  test("is refused with the old ingestion, which knows no experiments", async () => {
    const { run, sandbox } = await withDataset(exact(["Paris"]));
    const model = await echoModel();
    await run(["config", "set", "langfuse.ingestion", "legacy"]);
    const result = await run(RUN, { env: env(model) });
    expect(result).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("experiments over OTLP only"),
    });
    expect(model.requests()).toEqual([]);
    expect(callsOf(sandbox)).toEqual([]);
  });

  test("of an empty dataset is an error", async () => {
    const { run } = await withDataset([]);
    const result = await run(RUN, { env: env(await echoModel()) });
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("no items") });
  });

  test("that Ctrl-C ends shows what there is, and is compared with no more", async () => {
    const { sandbox, env: langfuse, run } = await withDataset(exact(["Paris", "Rome"]));
    let asked = 0;
    const model = await startFakeModel((response) => {
      if (++asked === 1) openaiAnswer(response, "Paris");
      else running.child.kill("SIGINT");
    });
    const args = [...RUN, "--judge", "exact", "--parallel", "1", "--json"];
    const running = sandbox.spawn(args, { env: { ...langfuse, ...env(model) } });
    const result = await running.result;
    expect(result.code).toBe(130);
    expect(good(result).items).toMatchObject([{ score: 1 }, { outcome: "aborted" }]);
    expect(callsOf(sandbox).map(({ data }) => data.outcome)).toEqual(["ok", "aborted"]);
    const next = await run([...RUN, "--judge", "exact", "--json"], { env: env(await echoModel()) });
    expect(documentOf(next).before).toBeNull();
  });
});
