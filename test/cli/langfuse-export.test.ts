import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { type LangfuseSandbox, langfuseSandbox } from "./langfuse-sandbox.ts";
import { documentOf } from "./sandboxes.ts";

const EXPORT = ["langfuse", "export"];

/** Rows as the real one gives them: large numbers as texts, latency in milliseconds. */
const row = (name: string | null, model: string | null, calls: number, cost: number, ms: number) => ({
  name,
  providedModelName: model,
  count_count: String(calls),
  sum_totalCost: cost,
  sum_totalTokens: String(calls * 1000),
  avg_latency: ms,
});

async function withMetrics(version = "4.0.0"): Promise<LangfuseSandbox> {
  const place = await langfuseSandbox({ version });
  place.langfuse.library.metrics = [
    row("backend-engineer_default_llm_call", "gpt-4o", 3, 0.5, 1000),
    row("backend-engineer_review", "gpt-4o", 1, 0.25, 3000),
    row("some other program", "gpt-4o", 2, 1, 500),
    row("without a model", null, 9, 9, 9),
  ];
  return place;
}

const METRICS = [
  'hypertool_langfuse_cost_usd{model="gpt-4o",persona="backend-engineer"} 0.75',
  'hypertool_langfuse_cost_usd{model="gpt-4o",persona="none"} 1',
  'hypertool_langfuse_tokens{model="gpt-4o",persona="backend-engineer"} 4000',
  'hypertool_langfuse_latency_seconds{model="gpt-4o",persona="backend-engineer"} 1.5',
];

const queryOf = ({ langfuse }: LangfuseSandbox) => {
  const { path } =
    langfuse
      .requests()
      .filter((request) => request.path.includes("metrics"))
      .at(-1) ?? {};
  const { searchParams } = new URL(path ?? "", "http://x");
  return JSON.parse(searchParams.get("query") ?? "null") as Record<string, unknown>;
};

test("gauges by model and persona are printed, and stay for the metrics", async () => {
  const place = await withMetrics();
  const result = await place.run([...EXPORT, "--since", "2h"]);
  expect(result).toMatchObject({ code: 0, stderr: "" });
  const metrics = (await place.run(["metrics"])).stdout;
  for (const line of METRICS) {
    expect(result.stdout).toContain(`${line}\n`);
    expect(metrics).toContain(`${line}\n`);
  }
  expect(result.stdout).not.toContain("without a model");
  const { fromTimestamp, toTimestamp } = queryOf(place);
  expect(Date.parse(String(toTimestamp)) - Date.parse(String(fromTimestamp))).toBe(2 * 3_600_000);
});

test("what is pushed has them", async () => {
  const { run } = await withMetrics();
  const gateway = await startFakePushgateway();
  const env = { PUSHGATEWAY_URL: gateway.url, TTA_PERSONA_DELIVERY: "foreground" };
  expect((await run(EXPORT, { env })).code).toBe(0);
  const pushed = gateway.requests().map(({ body }) => body.toString());
  expect(pushed.at(-1)).toContain(METRICS[0]);
});

test("once in 15 minutes is enough, unless it is forced", async () => {
  const place = await withMetrics();
  await place.run(EXPORT);
  const asked = place.langfuse.requests().length;
  const again = await place.run(EXPORT);
  expect(again).toMatchObject({ code: 1, stdout: "" });
  expect(again.stderr).toMatch(/Langfuse was read \d+s ago\.\n.*(?:again in 14m|again in 15m).*--force/);
  expect(place.langfuse.requests()).toHaveLength(asked);
  place.langfuse.library.metrics = [];
  expect(documentOf(await place.run([...EXPORT, "--force", "--json"]))).toMatchObject({ figures: [] });
  expect((await place.run(["metrics"])).stdout).not.toContain("hypertool_langfuse");
});

test("after 15 minutes it is read again", async () => {
  const place = await withMetrics();
  await place.run(EXPORT);
  const segment = join(place.sandbox.home, "journal", "00000001.jsonl");
  const old = readFileSync(segment, "utf8").replace(/"ts":(\d+)/, (_, ts) => `"ts":${Number(ts) - 900_000}`);
  writeFileSync(segment, old);
  expect((await place.run(EXPORT)).code).toBe(0);
});

test("servers before version 4 have the query at its old place", async () => {
  const { run } = await withMetrics("3.100.0");
  expect((await run(EXPORT)).stdout).toContain(METRICS[0]);
});

test("an export keeps no session alive and is no activity of one", async () => {
  const { run, sandbox } = await withMetrics();
  await run(["switch", "devops"]);
  const before = documentOf(await run(["history", "--json"]));
  await run(EXPORT);
  expect(documentOf(await run(["history", "--json"]))).toEqual(before);
  const journal = readFileSync(join(sandbox.home, "journal", "00000001.jsonl"), "utf8");
  expect(journal).toContain('"type":"langfuse.exported","scope":"langfuse"');
});

test("what is wrong is told, and nothing is kept", async () => {
  const { run, langfuse } = await withMetrics();
  expect(await run([...EXPORT, "--since", "yesterday"])).toMatchObject({ code: 2 });
  const wrong = await run(EXPORT, { env: { LANGFUSE_SECRET_KEY: "sk-lf-wrong-0123456789" } });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("refused the keys") });
  expect(await run(EXPORT, { env: { LANGFUSE_SECRET_KEY: undefined } })).toMatchObject({ code: 2 });
  await langfuse.behave({ status: 429, headers: { "retry-after": "120" } });
  expect(await run(EXPORT)).toMatchObject({ code: 1, stderr: expect.stringContaining("Try again in 2m") });
  await langfuse.behave("nonsense");
  expect((await run(EXPORT)).code).toBe(1);
  await langfuse.behave("ok");
  expect((await run(EXPORT)).code).toBe(0);
});
