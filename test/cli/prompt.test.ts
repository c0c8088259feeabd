import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openaiAnswer, startFakeModel } from "../support/fake-model.ts";
import { callsOf, langfuseSandbox, MODEL_KEY } from "./langfuse-sandbox.ts";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

async function withPrompt(text = "Review this {{language}} for {{ who }}.") {
  const place = await langfuseSandbox();
  const created = await place.run(["prompt", "create", "review", "--file", "-", "--label", "production"], {
    stdin: text,
  });
  expect(created).toMatchObject({ code: 0, stderr: "" });
  return place;
}

describe("a prompt", () => {
  test("is created, listed and labelled, and a label leads to one version", async () => {
    const { run, langfuse, sandbox } = await withPrompt();
    writeFileSync(join(sandbox.project, "v2.txt"), "Second.");
    const second = await run([
      ...["prompt", "create", "review", "--file", "v2.txt"],
      ...["--label", "staging", "--message", "shorter", "--json"],
    ]);
    expect(documentOf(second)).toMatchObject({ version: 2, labels: ["staging", "latest"] });
    expect(langfuse.library.prompts().at(-1)).toMatchObject({ type: "text", commitMessage: "shorter" });
    expect((await run(["prompt", "label", "review", "2", "production"])).code).toBe(0);
    expect((await run(["prompt", "get", "review"])).stdout).toBe("Second.\n");
    expect(documentOf(await run(["prompt", "list", "--json"]))).toMatchObject({
      prompts: [{ name: "review", versions: [1, 2] }],
    });
    expect((await run(["prompt", "list"])).stdout).toBe("review  2 versions  staging, latest, production\n");
    const old = await run(["prompt", "get", "review", "--version", "1", "--var", "language=Go", "who=Eve"]);
    expect(old).toMatchObject({ code: 0, stdout: "Review this Go for Eve.\n" });
  });

  test("takes values as data, whatever is in them", async () => {
    const { run } = await withPrompt();
    const result = await run([
      "prompt",
      "get",
      "review",
      "--var",
      "language={{who}} $& $1",
      "--var",
      "who=a=b",
    ]);
    expect(result).toMatchObject({ code: 0, stdout: "Review this {{who}} $& $1 for a=b.\n" });
  });

  test("without values for its variables is an error that names them all", async () => {
    const { run } = await withPrompt();
    const result = await run(["prompt", "get", "review", "--json"]);
    expect(result.code).toBe(2);
    expect(documentOfError(result.stdout)).toMatchObject({
      reason: "missing-variables",
      message: "The prompt has variables without a value: language, who.",
    });
  });

  test("of chat keeps its roles, and its name may lie in a folder", async () => {
    const { run, sandbox } = await langfuseSandbox();
    const messages = [
      { role: "system", content: "Be {{tone}}." },
      { role: "user", content: "{{question}}" },
    ];
    writeFileSync(join(sandbox.project, "chat.json"), JSON.stringify(messages));
    const args = ["prompt", "create", "team/qa", "--file", "chat.json", "--type", "chat", "--label", "x"];
    expect((await run(args)).code).toBe(0);
    const get = [
      "prompt",
      "get",
      "team/qa",
      "--label",
      "x",
      "--var",
      "tone=brief",
      "question=Why?",
      "--json",
    ];
    expect(documentOf(await run(get))).toMatchObject({
      type: "chat",
      label: "x",
      messages: [{ content: "Be brief." }, { content: "Why?" }],
    });
  });

  test("by two labels is the same for one run, and both are chosen by some", async () => {
    const { run } = await withPrompt("A");
    await run(["prompt", "create", "review", "--file", "-", "--label", "short"], { stdin: "B" });
    const chosen = async (id: string) => {
      const args = ["prompt", "get", "review", "--ab", "production,short", "--json"];
      return documentOf(await run(args, { env: { TTA_RUN_ID: id } })).label;
    };
    const first = await Promise.all(["a", "b", "c", "d", "e", "f", "g", "h"].map(chosen));
    expect(new Set(first)).toEqual(new Set(["production", "short"]));
    expect(await Promise.all(["a", "b", "c"].map(chosen))).toEqual(first.slice(0, 3));
  });
});

describe("without Langfuse", () => {
  test.each([
    ["down", "refuse"],
    ["busy", { status: 429, headers: { "retry-after": "60" } }],
    ["answering nonsense", "nonsense"],
  ] as const)("%s, the last version is there, and one line says so", async (_, behaviour) => {
    const { run, langfuse, sandbox } = await withPrompt("Hello");
    await run(["prompt", "get", "review"]);
    await langfuse.behave(behaviour);
    for (const choice of [[], ["--version", "1"]]) {
      const result = await run(["prompt", "get", "review", ...choice, "--json"]);
      expect(result.code).toBe(0);
      expect(result.stderr).toMatch(/^tta-persona: Langfuse cannot be asked; using version 1 .* ago\n$/);
      expect(documentOf(result)).toMatchObject({ version: 1, cachedAt: expect.any(String) });
    }
    const kept = readdirSync(join(sandbox.home, "prompts"));
    for (const name of kept) expect(statSync(join(sandbox.home, "prompts", name)).mode & 0o777).toBe(0o600);
  });

  test("and without a copy it fails, as with a copy under other keys or a broken one", async () => {
    const { run, langfuse, sandbox } = await withPrompt("Hello");
    await run(["prompt", "get", "review"]);
    const directory = join(sandbox.home, "prompts");
    for (const name of readdirSync(directory)) writeFileSync(join(directory, name), '{"at":1,"prompt":{}}');
    await langfuse.behave({ status: 429, headers: { "retry-after": "90" } });
    const busy = await run(["prompt", "get", "review"]);
    expect(busy.code).toBe(1);
    expect(busy.stderr).toContain("Try again in 1m 30s.");
    await langfuse.behave("refuse");
    expect(await run(["prompt", "get", "review"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("connection refused"),
    });
  });
});

describe("what is wrong is told:", () => {
  test("wrong keys, even where a copy is kept, and never the keys themselves", async () => {
    const { run } = await withPrompt("Hello");
    await run(["prompt", "get", "review"]);
    const env = { LANGFUSE_SECRET_KEY: "sk-lf-wrong-0123456789" };
    const result = await run(["prompt", "get", "review"], { env });
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toContain("refused the keys (HTTP 401)");
    expect(result.stderr).not.toContain("wrong-0123456789");
  });

  test("no project", async () => {
    const result = await sandboxOfTest().run(["prompt", "get", "review"]);
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("No Langfuse project") });
  });

  test.each([
    [["get", "nobody"], "no prompt"],
    [["get", "review", "--label", "a", "--version", "1"], "three ways"],
    [["get", "review", "--version", "x"], "no version"],
    [["get", "review", "--ab", "a,,b"], "no label"],
    [["get", ".."], "no prompt"],
    [["label", "review", "7", "x"], "no version 7"],
    [["label", "review", "1", "Not Good"], "no label"],
    [["create", "x"], "Which prompt"],
    [["create", "x", "--file", "-", "--type", "chat"], "JSON array"],
    [["create", "x", "--file", "-", "--type", "song"], "--type"],
    [["fetch", "x"], "no command"],
  ])("prompt %j", async (args, message) => {
    const { run, langfuse } = await withPrompt();
    const before = langfuse.library.prompts().length;
    const result = await run(["prompt", ...args], { stdin: "not json" });
    expect(result).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(message) });
    expect(langfuse.library.prompts()).toHaveLength(before);
  });
});

test("a call by a prompt says which version and label it was made of", async () => {
  const { run, sandbox } = await withPrompt();
  const model = await startFakeModel((response) => openaiAnswer(response));
  await run(["switch", "backend-engineer"]);
  const env = { OPENAI_API_KEY: MODEL_KEY, OPENAI_BASE_URL: `${model.url}/v1` };
  const ask = ["llm", "func main", "--model", "openai/gpt-4o", "--prompt", "review@production"];
  const result = await run([...ask, "--var", "language=Go", "who=Eve"], { env });
  expect(result).toMatchObject({ code: 0, stdout: "It is a fold.\n" });
  expect(model.requests()[0]?.body.messages).toMatchObject([
    { role: "system" },
    { role: "user", content: "Review this Go for Eve.\n\nfunc main" },
  ]);
  expect(callsOf(sandbox)[0]?.data.prompt).toEqual({ name: "review", version: 1, label: "production" });
});

test("by itself, it is still the shell prompt's", async () => {
  const sandbox = sandboxOfTest();
  expect(await sandbox.run(["prompt"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  await sandbox.run(["switch", "devops"]);
  expect((await sandbox.runCold(["prompt"])).stdout).toMatch(/^devops/);
});

function documentOfError(stdout: string): unknown {
  return (JSON.parse(stdout) as { readonly error: unknown }).error;
}
