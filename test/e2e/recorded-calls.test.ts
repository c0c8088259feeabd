import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isLlmCalled } from "../../src/projection/facts.ts";
import { documentOf } from "../cli/sandboxes.ts";
import { readAll } from "../journal/a-fact.ts";
import { failing, startFakeLangfuse } from "../support/fake-langfuse.ts";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import { maxRssTo, WITHOUT_FSYNC } from "../support/preloads.ts";
import { waitFor } from "../support/wait-for.ts";
import { configuredSandbox, PERSONAS } from "./delivery-home.ts";

const PROCESSES = 20;
const CALLS = 50;
const MODELS = ["gpt-4o", "gpt-4o-mini"] as const;
/** Micro-dollars, so that sums are exact. */
const PRICES = { "gpt-4o": { input: 2, output: 10 }, "gpt-4o-mini": { input: 1, output: 4 } };

const callOf = (process: number, index: number) => ({
  model: `openai/${MODELS[index % 2] ?? ""}`,
  input: 100 + process * 7 + index,
  output: 10 + index,
  cached: index,
  latencyMs: 250,
  prompt: `question ${process}-${index}`,
  persona: PERSONAS[process % PERSONAS.length] ?? "",
});

test("1,000 calls recorded by 20 processes at once are 1,000 generations, and exact totals, with a third of the requests failing", async () => {
  const langfuse = await startFakeLangfuse({ behaviour: failing(1 / 3, 11) });
  const otlp = await startOtlpServer({ protocol: "http" });
  const gateway = await startFakePushgateway();
  for (const { close } of [langfuse, otlp, gateway]) onTestFinished(close);
  const sandbox = configuredSandbox({
    delivery: { mode: "off" },
    langfuse: langfuse.settings,
    otlp: { endpoint: otlp.url },
    pushgateway: { url: gateway.url, scrapeInterval: "1ms" },
  });
  onTestFinished(() => sandbox.dispose());
  writeFileSync(join(sandbox.home, "prices.yaml"), JSON.stringify(PRICES));

  const batch = async (process: number) => {
    const calls = Array.from({ length: CALLS - 2 }, (_, index) => callOf(process, index));
    // Some as one document, some as lines.
    const stdin =
      process % 2 === 0 ? JSON.stringify(calls) : calls.map((call) => `${JSON.stringify(call)}\n`).join("");
    const results = [await sandbox.run(["tokens", "record", "--stdin"], { stdin })];
    for (const index of [CALLS - 2, CALLS - 1]) {
      const { model, input, output, cached, persona } = callOf(process, index);
      const figures = ["--input", `${input}`, "--output", `${output}`, "--cached", `${cached}`];
      const args = ["tokens", "record", "--model", model, ...figures, "--persona", persona];
      // Delivers, too: several processes want to at once.
      const env = process % 4 === 0 ? { TTA_PERSONA_DELIVERY: "foreground" } : {};
      results.push(await sandbox.run(args, { env }));
    }
    return results;
  };
  const results = await Promise.all(Array.from({ length: PROCESSES }, (_, process) => batch(process)));
  expect(results.flat().filter(({ code }) => code !== 0)).toEqual([]);
  await waitFor(async () => documentOf(await sandbox.run(["flush", "--json"])).complete === true, {
    what: "everything to be delivered",
  });

  const facts = readAll(join(sandbox.home, "journal")).facts.filter(isLlmCalled);
  expect(facts).toHaveLength(PROCESSES * CALLS);
  const spanIds = facts.map(({ trace }) => trace.spanId).toSorted();
  const generations = langfuse.observations().filter(({ type }) => type === "generation");
  expect(generations.map(({ id }) => id).toSorted()).toEqual(spanIds);
  expect(langfuse.problems()).toEqual([]);
  // A batch that a deadline cut off is sent again, with the same ids: nobody can be asked what arrived.
  const arrived = new Set(otlp.spans().map(({ spanId }) => spanId));
  expect([...arrived].toSorted()).toEqual(spanIds);

  const all = Array.from({ length: PROCESSES * CALLS }, (_, at) =>
    callOf(Math.floor(at / CALLS), at % CALLS),
  );
  const tokens = all.reduce((sum, { input, output }) => sum + input + output, 0);
  const microUsd = all.reduce((sum, { model, input, output }) => {
    const price = model.endsWith("mini") ? PRICES["gpt-4o-mini"] : PRICES["gpt-4o"];
    return sum + input * price.input + output * price.output;
  }, 0);
  expect(gateway.value("hypertool_persona_tokens_used_total")).toBe(tokens);
  expect(gateway.value("hypertool_llm_calls_total", { outcome: "ok" })).toBe(PROCESSES * CALLS);
  expect(gateway.value("hypertool_llm_cost_usd_total")).toBeCloseTo(microUsd / 1e6, 9);
  expect(gateway.value("hypertool_llm_unpriced_calls_total") ?? 0).toBe(0);
  expect(gateway.decreases()).toEqual([]);
  const usage = generations.map(({ usageDetails = {} }) =>
    Object.values(usageDetails).reduce((sum, one) => sum + one, 0),
  );
  expect(usage.reduce((sum, one) => sum + one, 0)).toBe(tokens);
  const cost = generations.reduce((sum, { costDetails }) => sum + (costDetails?.total ?? Number.NaN), 0);
  expect(cost).toBeCloseTo(microUsd / 1e6, 9);

  const { stdout } = await sandbox.run(["metrics"]);
  const lines = stdout.split("\n").filter((line) => line.startsWith("hypertool_persona_tokens_used_total{"));
  expect(lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0)).toBe(tokens);
  const { models } = documentOf(await sandbox.run(["tokens", "--json"])) as {
    models: { tokens: number; calls: number }[];
  };
  expect(models.reduce((sum, one) => sum + one.tokens, 0)).toBe(tokens);
  expect(models.reduce((sum, one) => sum + one.calls, 0)).toBe(PROCESSES * CALLS);
});

test("a batch of many thousand lines takes a bounded share of memory", async () => {
  const sandbox = configuredSandbox({ delivery: { mode: "off" } });
  onTestFinished(() => sandbox.dispose());
  const line = JSON.stringify({ model: "gpt-4o", input: 9, output: 1, persona: "backend-engineer" });
  const rss = join(sandbox.project, "rss");
  const preload = maxRssTo(rss);
  const result = await sandbox.runCold(["tokens", "record", "--stdin"], {
    stdin: `${line}\n`.repeat(20_000),
    ...preload,
    nodeArgs: [...preload.nodeArgs, ...WITHOUT_FSYNC],
  });
  expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining("20,000 calls") });
  expect(Number(readFileSync(rss, "utf8"))).toBeLessThan(350 * 1024);
});
