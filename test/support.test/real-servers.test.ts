import { expect, onTestFinished, test } from "vitest";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { startJitterProxy } from "../support/jitter-proxy.ts";
import { realServersAvailable, startPrometheus, startPushgateway } from "../support/real-servers.ts";
import { waitFor } from "../support/wait-for.ts";

const GROUP = `/metrics/job/tta-persona/instance@base64/${Buffer.from("a/b").toString("base64url")}`;
const exposition = (value: number, type = "counter") =>
  `# TYPE switches_total ${type}\nswitches_total{to="x"} ${value}\n`;

async function push(url: string, body: string, method = "PUT", path = GROUP): Promise<number> {
  return (await fetch(`${url}${path}`, { method, body: method === "DELETE" ? null : body })).status;
}

test.skipIf(!realServersAvailable())("the real Pushgateway is scraped by the real Prometheus", async () => {
  const pushgateway = await startPushgateway();
  onTestFinished(() => pushgateway.close());
  const prometheus = await startPrometheus({
    targets: [`127.0.0.1:${pushgateway.port}`],
    rules: 'groups: [{name: g, rules: [{record: "switches:double", expr: "switches_total * 2"}]}]',
  });
  onTestFinished(() => prometheus.close());

  expect(await push(pushgateway.url, exposition(3))).toBe(200);
  await prometheus.nextScrape();

  expect(await prometheus.query("switches_total")).toEqual([
    { labels: { __name__: "switches_total", job: "tta-persona", instance: "a/b", to: "x" }, value: 3 },
  ]);
  const nowSeconds = Date.now() / 1000;
  const range = { startSeconds: nowSeconds - 5, endSeconds: nowSeconds, stepSeconds: 1 };
  expect((await prometheus.queryRange("switches_total", range))[0]?.values.at(-1)?.value).toBe(3);
  await waitFor(async () => (await prometheus.query("switches:double"))[0]?.value === 6, {
    what: "the rule",
  });
});

test.skipIf(!realServersAvailable())("the Pushgateway's double answers as the real one", async () => {
  const real = await startPushgateway();
  onTestFinished(() => real.close());
  const fake = await startFakePushgateway();
  onTestFinished(() => fake.close());

  const exchanges: [body: string, method?: string, path?: string][] = [
    [exposition(5)],
    [exposition(1, "gauge"), "PUT", "/metrics/job/other"],
    ['a{b="1"} 1\na{b="1"} 2\n'],
    ["switches_total 1"],
    ["switches_total one\n"],
    ["switches_total 1 1700000000000\n"],
    ['escaped{b="a\\"b\\\\c\\nd"} 1e3\n', "POST"],
    ["", "DELETE", "/metrics/job/absent"],
    ["a 1\n", "PUT", "/metrics/job/a/b"],
    ["a 1\n", "PUT", "/metrics/job@base64/="],
    ["a 1\n", "PUT", "/elsewhere"],
  ];
  for (const exchange of exchanges) {
    expect(await push(fake.url, ...exchange), JSON.stringify(exchange)).toBe(
      await push(real.url, ...exchange),
    );
  }
  expect(fake.value("escaped", { b: 'a"b\\c\nd' })).toBe(1000);
});

test("the Pushgateway's double notices a stale push that overtook a newer one", async () => {
  const fake = await startFakePushgateway();
  onTestFinished(() => fake.close());
  const proxy = await startJitterProxy({ targetPort: fake.port, maxDelayMs: 60, seed: 7 });
  onTestFinished(() => proxy.close());

  await Promise.all(Array.from({ length: 20 }, (_, index) => push(proxy.url, exposition(index + 1))));

  expect(proxy.delaysMs().length).toBeGreaterThanOrEqual(20);
  expect(fake.decreases().length).toBeGreaterThan(0);
  expect(fake.groups()).toHaveLength(1);
  const values = [...fake.history().values()][0] ?? [];
  expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});
