import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { seededRandom, startJitterProxy } from "../support/jitter-proxy.ts";
import {
  type Prometheus,
  type RealServer,
  realServersAvailable,
  startPrometheus,
  startPushgateway,
} from "../support/real-servers.ts";
import { waitFor } from "../support/wait-for.ts";
import { configuredSandbox, noDeliverer, PERSONAS, switchesInJournal } from "./delivery-home.ts";

const SWITCHES = "hypertool_persona_switches_total";
const DURATION_COUNT = "hypertool_persona_duration_seconds_count";
const SCRAPE_SECONDS = 1;

describe.skipIf(!realServersAvailable())("with the real Pushgateway and the real Prometheus", () => {
  let gateway: RealServer;
  let prometheus: Prometheus;
  beforeAll(async () => {
    gateway = await startPushgateway();
    prometheus = await startPrometheus({
      targets: [`127.0.0.1:${gateway.port}`],
      scrapeInterval: `${SCRAPE_SECONDS}s`,
    });
    // It begins some seconds after it says that it is ready.
    await prometheus.nextScrape();
  });
  afterAll(async () => {
    await prometheus?.close();
    await gateway?.close();
  });

  const sum = async (metric: string) => (await prometheus.query(`sum(${metric})`))[0]?.value;

  /** What a series grew by from its first sample on, over all series: resets would count as growth, too. */
  async function growth(metric: string, sinceSeconds: number): Promise<number> {
    const range = { startSeconds: sinceSeconds, endSeconds: Date.now() / 1000, stepSeconds: SCRAPE_SECONDS };
    let total = 0;
    for (const { values } of await prometheus.queryRange(metric, range)) {
      for (let index = 1; index < values.length; index++) {
        const [before, now] = [values[index - 1]?.value ?? 0, values[index]?.value ?? 0];
        total += now >= before ? now - before : now;
      }
    }
    return total;
  }

  test("200 random switches over many label sets show as exactly 200", async () => {
    const since = Math.floor(Date.now() / 1000);
    const sandbox = configuredSandbox({
      delivery: { linger: "3s" },
      pushgateway: { url: gateway.url, scrapeInterval: `${SCRAPE_SECONDS}s` },
    });
    onTestFinished(() => sandbox.dispose());
    const random = seededRandom(42);
    const pick = <T>(choices: readonly T[]) => choices[Math.floor(random() * choices.length)] as T;
    let active = "";
    for (let made = 0; made < 200; made++) {
      // The full program takes three times as long, so most go without a chatmode.
      const mode = made % 8 === 0 ? pick(["review", "tdd", "debug"]) : "default";
      const persona = pick(PERSONAS.filter((name) => `${name} ${mode}` !== active));
      const options = mode === "default" ? [] : ["--chatmode", mode];
      const result = await sandbox.run(["switch", persona, ...options]);
      expect(result, result.stderr).toMatchObject({ code: 0 });
      active = `${persona} ${mode}`;
    }
    const switches = switchesInJournal(sandbox.home);
    expect(switches).toHaveLength(200);
    const labelSets = new Set(
      switches.map(({ from, persona, chatmode }) => `${from} ${persona} ${chatmode}`),
    );
    expect(labelSets.size).toBeGreaterThanOrEqual(20);

    await waitFor(async () => (await sum(SWITCHES)) === 200, {
      what: "200 in Prometheus",
    });
    // All but the last session have ended.
    await waitFor(async () => (await sum(DURATION_COUNT)) === 199, {
      what: "199 sessions",
    });
    await prometheus.nextScrape();
    expect(await growth(SWITCHES, since)).toBe(200);
    expect(await growth(DURATION_COUNT, since)).toBe(199);
    expect(await sum(`resets(${SWITCHES}[10m])`)).toBe(0);
    expect((await prometheus.query(`count(${SWITCHES} > 0)`))[0]?.value).toBe(labelSets.size);
    await noDeliverer(sandbox);
  });
});

describe.skipIf(!realServersAvailable())("behind a proxy that lets pushes overtake each other", () => {
  const ROUNDS = 10;
  const AT_ONCE = 60;

  test(`${AT_ONCE} switches at once end at the exact total, and no counter ever goes down, ${ROUNDS} times in a row`, async () => {
    const gateway = await startPushgateway();
    onTestFinished(() => gateway.close());
    for (let round = 1; round <= ROUNDS; round++) {
      const proxy = await startJitterProxy({ targetPort: gateway.port, maxDelayMs: 150, seed: round });
      const instance = `round-${round}`;
      const sandbox = configuredSandbox({
        delivery: { linger: "300ms" },
        pushgateway: { url: proxy.url, scrapeInterval: "100ms", instance },
      });
      try {
        const reader = readTotals(gateway.url, instance);
        const results = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, index) => sandbox.run(["switch", PERSONAS[index % 6] ?? ""])),
        );
        expect(results.filter(({ code }) => code !== 0)).toEqual([]);
        const expected = switchesInJournal(sandbox.home).length;
        await waitFor(() => reader.last() === expected, { what: `${expected} in round ${round}` });
        await noDeliverer(sandbox);
        // A stale push would arrive late.
        const overAt = performance.now();
        await waitFor(() => reader.readsSince(overAt) > 10, { what: "later reads" });
        await reader.stop();
        expect(reader.last(), `round ${round}`).toBe(expected);
        expect(reader.decreases(), `round ${round}`).toEqual([]);
      } finally {
        await sandbox.dispose();
        await proxy.close();
      }
    }
  });
});

/** Reads one instance's series all the time, as a scrape does, only more often. */
function readTotals(url: string, instance: string) {
  const values = new Map<string, number>();
  const decreases: string[] = [];
  const readAt: number[] = [];
  let total = 0;
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      const text = await (await fetch(`${url}/metrics`)).text();
      let sum = 0;
      for (const line of text.split("\n")) {
        if (!line.startsWith(`${SWITCHES}{`) && !line.startsWith("hypertool_persona_duration")) continue;
        if (!line.includes(`instance="${instance}"`)) continue;
        const [series = "", number] = line.split(/ (?=[^ ]+$)/);
        const value = Number(number);
        const before = values.get(series) ?? 0;
        if (value < before) decreases.push(`${series}: ${before} to ${value}`);
        values.set(series, value);
        if (series.startsWith(SWITCHES)) sum += value;
      }
      total = sum;
      readAt.push(performance.now());
      await sleep(15);
    }
  })();
  return {
    last: () => total,
    decreases: () => decreases,
    readsSince: (ms: number) => readAt.filter((at) => at > ms).length,
    async stop() {
      isOver = true;
      await reading;
    },
  };
}
