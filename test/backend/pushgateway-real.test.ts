import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPushgatewayClient, type PushgatewayClient } from "../../src/backend/pushgateway.ts";
import { type RealServer, realServersAvailable, startPushgateway } from "../support/real-servers.ts";
import { waitFor } from "../support/wait-for.ts";
import { durations, remaining, switches } from "./metric-families.ts";

const soon = () => AbortSignal.timeout(10_000);

describe.skipIf(!realServersAvailable())("the real Pushgateway", () => {
  let server: RealServer;
  let client: PushgatewayClient;
  beforeAll(async () => {
    server = await startPushgateway();
    client = createPushgatewayClient({ url: server.url });
  });
  afterAll(() => server?.close());

  async function listedKeys() {
    const groups = await client.listGroups(soon());
    if (!groups.ok) throw new Error(groups.error.reason);
    return groups.value;
  }

  test.each([
    "plain",
    "a/b",
    "..",
    ".",
    "with space",
    "ünïcode ☃ 🎭",
    "",
    "a%2Fb",
    "=",
    "a@base64",
    "x?y#z",
    "a\nb",
  ])("keeps a group labelled %j apart, and deletes it again", async (value) => {
    const key = { job: `job ${value}`, labels: { instance: value, slot: "1" } };
    expect(await client.put(key, [switches(1), durations, remaining], soon())).toEqual({
      status: "accepted",
    });
    const [listed, ...others] = await listedKeys();
    expect(others).toEqual([]);
    expect(listed?.key).toEqual(key);
    expect(listed?.pushTimeSeconds).toBeGreaterThan(1_600_000_000);
    expect(await client.delete(key, soon())).toEqual({ status: "accepted" });
    // The gateway answers before it has done it.
    await waitFor(async () => (await listedKeys()).length === 0, { what: "the group to go" });
  });

  test("a put replaces the group, whatever the order of its labels", async () => {
    const key = { job: "j", labels: { a: "1", b: "2" } };
    await client.put(key, [switches(1), durations], soon());
    await client.put({ job: "j", labels: { b: "2", a: "1" } }, [switches(5)], soon());
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toMatch(/^hypertool_persona_switches_total\{.*\} 5$/m);
    expect(text).not.toContain("hypertool_persona_duration_seconds");
    await client.delete(key, soon());
  });

  test("a family without series, and no family at all, are fine", async () => {
    const key = { job: "j", labels: {} };
    expect(await client.put(key, [{ ...switches(1), series: [] }], soon())).toEqual({ status: "accepted" });
    expect(await client.put(key, [], soon())).toEqual({ status: "accepted" });
    await client.delete(key, soon());
  });

  test("a clash of types is refused in the gateway's words", async () => {
    const key = { job: "first", labels: {} };
    const gauge = { ...switches(1), type: "gauge" as const };
    expect(await client.put(key, [switches(1)], soon())).toEqual({ status: "accepted" });
    expect(await client.put({ job: "second", labels: {} }, [gauge], soon())).toMatchObject({
      status: "refused",
      reason: "http_400",
      detail: expect.stringContaining("hypertool_persona_switches_total"),
    });
    await client.delete(key, soon());
    await client.delete({ job: "second", labels: {} }, soon());
  });

  test("an empty job is refused", async () => {
    expect(await client.put({ job: "", labels: {} }, [switches(1)], soon())).toMatchObject({
      status: "refused",
      reason: "http_400",
    });
  });

  test("deleting what is not there is fine", async () => {
    expect(await client.delete({ job: "nobody", labels: {} }, soon())).toEqual({ status: "accepted" });
  });

  test("tells its version", async () => {
    expect(await client.probe(soon())).toEqual({
      ok: true,
      value: { version: expect.stringMatching(/^\d+\./) },
    });
  });
});
