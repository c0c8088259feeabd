import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { describe, expect, onTestFinished, test } from "vitest";
import type { LlmCalledFact } from "../../src/projection/llm-facts.ts";
import { readAll } from "../journal/a-fact.ts";
import {
  anthropicAnswer,
  anthropicBegin,
  anthropicWhole,
  type FakeModel,
  openaiAnswer,
  openaiChunk,
  openaiEnd,
  refuse,
  startFakeModel,
} from "../support/fake-model.ts";
import { listenOn } from "../support/listener.ts";
import { withFaults } from "../support/preloads.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

const KEY = "sk-test-0123456789abcdef";
const ANTHROPIC_USAGE = {
  input: 10_000,
  cachedInput: 4000,
  cacheCreation: 1000,
  cacheCreationHour: 400,
  output: 1000,
  reasoning: 0,
};
const ASK = ["llm", "What is it?", "--model", "openai/gpt-4o"];

function callsOf(sandbox: Sandbox): readonly LlmCalledFact[] {
  const { facts } = readAll(join(sandbox.home, "journal"));
  return facts.filter((fact): fact is LlmCalledFact => fact.type === "llm.called");
}

function lastCall(sandbox: Sandbox): LlmCalledFact["data"] {
  const call = callsOf(sandbox).at(-1);
  if (call === undefined) throw new Error("nothing was recorded");
  return call.data;
}

const openai = (model: FakeModel) => ({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: `${model.url}/v1` });

async function sandboxWithPersona(): Promise<Sandbox> {
  const sandbox = sandboxOfTest();
  await sandbox.run(["switch", "backend-engineer"]);
  return sandbox;
}

describe("an answer", () => {
  test("of OpenAI streams to stdout, and is recorded with all its tokens", async () => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response) => openaiAnswer(response));
    const options = [
      "--system",
      "Be brief.",
      "--temperature",
      "0.2",
      "--max-tokens",
      "99",
      "--task-type",
      "review",
    ];
    const result = await sandbox.run([...ASK, ...options], { env: openai(model) });
    expect(result).toMatchObject({ code: 0, stdout: "It is a fold.\n", stderr: "" });
    expect(model.requests()).toMatchObject([
      {
        path: "/v1/chat/completions",
        headers: { authorization: `Bearer ${KEY}` },
        body: {
          model: "gpt-4o",
          stream: true,
          temperature: 0.2,
          max_tokens: 99,
          messages: [
            {
              role: "system",
              content: expect.stringMatching(/^You work as: Backend Engineer[\s\S]*\n\nBe brief\.$/),
            },
            { role: "user", content: "What is it?" },
          ],
        },
      },
    ]);
    expect(lastCall(sandbox)).toMatchObject({
      persona: "backend-engineer",
      chatmode: "default",
      provider: "openai",
      model: "gpt-4o",
      operation: "chat",
      outcome: "ok",
      taskType: "review",
      tokens: 11_000,
      usage: { input: 10_000, cachedInput: 4000, cacheCreation: 0, output: 1000, reasoning: 300 },
      costUsd: expect.closeTo(0.03, 9),
      attempts: 1,
      request: { stream: true, temperature: 0.2, maxTokens: 99 },
      response: { id: "chatcmpl-1", model: "gpt-4o-2024-08-06", finishReasons: ["stop"] },
      server: { address: "127.0.0.1" },
      output: { text: "It is a fold." },
      firstTokenAt: expect.any(Number),
    });
  });

  test("of Anthropic counts the cached tokens to the input", async () => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response) => anthropicAnswer(response));
    const result = await sandbox.run(["llm", "-", "--model", "anthropic/claude-sonnet-4-5", "--json"], {
      env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: model.url },
      stdin: "What is it?",
    });
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(model.requests()[0]).toMatchObject({ path: "/v1/messages", headers: { "x-api-key": KEY } });
    expect(documentOf(result)).toMatchObject({
      schema: "tta-persona/llm/1",
      id: callsOf(sandbox)[0]?.id,
      text: "It is a fold.",
      usage: ANTHROPIC_USAGE,
      // 400 tokens of the cache are kept for an hour, and cost 0.00225 $ more per thousand.
      costUsd: expect.closeTo(0.03495 + 0.0009, 9),
      finishReason: "end_turn",
      responseModel: "claude-sonnet-4-5-20250929",
      attempts: 1,
    });
    const whole = await startFakeModel((response) => anthropicWhole(response));
    const args = ["llm", "What?", "--model", "anthropic/claude-sonnet-4-5", "--no-stream", "--json"];
    const atOnce = await sandbox.run(args, {
      env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: whole.url },
    });
    expect(documentOf(atOnce)).toMatchObject({
      usage: ANTHROPIC_USAGE,
      costUsd: expect.closeTo(0.03585, 9),
    });
  });

  test("of a compatible endpoint, whose price is unknown, and without a stream", async () => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response) => {
      const choices = [{ index: 0, message: { role: "assistant", content: "Yes." }, finish_reason: "stop" }];
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ id: "c-1", model: "llama-3", choices }));
    });
    await sandbox.run(["config", "set", "llm.baseUrl", `${model.url}/v1`]);
    await sandbox.run(["config", "set", "llm.model", "compatible/llama-3"]);
    writeFileSync(join(sandbox.project, "plan.md"), "the plan");
    const result = await sandbox.run(["llm", "Is it good?", "--file", "plan.md", "--no-stream"], {
      env: { TTA_PERSONA_LLM_API_KEY: KEY },
    });
    expect(result).toMatchObject({ code: 0, stdout: "Yes.\n", stderr: "" });
    expect(model.requests()[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(model.requests()[0]?.body.messages).toMatchObject([{}, { content: "Is it good?\n\nthe plan" }]);
    expect(lastCall(sandbox)).toMatchObject({
      outcome: "ok",
      tokens: 0,
      costUsd: null,
      request: { stream: false },
    });
    expect(lastCall(sandbox)).not.toHaveProperty("usage");
  });

  test.each([
    [{ prompt_tokens: 32, completion_tokens: 9, total_tokens: 135 }, 94],
    [{ prompt_tokens: 32, completion_tokens: 9, total_tokens: 135 }, undefined],
    [{ prompt_tokens: 32, completion_tokens: 103, total_tokens: 135 }, 94],
  ])(
    "has its reasoning in its output, also where the provider counts it apart: %j, %j",
    async (sums, reasoning) => {
      const sandbox = await sandboxWithPersona();
      writeFileSync(join(sandbox.home, "prices.yaml"), "compatible/m: {input: 0, output: 1000000}\n");
      const usage = {
        ...sums,
        ...(reasoning && { completion_tokens_details: { reasoning_tokens: reasoning } }),
      };
      const model = await startFakeModel((response, { body }) => {
        if (body.stream === true) {
          openaiChunk(response, "Yes.");
          return openaiEnd(response, { usage });
        }
        const choices = [
          { index: 0, message: { role: "assistant", content: "Yes." }, finish_reason: "stop" },
        ];
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ id: "c-1", model: "m", choices, usage }));
      });
      await sandbox.run(["config", "set", "llm.baseUrl", `${model.url}/v1`]);
      for (const how of [[], ["--no-stream"]]) {
        await sandbox.run(["llm", "Is it?", "--model", "compatible/m", ...how]);
        expect(lastCall(sandbox)).toMatchObject({
          usage: { input: 32, output: 103, reasoning: reasoning ?? 0 },
          tokens: 135,
          costUsd: 103,
        });
      }
    },
  );

  test("of somebody else's fake model", async () => {
    const mock = new LLMock({ port: 0 });
    mock.onMessage("What is it?", { content: "A mock." });
    await mock.start();
    onTestFinished(async () => {
      await mock.stop();
    });
    const sandbox = await sandboxWithPersona();
    const env = { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: `${mock.url}/v1` };
    const openaiResult = await sandbox.run(ASK, { env });
    expect(openaiResult).toMatchObject({ code: 0, stdout: "A mock.\n" });
    const anthropic = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: mock.url };
    const claude = await sandbox.run(["llm", "What is it?", "--model", "anthropic/claude-sonnet-4-5"], {
      env: anthropic,
    });
    expect(claude).toMatchObject({ code: 0, stdout: "A mock.\n" });
  });

  test("shows no control characters on a terminal", async () => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response) => openaiAnswer(response, "a\u001b]0;title\u0007b"));
    const { stdout } = await sandbox.runTty(ASK, { env: openai(model) });
    expect(stdout).toContain("a]0;titleb");
    expect((await sandbox.run(ASK, { env: openai(model) })).stdout).toBe("a\u001b]0;title\u0007b\n");
  });

  test("that was cut off at its length, or refused, is told as such", async () => {
    const sandbox = await sandboxWithPersona();
    let reason = "length";
    const model = await startFakeModel((response) => {
      openaiChunk(response, "It is");
      openaiEnd(response, { reason });
    });
    const short = await sandbox.run(ASK, { env: openai(model) });
    expect(short).toMatchObject({ code: 0, stdout: "It is\n", stderr: expect.stringContaining("cut off") });
    reason = "content_filter";
    const refused = await sandbox.run(ASK, { env: openai(model) });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("would not answer") });
    expect(lastCall(sandbox)).toMatchObject({
      outcome: "error",
      error: { type: "content_filter" },
      tokens: 11_000,
    });
  });
});

describe("texts", () => {
  test("have no secrets in the journal, also where they are long and kept beside it", async () => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response) => openaiAnswer(response, `your key is ${KEY}, I think`));
    const prompt = `${"lorem ipsum ".repeat(2000)}my key is ${KEY}\n`;
    const result = await sandbox.run(["llm", "--model", "openai/gpt-4o"], {
      env: openai(model),
      stdin: prompt,
    });
    // What the user asked for is theirs.
    expect(result.stdout).toContain(KEY);
    const { input, output } = lastCall(sandbox);
    expect(output).toEqual({ text: "your key is ***, I think" });
    if (input === undefined || !("hash" in input)) throw new Error("the prompt is not beside the journal");
    const blob = readFileSync(join(sandbox.home, "blobs", "00000001", input.hash), "utf8");
    expect(Buffer.byteLength(blob)).toBe(input.bytes);
    expect(JSON.parse(blob)).toMatchObject([
      {},
      { content: expect.stringMatching(/ipsum my key is \*\*\*\n$/) },
    ]);
    expect(everythingBelow(sandbox.home)).not.toContain(KEY);
  });

  test("that are long and find no room are lost, and the call is not", async () => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response) => openaiAnswer(response));
    const { nodeArgs, env } = withFaults("enospc:1+:/blobs/");
    const result = await sandbox.run(["llm", "--model", "openai/gpt-4o"], {
      stdin: "lorem ipsum ".repeat(2000),
      env: { ...openai(model), ...env },
      nodeArgs,
    });
    expect(result).toMatchObject({ code: 0, stdout: "It is a fold.\n" });
    expect(result.stderr).toBe("tta-persona: a long text of a call is not kept (ENOSPC)\n");
    expect(lastCall(sandbox)).toMatchObject({
      outcome: "ok",
      tokens: 11_000,
      costUsd: expect.closeTo(0.03, 9),
    });
  });

  test("are kept as the persona says, then as the setting", async () => {
    const sandbox = sandboxOfTest();
    const model = await startFakeModel((response) => openaiAnswer(response));
    await sandbox.run(["config", "set", "capture", "metadata"]);
    await sandbox.run(["switch", "backend"]);
    await sandbox.run(ASK, { env: openai(model) });
    expect(lastCall(sandbox)).not.toHaveProperty("input");
    mkdirSync(join(sandbox.home, "personas"));
    const quiet = { name: "quiet", capture: "masked" };
    writeFileSync(join(sandbox.home, "personas", "quiet.json"), JSON.stringify(quiet));
    await sandbox.run([...ASK, "--persona", "quiet"], { env: openai(model) });
    expect(lastCall(sandbox)).toMatchObject({ persona: "quiet", output: { text: "It is a fold." } });
    // A project's file may ask for less, not for more.
    mkdirSync(join(sandbox.project, ".tta-persona", "personas"), { recursive: true });
    const file = join(sandbox.project, ".tta-persona", "personas", "loud.json");
    writeFileSync(file, JSON.stringify({ name: "loud", capture: "full" }));
    await sandbox.run([...ASK, "--persona", "loud"], { env: openai(model) });
    expect(lastCall(sandbox)).not.toHaveProperty("output");
    await sandbox.run(["trust", file]);
    await sandbox.run([...ASK, "--persona", "loud"], { env: openai(model) });
    expect(lastCall(sandbox)).toMatchObject({ persona: "loud", output: { text: "It is a fold." } });
  });
});

describe("a call that fails", () => {
  test.each([
    [401, "Incorrect API key provided", "Check OPENAI_API_KEY.", 1],
    [404, "The model does not exist", 'no model "gpt-4o"', 1],
    [400, "bad temperature", "Check the model and the options.", 1],
    [429, "slow down", "Wait, or check the quota.", 3],
    [500, "oops", "Try again later.", 3],
  ])("with %i is told, and recorded as free", async (status, message, hint, attempts) => {
    const sandbox = await sandboxWithPersona();
    const said = `${message} ${KEY}`;
    const model = await startFakeModel((response) =>
      refuse(response, status, said, { "retry-after-ms": "1" }),
    );
    const result = await sandbox.run(ASK, { env: openai(model) });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain(message);
    expect(result.stderr).toContain(hint);
    expect(result.stderr).not.toContain(KEY);
    expect(model.requests()).toHaveLength(attempts);
    expect(lastCall(sandbox)).toMatchObject({
      outcome: "error",
      attempts,
      tokens: 0,
      costUsd: 0,
      error: { type: String(status), message: expect.stringContaining(`${message} ***`) },
    });
  });

  test.each<[string, Parameters<typeof startFakeModel>[0], RegExp, string]>([
    [
      "is lost with its connection",
      (response) => void response.destroy(),
      /openai was reached, and no answer came \(UND_ERR_SOCKET\): other side closed\n/,
      "UND_ERR_SOCKET",
    ],
    [
      "a gateway did not wait for",
      (response) => refuse(response, 504, "too slow", { "retry-after-ms": "1" }),
      /openai failed with 504/,
      "504",
    ],
  ])("after a request that %s is told, and of unknown cost", async (_, answer, said, type) => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel(answer);
    const result = await sandbox.run(ASK, { env: openai(model) });
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(said) });
    expect(lastCall(sandbox)).toMatchObject({ attempts: 3, tokens: 0, costUsd: null, error: { type } });
    const { stdout } = await sandbox.run(["metrics"]);
    expect(stdout).toContain('hypertool_llm_unpriced_calls_total{model="gpt-4o"} 1');
  });

  test("since nobody listens is told, and free", async () => {
    const sandbox = await sandboxWithPersona();
    const { port, shut } = await listenOn(createServer());
    await shut();
    const env = { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` };
    const result = await sandbox.run(ASK, { env });
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining("openai cannot be reached") });
    expect(lastCall(sandbox)).toMatchObject({ attempts: 3, costUsd: 0, error: { type: "ECONNREFUSED" } });
  });

  test("succeeds on a retry, and both attempts are counted", async () => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response, _, index) =>
      index === 0 ? refuse(response, 429, "slow down", { "retry-after-ms": "1" }) : openaiAnswer(response),
    );
    const result = await sandbox.run([...ASK, "--json"], { env: openai(model) });
    expect(documentOf(result)).toMatchObject({ outcome: "ok", attempts: 2, text: "It is a fold." });
  });

  test.each([
    ["the connection", true],
    ["the stream alone", false],
  ])("in the middle, by the end of %s, keeps what came", async (_, isSocket) => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response) => {
      openaiChunk(response, "It is");
      if (isSocket) setTimeout(() => response.destroy(), 50);
      else response.end();
    });
    const result = await sandbox.run(ASK, { env: openai(model) });
    expect(result).toMatchObject({
      code: 1,
      stdout: "It is\n",
      stderr: expect.stringContaining("broke off"),
    });
    expect(lastCall(sandbox)).toMatchObject({
      outcome: "error",
      error: { type: "stream_cut" },
      output: { text: "It is" },
      costUsd: null,
    });
  });

  test("by an error within the stream", async () => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response) => {
      openaiChunk(response, "It is");
      response.end(`data: ${JSON.stringify({ error: { message: "overloaded", type: "server_error" } })}\n\n`);
    });
    const result = await sandbox.run(ASK, { env: openai(model) });
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining("overloaded") });
    expect(lastCall(sandbox)).toMatchObject({ outcome: "error", output: { text: "It is" } });
  });

  test("with nonsense", async () => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response) => response.end("<html>hello</html>"));
    for (const args of [ASK, [...ASK, "--no-stream"]]) {
      const result = await sandbox.run([...args, "--json"], { env: openai(model) });
      expect({ args, code: result.code }).toEqual({ args, code: 1 });
      expect(documentOf(result)).toMatchObject({ schema: "tta-persona/error/1" });
      expect(lastCall(sandbox)).toMatchObject({ outcome: "error" });
    }
  });

  test("since Ctrl-C ends it: as aborted, with the part that came, and quickly", async () => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response) => openaiChunk(response, "It is"));
    const running = sandbox.spawn(ASK, { env: openai(model) });
    await waitFor(() => running.stdout() === "It is", { what: "the first piece" });
    running.child.kill("SIGINT");
    expect(await running.result).toMatchObject({ code: 130, stdout: "It is\n" });
    expect(lastCall(sandbox)).toMatchObject({ outcome: "aborted", output: { text: "It is" }, costUsd: null });
    expect((await sandbox.run(["tokens"])).stdout).toMatch(/gpt-4o +0 +1 +unknown\n/);
  });

  test.each(["cut", "aborted"])("%s by then, it has the usage that was told, and no more", async (how) => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel((response) => {
      anthropicBegin(response, "It is");
      if (how === "cut") response.end();
    });
    const running = sandbox.spawn(["llm", "What?", "--model", "anthropic/claude-sonnet-4-5"], {
      env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: model.url },
    });
    await waitFor(() => running.stdout().startsWith("It is"), { what: "the first piece" });
    if (how === "aborted") running.child.kill("SIGINT");
    expect(await running.result).toMatchObject({ code: how === "cut" ? 1 : 130 });
    expect(lastCall(sandbox)).toMatchObject({
      outcome: how === "cut" ? "error" : "aborted",
      output: { text: "It is" },
      tokens: 10_001,
      usage: { ...ANTHROPIC_USAGE, output: 1 },
      costUsd: expect.closeTo(0.020865, 6),
    });
  });

  test("before the server says anything", async () => {
    const sandbox = await sandboxWithPersona();
    const model = await startFakeModel(() => undefined);
    const running = sandbox.spawn(ASK, { env: openai(model) });
    await waitFor(() => model.requests().length === 1, { what: "the request" });
    running.child.kill("SIGTERM");
    expect(await running.result).toMatchObject({ code: 143, stdout: "" });
    expect(lastCall(sandbox)).toMatchObject({ outcome: "aborted", attempts: 1 });
  });
});

describe("nothing is asked", () => {
  test.each<[string, readonly string[], Record<string, string>, number, string]>([
    ["without a key", ASK, {}, 2, "OPENAI_API_KEY"],
    ["of an unknown provider", ["llm", "x", "--model", "openia/gpt-4o"], {}, 2, "Did you mean openai?"],
    ["without a model", ["llm", "x"], {}, 2, "llm.model"],
    ["without a prompt", ["llm", "--model", "openai/gpt-4o"], { OPENAI_API_KEY: KEY }, 2, "nothing to ask"],
    ["with a wrong number", [...ASK, "--max-tokens", "1.5"], { OPENAI_API_KEY: KEY }, 2, "--max-tokens"],
    ["with a file that is none", [...ASK, "--file", "none.md"], { OPENAI_API_KEY: KEY }, 2, "none.md"],
  ])("%s", async (_, args, env, code, said) => {
    const sandbox = await sandboxWithPersona();
    const result = await sandbox.run(args, { env });
    expect({ code: result.code, stderr: result.stderr }).toEqual({
      code,
      stderr: expect.stringContaining(said),
    });
    expect(callsOf(sandbox)).toEqual([]);
  });

  test("without a persona, with exit code 3", async () => {
    const sandbox = sandboxOfTest();
    expect(await sandbox.run(ASK, { env: { OPENAI_API_KEY: KEY } })).toMatchObject({ code: 3 });
  });

  test("with a broken price list", async () => {
    const sandbox = await sandboxWithPersona();
    writeFileSync(join(sandbox.home, "prices.yaml"), "openai/gpt-4o: {input: cheap}\n");
    const model = await startFakeModel((response) => openaiAnswer(response));
    const result = await sandbox.run(ASK, { env: openai(model) });
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("prices.yaml:1:") });
    expect(model.requests()).toEqual([]);
  });
});

test("a prompt of 10 MB is sent whole, and kept up to 1 MiB", async () => {
  const sandbox = await sandboxWithPersona();
  const model = await startFakeModel((response) => openaiAnswer(response));
  const prompt = "0123456789abcde\n".repeat(655_360);
  const result = await sandbox.run(["llm", "--model", "openai/gpt-4o"], {
    env: openai(model),
    stdin: prompt,
  });
  expect(result).toMatchObject({ code: 0, stdout: "It is a fold.\n" });
  expect(model.requests()[0]?.body.messages).toMatchObject([{}, { content: prompt }]);
  const { input } = lastCall(sandbox);
  expect(input).toMatchObject({ isCut: true });
  expect(input !== undefined && "bytes" in input && input.bytes).toBeLessThanOrEqual(1024 * 1024);
});

test("a call within exec is its persona's, in its scope, and a child of its span", async () => {
  const sandbox = sandboxOfTest();
  const model = await startFakeModel((response) => openaiAnswer(response));
  const command = [process.execPath, join(process.cwd(), "bin", "tta-persona.cjs"), ...ASK];
  const result = await sandbox.run(
    ["exec", "--persona", "testing-specialist", "--chatmode", "tdd", "--", ...command],
    {
      env: openai(model),
    },
  );
  expect(result).toMatchObject({ code: 0, stdout: "It is a fold.\n" });
  const { facts } = readAll(join(sandbox.home, "journal"));
  const parent = facts.find(({ type }) => type === "process.started");
  expect(callsOf(sandbox)).toMatchObject([
    {
      scope: parent?.scope,
      trace: { traceId: parent?.trace.traceId, parentSpanId: parent?.trace.spanId },
      data: { persona: "testing-specialist", chatmode: "tdd" },
    },
  ]);
});

function everythingBelow(directory: string): string {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8")).join("\n");
}
