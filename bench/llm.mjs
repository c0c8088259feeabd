// What recording costs a call of a model: the same streaming client, alone and within callModel, in turns and in one
// process, against a server that answers at once. Differences in milliseconds; asserts nothing.
import { once } from "node:events";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { createOpenAI } from "@ai-sdk/openai";
import { streamText } from "ai";
import { build } from "esbuild";

const WORDS = 50;

/** In a thread of its own, so that what it does is not measured. */
async function startModel() {
  const worker = new Worker(
    `const { createServer } = require("node:http");
     const { parentPort } = require("node:worker_threads");
     const chunk = (more) => "data: " + JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1,
       model: "gpt-4o", ...more }) + "\\n\\n";
     const delta = (delta, finish_reason = null) => chunk({ choices: [{ index: 0, delta, finish_reason }] });
     const usage = { prompt_tokens: 900, completion_tokens: ${WORDS}, total_tokens: 950 };
     const server = createServer((request, response) => request.resume().on("end", () => {
       response.writeHead(200, { "content-type": "text/event-stream" });
       for (let i = 0; i < ${WORDS}; i++) response.write(delta({ content: "word " }));
       response.end(delta({}, "stop") + chunk({ choices: [], usage }) + "data: [DONE]\\n\\n");
     }));
     server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  const [port] = await once(worker, "message");
  return { url: `http://127.0.0.1:${port}/v1`, close: () => worker.terminate() };
}

/** The room as the program has it; the packages are the ones that the bare client uses. */
async function loadRoom() {
  const outfile = new URL(`../dist/.bench-llm-${process.pid}.mjs`, import.meta.url);
  await build({
    stdin: {
      contents: `export { callModel } from "./src/llm/call-model.ts";
        export { createTextKeeper } from "./src/llm/keep-texts.ts";
        export { createCallGate } from "./src/cli/call-gate.ts";
        export { readSettings } from "./src/config/settings.ts";
        export { resolveHome } from "./src/core/home.ts";
        export { steadyClock, systemClock } from "./src/core/clock.ts";`,
      resolveDir: fileURLToPath(new URL("..", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    define: { TTA_PERSONA_VERSION: '"bench"' },
    outfile: outfile.pathname,
    logLevel: "error",
  });
  try {
    return await import(outfile.href);
  } finally {
    rmSync(outfile);
  }
}

/**
 * @param root an empty directory, for the journal
 * @returns how much longer a call takes, and how much later its first token comes: medians in milliseconds.
 */
export async function measureLlm(root, rounds) {
  globalThis.AI_SDK_LOG_WARNINGS = false;
  const model = await startModel();
  const room = await loadRoom();
  const { callModel, createCallGate, createTextKeeper, readSettings, resolveHome, steadyClock, systemClock } =
    room;
  const env = { TTA_PERSONA_HOME: root, OPENAI_API_KEY: "sk-bench-0123456789" };
  const messages = [
    { role: "system", content: "You work as: Backend Engineer." },
    { role: "user", content: "lorem ipsum dolor sit amet\n".repeat(100) },
  ];
  let firstMs;
  const onText = () => {
    firstMs ??= performance.now();
  };
  const bare = async () => {
    const client = createOpenAI({ baseURL: model.url, apiKey: env.OPENAI_API_KEY }).chat("gpt-4o");
    const { fullStream } = streamText({ model: client, messages, allowSystemInMessages: true });
    for await (const part of fullStream) if (part.type === "text-delta") onText();
  };
  const world = {
    env,
    clock: steadyClock(systemClock),
    version: "bench",
    home: resolveHome(env, "linux").value,
  };
  const settings = readSettings(world.home.configFile, env);
  const context = {
    ...world,
    segmentBytes: 8 * 1024 * 1024,
    prices: new Map(),
    texts: createTextKeeper({ secretValues: [env.OPENAI_API_KEY] }),
    captureOf: () => "masked",
    fetch: globalThis.fetch,
    signal: new AbortController().signal,
    // The persona's own budget, as the program has it.
    gate: createCallGate({ ...world, settings, cwd: () => root, output: { note: () => undefined } }),
    onTrouble(error) {
      throw error;
    },
    onText,
  };
  const recorded = async () => {
    await callModel(
      {
        endpoint: { provider: "openai", model: "gpt-4o", baseUrl: model.url, apiKey: env.OPENAI_API_KEY },
        place: { persona: "backend-engineer", chatmode: "default", scope: "global" },
        messages,
        stream: true,
      },
      context,
    );
  };
  const time = async (call) => {
    firstMs = undefined;
    const start = performance.now();
    await call();
    return { total: performance.now() - start, first: firstMs - start };
  };
  const samples = { bare: [], recorded: [] };
  try {
    for (let round = -10; round < rounds; round++) {
      const one = { bare: await time(bare), recorded: await time(recorded) };
      if (round >= 0) for (const name of ["bare", "recorded"]) samples[name].push(one[name]);
    }
  } finally {
    await model.close();
  }
  const median = (name, what) => {
    const sorted = samples[name].map((sample) => sample[what]).sort((a, b) => a - b);
    return sorted[sorted.length >> 1];
  };
  return [
    ["a call, to its end", median("recorded", "total") - median("bare", "total"), 5],
    ["a call, to its first token", median("recorded", "first") - median("bare", "first"), 2],
  ];
}
