import fs from "node:fs";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { readSettings } from "../../src/config/settings.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { Home } from "../../src/core/home.ts";
import type { DeliveryContext } from "../../src/delivery/context.ts";
import { type Engine, openEngine } from "../../src/delivery/engine.ts";
import { maintainWhenDue } from "../../src/delivery/maintain.ts";
import { describeUndelivered } from "../../src/delivery/report.ts";
import { appendFact } from "../../src/journal/append.ts";
import { putBlob } from "../../src/journal/blobs.ts";
import { usage } from "../../src/journal/retention.ts";
import { listSegments, segmentPath } from "../../src/journal/segments.ts";
import { checkpointDirectory } from "../../src/projection/checkpoint-cursors.ts";
import { ledgerPath, openLedger } from "../../src/projection/ledger-store.ts";
import { aSwitch } from "../journal/a-fact.ts";
import { aCall } from "../projection/a-call.ts";
import { temporaryHome } from "../sink/temporary-home.ts";
import { startFakeLangfuse } from "../support/fake-langfuse.ts";
import { type FakePushgateway, startFakePushgateway } from "../support/fake-pushgateway.ts";
import { type OtlpServer, startOtlpServer } from "../support/otlp-server.ts";

const SWITCHES = "hypertool_persona_switches_total";

let home: Home;
let gateway: FakePushgateway;
let collector: OtlpServer;

beforeEach(async () => {
  home = temporaryHome();
  gateway = await startFakePushgateway();
  collector = await startOtlpServer({ protocol: "http" });
  onTestFinished(async () => {
    await Promise.all([gateway.close(), collector.close()]);
  });
});

const bothSinks = () => ({ PUSHGATEWAY_URL: gateway.url, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });

/** Both sinks are configured, with a retention that takes whatever was delivered. */
function contextOf(
  overrides: Partial<DeliveryContext["settings"]> = {},
  env: DeliveryContext["env"] = bothSinks(),
): DeliveryContext {
  const retention = { ageMs: -1, sizeBytes: Number.MAX_SAFE_INTEGER };
  return {
    home,
    env,
    settings: { ...readSettings(home.configFile, env), retention, ...overrides },
    clock: systemClock,
    version: "1.0.0",
    personas: () => [],
    defaultBudgets: () => new Map(),
  };
}

async function withEngine<Result>(
  run: (engine: Engine) => Promise<Result>,
  context = contextOf(),
): Promise<Result> {
  const engine = await openEngine(context, false);
  try {
    return await run(engine);
  } finally {
    await engine.close();
  }
}

function deliver(context = contextOf()) {
  return withEngine(async (engine) => {
    const report = await engine.deliver(Date.now() + 10_000);
    return { ...report, ...engine.maintain() };
  }, context);
}

/** Each in a segment of its own. */
function append(...personas: readonly string[]) {
  for (const persona of personas) {
    appendFact({ dir: home.journal, segmentBytes: 1 }, aSwitch(persona, { ts: Date.now() }));
  }
}

test.each([
  ["lost", () => fs.rmSync(ledgerPath(home))],
  ["damaged", () => fs.writeFileSync(ledgerPath(home), '{"schema":4,"cursor":{"seg')],
])(
  "where the totals were %s and their facts are gone, delivery goes on with those since, and says so once",
  async (_, lose) => {
    append("a", "b", "a", "b", "a");
    await deliver();
    expect(gateway.value(SWITCHES)).toBe(5);
    expect(listSegments(home.journal)).toEqual([5, 6]);
    lose();
    append("b");
    const report = await deliver();
    expect(report).toMatchObject({ complete: true, sinks: [{ pending: 0 }, { pending: 0 }] });
    expect(gateway.value(SWITCHES)).toBe(2);
    expect(collector.spans()).toHaveLength(6);
    expect(describeUndelivered(report)).toMatch(/^the metric totals began anew: /);

    append("a");
    const next = await deliver();
    expect(gateway.value(SWITCHES)).toBe(3);
    expect(collector.spans()).toHaveLength(7);
    expect(describeUndelivered(next)).toBeUndefined();
    expect(openLedger(home)).toMatchObject({ cursor: { seq: 7 }, gap: undefined });
  },
);

test("where older totals were put back, what is missing is told for what it is", async () => {
  append("a", "b", "a");
  await deliver();
  const older = fs.readFileSync(ledgerPath(home));
  append("b", "a");
  await deliver();
  fs.writeFileSync(ledgerPath(home), older);
  append("b");
  const report = await deliver();
  expect(gateway.value(SWITCHES)).toBeGreaterThan(3);
  expect(describeUndelivered(report)).toMatch(/^the metric totals went on from older ones: /);
  expect(describeUndelivered(await deliver())).toBeUndefined();
});

test("what cannot be tidied up is told as that, and the totals are kept", async () => {
  append("a", "b");
  fs.writeFileSync(home.blobs, "no directory");
  expect(describeUndelivered(await deliver())).toMatch(
    /^the journal could not be tidied up \(retention\): disk /,
  );
  expect(openLedger(home)).toMatchObject({ unsaved: 0, cursor: { seq: 2 } });
});

const DAY_MS = 86_400_000;

test.each([
  ["for a week are kept", 7, [2, 3, 4, 5, 6], 6],
  ["for longer than a month are not", 31, [6], 3],
])("facts that a sink lacks which is switched off %s", async (_, days, kept, arrived) => {
  append("a", "b");
  await deliver();
  expect(collector.spans()).toHaveLength(2);
  for (const name of fs.readdirSync(checkpointDirectory(home))) {
    const at = (Date.now() - days * DAY_MS) / 1000;
    fs.utimesSync(`${checkpointDirectory(home)}/${name}`, at, at);
  }

  append("a", "b", "a");
  await deliver(contextOf({}, { PUSHGATEWAY_URL: gateway.url }));
  expect(listSegments(home.journal)).toEqual(kept);
  append("c");
  await deliver();
  expect(collector.spans()).toHaveLength(arrived);
});

describe("with delivery off", () => {
  const readTotals = (sizeBytes: number) => {
    const context = contextOf({ deliveryMode: "off", retention: { ageMs: -1, sizeBytes } });
    maintainWhenDue(context, openLedger(home));
  };

  test("the bound on the size holds, texts of the open segment included", () => {
    append("a");
    putBlob(home.blobs, 2, "hash", "x".repeat(100_000));
    readTotals(50_000);
    expect(usage(home)).toBeLessThanOrEqual(50_000);
    expect(listSegments(home.journal)).toEqual([1, 2]);
  });

  test("a segment that was ended without a fact behind it goes, and the totals miss nothing", () => {
    append("a");
    readTotals(0);
    expect(listSegments(home.journal)).toEqual([2]);
    // Whoever has ended it was killed before its own fact.
    fs.writeFileSync(segmentPath(home.journal, 3), "");
    readTotals(0);
    expect(listSegments(home.journal)).toEqual([3]);
    expect(openLedger(home)).toMatchObject({ gap: undefined, cursor: { seq: 1 } });
  });

  test("facts that a sink lacks are kept up to it, whatever their age", () => {
    const facts = Array.from({ length: 600 }, () => `\n${JSON.stringify(aSwitch("a"))}\n`);
    fs.mkdirSync(home.journal);
    fs.writeFileSync(segmentPath(home.journal, 1), facts.join(""));
    append("b");
    readTotals(Number.MAX_SAFE_INTEGER);
    expect(openLedger(home)).toMatchObject({ unsaved: 0, cursor: { segment: 2 } });
    expect(listSegments(home.journal)).toEqual([1, 2]);
    readTotals(usage(home) / 2);
    expect(listSegments(home.journal)).toEqual([2]);
  });
});

test.each([
  ["otlp", "4.0.0"],
  ["legacy", "3.20.0"],
] as const)("calls that make no sense stop nobody, over %s", async (ingestion, version) => {
  const langfuse = await startFakeLangfuse({ version });
  onTestFinished(() => langfuse.close());
  const env = {
    ...bothSinks(),
    LANGFUSE_HOST: langfuse.url,
    LANGFUSE_PUBLIC_KEY: langfuse.publicKey,
    LANGFUSE_SECRET_KEY: langfuse.secretKey,
  };
  const bad: readonly object[] = [
    { prompt: null },
    { cost: null },
    { input: null },
    { output: "text" },
    { input: { hash: {}, bytes: "many" } },
    { metadata: { a: null } },
    { durationSeconds: 9e15 },
    { startedAt: 9e15 },
  ];
  const now = Date.now();
  for (const data of [...bad, {}]) {
    const fact = aCall({ startedAt: now, durationSeconds: 1, ...data }, { ts: now });
    appendFact({ dir: home.journal, segmentBytes: 1 << 20 }, fact);
  }
  appendFact({ dir: home.journal, segmentBytes: 1 << 20 }, aSwitch("a", { ts: 1e300 }));
  const { settings } = contextOf({}, env);
  const project = settings.langfuse && { ...settings.langfuse, ingestion };
  const report = await deliver(contextOf({ langfuse: project }, env));
  expect(report.sinks).toMatchObject([{ complete: true }, { complete: true }, { complete: true }]);
  expect(gateway.value("hypertool_llm_calls_total", { outcome: "ok" })).toBe(1);
  expect(collector.spans()).toHaveLength(1);
  expect(langfuse.observations()).toHaveLength(1);
});

describe("a sink that throws", () => {
  /** What the checkpoint keeps of the spans that are open makes no sense. */
  function spoilCollector() {
    const name = fs.readdirSync(checkpointDirectory(home)).find((one) => one.startsWith("otlp-"));
    const path = `${checkpointDirectory(home)}/${name}`;
    const checkpoint = JSON.parse(fs.readFileSync(path, "utf8"));
    checkpoint.state.own.open = null;
    fs.writeFileSync(path, JSON.stringify(checkpoint));
  }

  test("has failed, is tried again later, and is in no other's way", async () => {
    append("a");
    await deliver();
    spoilCollector();
    append("b");
    await withEngine(async (engine) => {
      const report = await engine.deliver(Date.now() + 10_000);
      engine.maintain();
      const [otlp, pushgateway] = report.sinks;
      expect(otlp).toMatchObject({ sink: "otlp", complete: false, reason: "a bug of tta-persona" });
      expect(pushgateway).toMatchObject({ complete: true });
      expect(gateway.value(SWITCHES)).toBe(2);
      expect(engine.nextDueAt()).toBeGreaterThan(Date.now());
    });
    expect(fs.readFileSync(`${home.state}/deliverer-error`, "utf8")).toMatch(/ 1\.0\.0\nTypeError: /);
  });

  test("when it is opened has failed likewise, and is opened later", async () => {
    append("a");
    await deliver();
    const [name] = fs.readdirSync(checkpointDirectory(home)).filter((one) => one.startsWith("otlp-"));
    const path = `${checkpointDirectory(home)}/${name}`;
    fs.renameSync(path, `${home.state}/aside`);
    fs.mkdirSync(path);
    append("b");
    let now = Date.now();
    const clock = { ...systemClock, now: () => now };
    await withEngine(
      async (engine) => {
        const unopened = [
          { sink: "pushgateway", complete: true },
          { sink: "otlp", complete: false, reason: "disk eisdir" },
        ];
        expect((await engine.deliver(now + 10_000)).sinks).toMatchObject(unopened);
        fs.rmdirSync(path);
        fs.renameSync(`${home.state}/aside`, path);
        // Not before its time.
        expect((await engine.deliver(now + 10_000)).sinks).toMatchObject(unopened);
        now = engine.nextDueAt() ?? now;
        const report = await engine.deliver(now + 10_000);
        expect(report.sinks).toMatchObject([{ complete: true }, { sink: "otlp", complete: true }]);
        expect(collector.spans()).toHaveLength(2);
      },
      { ...contextOf(), clock },
    );
  });
});
