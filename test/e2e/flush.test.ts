import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "vitest";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  configuredSandbox,
  deliverers,
  noDeliverer,
  oneDeliverer,
  PERSONAS,
  switchesInJournal,
} from "./delivery-home.ts";

const SWITCHES = "hypertool_persona_switches_total";
const off = { TTA_PERSONA_DELIVERY: "off" };

async function begin(context: TestContext, linger: string) {
  const gateway = await startFakePushgateway();
  context.onTestFinished(() => gateway.close());
  const otlp = await startOtlpServer({ protocol: "http" });
  context.onTestFinished(() => otlp.close());
  const sandbox = configuredSandbox({
    delivery: { linger },
    pushgateway: { url: gateway.url, scrapeInterval: "1ms" },
    otlp: { endpoint: otlp.url },
  });
  context.onTestFinished(() => sandbox.dispose());
  const spanIds = () => otlp.spans().map(({ spanId }) => spanId);
  const madeIds = () => switchesInJournal(sandbox.home).map(({ spanId }) => spanId);
  return { sandbox, gateway, otlp, spanIds, madeIds };
}

async function switchTimes(
  context: TestContext,
  sandbox: Sandbox,
  count: number,
  env: Record<string, string>,
) {
  for (let index = 0; index < count; index++) {
    const result = await sandbox.run(["switch", PERSONAS[index % 6] ?? ""], { env });
    context.expect(result).toMatchObject({ code: 0 });
  }
}

const flush = (sandbox: Sandbox, env: Record<string, string> = {}) =>
  sandbox.run(["flush", "--strict", "--timeout", "60s"], { env });

const { concurrent } = test;

concurrent("two flushes at once deliver everything, nothing twice", async (context) => {
  const { sandbox, gateway, otlp, spanIds, madeIds } = await begin(context, "1s");
  await switchTimes(context, sandbox, 12, off);
  const results = await Promise.all([flush(sandbox, off), flush(sandbox, off), flush(sandbox, off)]);
  for (const result of results) context.expect(result).toMatchObject({ code: 0, stderr: "" });
  context.expect(spanIds()).toEqual(madeIds());
  context.expect(otlp.duplicateSpanIds()).toEqual([]);
  context.expect(gateway.value(SWITCHES)).toBe(12);
  context.expect(gateway.decreases()).toEqual([]);
});

concurrent("a flush waits for the deliverer that holds the lease", async (context) => {
  const { sandbox, otlp, spanIds, madeIds } = await begin(context, "60s");
  await switchTimes(context, sandbox, 1, {});
  const pid = await oneDeliverer(sandbox);
  // Written past the deliverer's eyes, so to speak: it finds them within a quarter of a second.
  await switchTimes(context, sandbox, 3, off);
  context.expect(await flush(sandbox)).toMatchObject({ code: 0, stderr: "" });
  context.expect(spanIds().slice(0, 3)).toEqual(madeIds().slice(0, 3));
  context.expect(deliverers(sandbox)).toEqual([pid]);
  context.expect(otlp.duplicateSpanIds()).toEqual([]);
});

concurrent("a flush has a deliverer try at once what it would only try later", async (context) => {
  const { sandbox, otlp, spanIds, madeIds } = await begin(context, "60s");
  await otlp.behave({ status: 503, headers: { "retry-after": "3600" } });
  await switchTimes(context, sandbox, 1, {});
  const pid = await oneDeliverer(sandbox);
  await waitFor(() => otlp.requests().length > 0, { what: "the refusal" });
  await otlp.behave("ok");
  context.expect(await flush(sandbox)).toMatchObject({ code: 0, stderr: "" });
  context.expect(spanIds()).toEqual(madeIds());
  context.expect(deliverers(sandbox)).toEqual([pid]);
});

concurrent(
  "with --since a flush takes the lease from the deliverer, and sends all of it again",
  async (context) => {
    const { sandbox, otlp, gateway, spanIds, madeIds } = await begin(context, "60s");
    await switchTimes(context, sandbox, 3, {});
    await oneDeliverer(sandbox);
    context.expect(await flush(sandbox)).toMatchObject({ code: 0 });
    context.expect(spanIds()).toEqual(madeIds());
    const args = ["flush", "--strict", "--since", "1h", "--timeout", "20s"];
    context.expect(await sandbox.run(args)).toMatchObject({ code: 0, stderr: "" });
    context.expect(spanIds()).toEqual([...madeIds(), ...madeIds()]);
    context.expect(gateway.value(SWITCHES)).toBe(3);
    await noDeliverer(sandbox);

    await otlp.behave("refuse");
    const down = await sandbox.run(["flush", "--since", "1h", "--timeout", "3s", "--json"]);
    const { sinks } = JSON.parse(down.stdout);
    context.expect(sinks).toContainEqual(context.expect.objectContaining({ sink: "otlp", pending: 3 }));
    await otlp.behave("ok");
    context.expect(await flush(sandbox)).toMatchObject({ code: 0 });
    context.expect(spanIds()).toHaveLength(9);
  },
);

concurrent("a flush by other settings takes over, and delivers there", async (context) => {
  const { sandbox, spanIds, madeIds } = await begin(context, "60s");
  const other = await startFakePushgateway();
  context.onTestFinished(() => other.close());
  await switchTimes(context, sandbox, 2, {});
  await oneDeliverer(sandbox);
  context.expect(await flush(sandbox, { PUSHGATEWAY_URL: other.url })).toMatchObject({ code: 0, stderr: "" });
  context.expect(other.value(SWITCHES)).toBe(2);
  context.expect(spanIds()).toEqual(madeIds());
  await noDeliverer(sandbox);
});

concurrent("a deliverer that is stopped is waited for, but not for ever", async (context) => {
  const { sandbox } = await begin(context, "60s");
  await switchTimes(context, sandbox, 1, {});
  const pid = await oneDeliverer(sandbox);
  context.expect(await flush(sandbox)).toMatchObject({ code: 0 });
  process.kill(pid, "SIGSTOP");
  await sandbox.run(["switch", PERSONAS[1]], { env: off });
  const late = await sandbox.run(["flush", "--timeout", "500ms"]);
  context.expect(late.code).toBe(0);
  context.expect(late.stdout).toContain("1 fact is kept");
  context.expect((await sandbox.run(["flush", "--strict", "--timeout", "100ms"])).code).toBe(1);
  process.kill(pid, "SIGCONT");
  context.expect(await flush(sandbox)).toMatchObject({ code: 0, stderr: "" });
});

concurrent("what was held back when a deliverer died, a flush shows", async (context) => {
  const { sandbox, gateway } = await begin(context, "60s");
  const patient = { pushgateway: { url: gateway.url, scrapeInterval: "60s" } };
  writeFileSync(join(sandbox.home, "config.json"), JSON.stringify(patient));
  await switchTimes(context, sandbox, 1, {});
  await waitFor(() => gateway.value(SWITCHES) === 0, { what: "the zero" });
  // A push is over when its checkpoint is written.
  context.expect(await flush(sandbox)).toMatchObject({ code: 0 });
  process.kill(await oneDeliverer(sandbox), "SIGKILL");
  await noDeliverer(sandbox);
  context.expect(await flush(sandbox)).toMatchObject({ code: 0 });
  context.expect(gateway.value(SWITCHES)).toBe(1);
  const pushes = gateway.requests().length;
  await switchTimes(context, sandbox, 3, {});
  await waitFor(() => gateway.requests().length > pushes, { what: "the next push" });
  context.expect(gateway.decreases()).toEqual([]);
});

test("flushes and switches side by side strand nothing", async (context) => {
  const { sandbox, gateway, otlp, spanIds, madeIds } = await begin(context, "20ms");
  for (let round = 0; round < 12; round++) {
    await Promise.all([
      flush(sandbox),
      sandbox.run(["switch", PERSONAS[(2 * round) % 6] ?? ""]),
      sandbox.run(["switch", PERSONAS[(2 * round + 1) % 6] ?? ""]),
    ]);
    // Nobody runs another command: whoever was the last to let go has seen to everything.
    const made = switchesInJournal(sandbox.home).length;
    await waitFor(() => gateway.value(SWITCHES) === made, { what: `${made} switches in round ${round}` });
    await waitFor(() => new Set(spanIds()).size === made, { what: `${made} spans in round ${round}` });
  }
  await noDeliverer(sandbox);
  context.expect(new Set(spanIds())).toEqual(new Set(madeIds()));
  context.expect(otlp.duplicateSpanIds()).toEqual([]);
  context.expect(gateway.decreases()).toEqual([]);
});

concurrent("where no deliverer can be started, the switch is done and says so once", async (context) => {
  const { sandbox } = await begin(context, "1s");
  writeFileSync(join(sandbox.home, "lease"), "in the way");
  const result = await sandbox.run(["switch", "backend-engineer"]);
  context.expect(result).toMatchObject({ code: 0, stdout: "Switched to ⚙️ backend-engineer\n" });
  context.expect(result.stderr).toMatch(/^tta-persona: not delivered yet: [^\n]+\n$/);
  context.expect(switchesInJournal(sandbox.home)).toHaveLength(1);
  context.expect(existsSync(join(sandbox.home, "state", "deliverer-error"))).toBe(false);
});
