import { Langfuse } from "langfuse";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createLangfuseClient } from "../../src/backend/langfuse.ts";
import { aLangfuseSpan } from "../backend/langfuse-span.ts";
import { langfuseSandbox, MODEL_KEY } from "../cli/langfuse-sandbox.ts";
import { documentOf } from "../cli/sandboxes.ts";
import { type FakeLangfuse, startFakeLangfuse } from "../support/fake-langfuse.ts";
import { openaiAnswer, startFakeModel } from "../support/fake-model.ts";

/** The npm package `langfuse` is what others use in their programs: the yardstick of what both have to agree on. */

/** The package, for a project of the test's own. */
function packageFor({ url, publicKey, secretKey }: FakeLangfuse): Langfuse {
  const langfuse = new Langfuse({ baseUrl: url, publicKey, secretKey, fetchRetryCount: 0, sampleRate: 1 });
  onTestFinished(() => langfuse.shutdownAsync());
  return langfuse;
}

const complaints: unknown[][] = [];
beforeEach(() => {
  complaints.length = 0;
  for (const name of ["error", "warn"] as const) {
    vi.spyOn(console, name).mockImplementation((...words) => void complaints.push(words));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(complaints).toEqual([]);
});

describe("a prompt", () => {
  const TEXT = "Review {{ language }} for {{team.name}}:\n{{code}}\n{single} {{code}} ü 🦊 <b>&amp;\n";
  const variables = { language: "Go & <Rust>", code: 'if (a < "b") {{language}}' };

  test("that was created here is read by the package, which makes the same text of it", async () => {
    const { run, langfuse } = await langfuseSandbox();
    const text = TEXT.replace("{{team.name}}", "us");
    const created = ["prompt", "create", "team/review", "--file", "-", "--label", "production", "staging"];
    expect(await run(created, { stdin: text })).toMatchObject({ code: 0 });
    const prompt = await packageFor(langfuse).getPrompt("team/review", undefined, { label: "staging" });
    expect(prompt).toMatchObject({ version: 1, labels: ["production", "staging", "latest"], type: "text" });
    const vars = Object.entries(variables).flatMap(([name, value]) => ["--var", `${name}=${value}`]);
    const ours = await run(["prompt", "get", "team/review", "--json", ...vars]);
    expect((documentOf(ours).messages as { content: string }[])[0]?.content).toBe(prompt.compile(variables));
  });

  test("of chat, too", async () => {
    const { run, langfuse } = await langfuseSandbox();
    const messages = [
      { role: "system", content: "Speak {{language}}." },
      { role: "user", content: "Hello, {{ who }}!" },
    ];
    const stdin = JSON.stringify(messages);
    await run(["prompt", "create", "greet", "--type", "chat", "--file", "-", "--label", "production"], {
      stdin,
    });
    const prompt = await packageFor(langfuse).getPrompt("greet", undefined, { type: "chat" });
    const ours = await run([
      "prompt",
      "get",
      "greet",
      "--json",
      "--var",
      "language=Latin",
      "--var",
      "who=you",
    ]);
    expect(documentOf(ours).messages).toEqual(prompt.compile({ language: "Latin", who: "you" }));
    expect(documentOf(ours).type).toBe("chat");
  });

  test("that the package created is read here, and a label that moved here is known to it", async () => {
    const { run, langfuse } = await langfuseSandbox();
    const theirs = packageFor(langfuse);
    for (const prompt of ["One {{x}}", "Two {{x}}"]) {
      await theirs.createPrompt({ name: "ask", type: "text", prompt, labels: ["production"] });
    }
    await theirs.createPrompt({
      name: "talk",
      type: "chat",
      prompt: [{ role: "user", content: "Say {{x}}" }],
      labels: ["production"],
    });
    expect((await run(["prompt", "get", "ask", "--var", "x=1"])).stdout).toBe("Two 1\n");
    expect(documentOf(await run(["prompt", "get", "talk", "--json", "--var", "x=1"])).messages).toEqual([
      { role: "user", content: "Say 1" },
    ]);
    expect(await run(["prompt", "label", "ask", "1", "production"])).toMatchObject({ code: 0 });
    expect(await theirs.getPrompt("ask")).toMatchObject({ version: 1, prompt: "One {{x}}" });
  });
});

describe("a dataset", () => {
  const ITEMS = [
    { id: "i-1", input: { city: "Paris" }, expectedOutput: "France", metadata: { hard: false } },
    { id: "i-2", input: "Bern", expectedOutput: ["Switzerland"], metadata: null },
    { id: "i-3", input: "?", expectedOutput: null, metadata: null },
  ];
  const seen = (
    items: readonly { id: string; input?: unknown; expectedOutput?: unknown; metadata?: unknown }[],
  ) => items.map(({ id, input, expectedOutput, metadata }) => ({ id, input, expectedOutput, metadata }));

  test("that was made here is read by the package, item by item", async () => {
    const { run, langfuse } = await langfuseSandbox();
    await run(["dataset", "create", "team/capitals", "--description", "for us"]);
    const stdin = ITEMS.map(({ metadata, expectedOutput, ...item }) =>
      JSON.stringify({
        ...item,
        ...(metadata === null ? {} : { metadata }),
        ...(expectedOutput === null ? {} : { expectedOutput }),
      }),
    ).join("\n");
    expect(await run(["dataset", "add", "team/capitals", "--file", "-"], { stdin })).toMatchObject({
      code: 0,
    });
    const dataset = await packageFor(langfuse).getDataset("team/capitals", { fetchItemsPageSize: 2 });
    expect(dataset).toMatchObject({ name: "team/capitals", description: "for us" });
    expect(seen(dataset.items)).toEqual(ITEMS);
  });

  test("that the package made is listed and run here", async () => {
    const { run, langfuse } = await langfuseSandbox();
    const theirs = packageFor(langfuse);
    await theirs.createDataset({ name: "capitals" });
    for (const { id, input, expectedOutput } of ITEMS) {
      await theirs.createDatasetItem({ datasetName: "capitals", id, input, expectedOutput });
    }
    const listed = documentOf(await run(["dataset", "list", "capitals", "--json"])).items;
    expect(listed).toEqual(ITEMS.map((item) => ({ ...item, metadata: null })));
    await run(["switch", "backend-engineer"]);
    const model = await startFakeModel((response) => openaiAnswer(response, "France"));
    const args = [
      "dataset",
      "run",
      "capitals",
      "--template",
      "Where is {{input}}?",
      "--judge",
      "exact",
      "--json",
    ];
    const result = await run([...args, "--model", "openai/gpt-4o"], {
      env: { OPENAI_API_KEY: MODEL_KEY, OPENAI_BASE_URL: `${model.url}/v1` },
    });
    expect(documentOf(result).items).toMatchObject([
      { id: "i-1", score: 1 },
      { id: "i-2", score: 0 },
      // Nothing is expected, and so nothing is wrong.
      { id: "i-3", score: null },
    ]);
  });
});

test("a score of ours and one of the package are the same but for id", async () => {
  const { run, langfuse } = await langfuseSandbox();
  const traceId = "c".repeat(32);
  const theirs = packageFor(langfuse);
  const scores = [
    { name: "quality", value: 0.75, dataType: "NUMERIC", comment: "so so" },
    { name: "ok", value: 1, dataType: "BOOLEAN" },
    { name: "style", value: "terse", dataType: "CATEGORICAL" },
  ] as const;
  for (const { comment, ...score } of scores.map((score) => ({ comment: undefined, ...score }))) {
    const extra = comment === undefined ? [] : ["--comment", comment];
    const args = [
      "score",
      traceId,
      score.name,
      String(score.value),
      "--data-type",
      score.dataType.toLowerCase(),
    ];
    expect(await run([...args, ...extra])).toMatchObject({ code: 0 });
    theirs.score({
      traceId,
      environment: "default",
      ...score,
      ...(comment === undefined ? {} : { comment }),
    });
  }
  await theirs.flushAsync();
  await run(["flush", "--strict", "--timeout", "60s"], { env: { TTA_PERSONA_DELIVERY: "foreground" } });
  const told = langfuse.scores().map(({ id, ...score }) => ({ hasId: typeof id === "string", ...score }));
  expect(told).toHaveLength(2 * scores.length);
  for (const { name } of scores) {
    const [one, other] = told.filter((score) => score.name === name);
    expect(one).toEqual(other);
    expect(one).toMatchObject({ hasId: true, traceId });
  }
});

describe("langfuse.ingestion: legacy", () => {
  const START = Date.UTC(2026, 0, 31, 12);
  const TRACE = "d".repeat(32);
  const at = (ms: number) => new Date(START + ms);

  interface IngestedEvent {
    readonly type: string;
    readonly body: Readonly<Record<string, unknown>>;
  }

  const eventsOf = (server: FakeLangfuse): readonly IngestedEvent[] =>
    server
      .requests()
      .filter(({ path }) => path === "/api/public/ingestion")
      .flatMap(({ body }) => (JSON.parse(body.toString("utf8")) as { batch: IngestedEvent[] }).batch);

  async function startServer(): Promise<FakeLangfuse> {
    const server = await startFakeLangfuse({ version: "3.20.0" });
    onTestFinished(server.close);
    return server;
  }

  /** A run, a stage with a call in it, and a switch, by the package. */
  async function byThePackage(): Promise<readonly IngestedEvent[]> {
    const server = await startServer();
    const langfuse = packageFor(server);
    const common = { environment: "staging", version: "1.2.3" };
    const prompt = await langfuse.createPrompt({ name: "review", prompt: "What?", labels: [] });
    const trace = langfuse.trace({
      id: TRACE,
      timestamp: at(0),
      name: "workflow.w",
      userId: "backend-engineer",
      sessionId: "review",
      tags: ["w"],
      release: "r7",
      metadata: { run_id: "1" },
      ...common,
    });
    const span = trace.span({
      id: "1".repeat(16),
      name: "stage.build",
      startTime: at(0),
      endTime: at(5000),
      level: "ERROR",
      statusMessage: "failed",
      metadata: { stage: "build" },
      ...common,
    });
    span.generation({
      id: "2".repeat(16),
      name: "backend-engineer_review",
      startTime: at(1000),
      endTime: at(2000),
      completionStartTime: at(1200),
      model: "gpt-4o",
      modelParameters: { max_tokens: 50, stream: "true" },
      input: "What?",
      output: "That.",
      usageDetails: { input: 40, input_cached_tokens: 60, output: 30 },
      costDetails: { input: 0.001, output: 0.002, total: 0.003 },
      metadata: { outcome: "ok" },
      prompt,
      ...common,
    });
    trace.event({
      id: "3".repeat(16),
      name: "persona_switch",
      startTime: at(3000),
      metadata: { to: "x" },
      ...common,
    });
    await langfuse.flushAsync();
    return eventsOf(server);
  }

  /** The same, as the sink hands it to our client. */
  async function byUs(): Promise<readonly IngestedEvent[]> {
    const server = await startServer();
    const { url: host, publicKey, secretKey } = server;
    const project = { host, publicKey, secretKey, ingestion: "legacy", userAgent: "t" } as const;
    const client = await createLangfuseClient(project, "1");
    onTestFinished(client.close);
    const attributes = {
      "langfuse.environment": "staging",
      "langfuse.version": "1.2.3",
      "langfuse.release": "r7",
      "langfuse.user.id": "backend-engineer",
      "langfuse.session.id": "review",
      "langfuse.trace.name": "workflow.w",
      "langfuse.trace.tags": ["w"],
      "langfuse.trace.metadata.run_id": "1",
    };
    const identity = (spanId: string, parentSpanId?: string) => ({
      traceId: TRACE,
      spanId: spanId.repeat(16),
      sampled: true,
      ...(parentSpanId === undefined ? {} : { parentSpanId: parentSpanId.repeat(16) }),
    });
    const spans = [
      aLangfuseSpan({
        identity: identity("1"),
        name: "stage.build",
        startMs: START,
        endMs: START + 5000,
        attributes: {
          ...attributes,
          "langfuse.observation.type": "span",
          "langfuse.observation.level": "ERROR",
          "langfuse.observation.status_message": "failed",
          "langfuse.observation.metadata.stage": "build",
        },
      }),
      aLangfuseSpan({
        identity: identity("2", "1"),
        name: "backend-engineer_review",
        startMs: START + 1000,
        endMs: START + 2000,
        attributes: {
          ...attributes,
          "langfuse.observation.type": "generation",
          "langfuse.observation.completion_start_time": JSON.stringify(at(1200)),
          "langfuse.observation.model.name": "gpt-4o",
          "langfuse.observation.model.parameters": '{"max_tokens":50,"stream":"true"}',
          "langfuse.observation.input": "What?",
          "langfuse.observation.output": "That.",
          "langfuse.observation.usage_details": '{"input":40,"input_cached_tokens":60,"output":30}',
          "langfuse.observation.cost_details": '{"input":0.001,"output":0.002,"total":0.003}',
          "langfuse.observation.metadata.outcome": "ok",
          "langfuse.observation.prompt.name": "review",
          "langfuse.observation.prompt.version": 1,
        },
      }),
      aLangfuseSpan({
        identity: identity("3"),
        name: "persona_switch",
        startMs: START + 3000,
        endMs: START + 3000,
        attributes: {
          ...attributes,
          "langfuse.observation.type": "event",
          "langfuse.observation.metadata.to": "x",
        },
      }),
    ];
    expect(await client.send(spans, 10_000)).toEqual({ status: "accepted" });
    return eventsOf(server);
  }

  test("says the same as the package's own events, type by type and field by field", async () => {
    const theirs = await byThePackage();
    expect(theirs.map(({ type }) => type)).toEqual([
      "trace-create",
      "span-create",
      "generation-create",
      "event-create",
    ]);
    // The package writes null for "no parent", which is what a field that is missing means.
    const said = (events: readonly IngestedEvent[]) =>
      events.map(({ type, body }) => ({
        type,
        body: Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)),
      }));
    expect(said(await byUs())).toEqual(said(theirs));
  });
});
