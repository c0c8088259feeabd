import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { createPushgatewayClient, type PushgatewayOptions } from "../../src/backend/pushgateway.ts";
import { UserError } from "../../src/core/errors.ts";
import type { Behaviour } from "../support/behaviour.ts";
import { type FakePushgateway, startFakePushgateway } from "../support/fake-pushgateway.ts";
import { startFaultyServer } from "../support/faulty-server.ts";
import { untilReceived } from "../support/until-received.ts";
import { waitFor } from "../support/wait-for.ts";
import { durations, switches } from "./metric-families.ts";

const key = { job: "tta-persona", labels: { instance: "a/b" } };
const servers: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function gateway(options: Parameters<typeof startFakePushgateway>[0] = {}): Promise<FakePushgateway> {
  const server = await startFakePushgateway(options);
  servers.push(server);
  return server;
}

const generous = () => AbortSignal.timeout(60_000);

describe("putting a group", () => {
  test("replaces it as a whole", async () => {
    const server = await gateway();
    const client = createPushgatewayClient({ url: server.url, userAgent: "tta-persona/0" });
    expect(await client.put(key, [switches(1), durations], generous())).toEqual({ status: "accepted" });
    expect(await client.put(key, [switches(2)], generous())).toEqual({ status: "accepted" });
    expect(server.groups().map((group) => group.key)).toEqual([{ job: "tta-persona", instance: "a/b" }]);
    expect(server.value("hypertool_persona_switches_total")).toBe(2);
    expect(server.value("hypertool_persona_duration_seconds_count")).toBeUndefined();

    const [first] = server.requests();
    expect(first).toMatchObject({
      method: "PUT",
      path: "/metrics/job@base64/dHRhLXBlcnNvbmE/instance@base64/YS9i",
      headers: { "user-agent": "tta-persona/0", "content-type": expect.stringContaining("version=0.0.4") },
    });
    expect(Number(first?.headers["content-length"])).toBe(first?.body.length);
  });

  test("an answer without an end is no answer, and is not kept", async () => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    const server = createServer((request, response) => {
      const go = () => {
        while (!response.destroyed && response.write(chunk));
      };
      request.resume().on("end", go);
      response.on("drain", go);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const client = createPushgatewayClient({ url: `http://127.0.0.1:${port}` });
    const outcome = await client.put(key, [switches(1)], AbortSignal.timeout(60_000));
    expect(outcome).toEqual({ status: "unavailable", reason: "invalid_response" });
  });

  test.each<[Behaviour, object]>([
    [{ status: 202 }, { status: "accepted" }],
    [{ status: 204 }, { status: "unavailable", reason: "http_204" }],
    [{ status: 301 }, { status: "unavailable", reason: "http_301" }],
    [{ status: 302 }, { status: "unavailable", reason: "http_302" }],
    [
      { status: 400, body: "text\nformat" },
      { status: "refused", reason: "http_400", detail: "text format" },
    ],
    [
      { status: 413, body: "" },
      { status: "refused", reason: "http_413" },
    ],
    [{ status: 401 }, { status: "unavailable", reason: "http_401" }],
    [{ status: 403 }, { status: "unavailable", reason: "http_403" }],
    [{ status: 404 }, { status: "unavailable", reason: "http_404" }],
    [
      { status: 429, headers: { "retry-after": "3" } },
      { status: "unavailable", reason: "http_429", retryAfterMs: 3000 },
    ],
    [{ status: 503 }, { status: "unavailable", reason: "http_503" }],
    [
      { status: 200, headers: { "content-type": "text/html" } },
      { status: "unavailable", reason: "invalid_response" },
    ],
    ["refuse", { status: "unavailable", reason: "connection_refused" }],
    ["cut", { status: "doubtful", reason: "connection_reset" }],
    ["cut-after-accept", { status: "doubtful", reason: "connection_reset" }],
    ["nonsense", { status: "unavailable", reason: "invalid_response" }],
    ["hang", { status: "doubtful", reason: "timeout" }],
    ["drip", { status: "doubtful", reason: "timeout" }],
    ["drip-body", { status: "doubtful", reason: "timeout" }],
  ])("%j", async (behaviour, outcome) => {
    const server = await gateway({ behaviour });
    const client = createPushgatewayClient({ url: server.url });
    const isSlow = ["hang", "drip", "drip-body"].includes(String(behaviour));
    const put = (deadlineMs: number) => client.put(key, [switches(1)], AbortSignal.timeout(deadlineMs));
    expect(await (isSlow ? untilReceived(server, put) : put(60_000))).toEqual(outcome);
  });

  test("an answer that is cut off in its body is in doubt at once", async () => {
    const server = await startFaultyServer({ behaviour: "drip-body" });
    servers.push(server);
    const client = createPushgatewayClient({ url: server.url });
    const outcome = client.put(key, [switches(1)], generous());
    await waitFor(() => server.requests().length === 1, { what: "the request" });
    await server.behave("refuse");
    expect(await outcome).toEqual({ status: "doubtful", reason: "connection_reset" });
  });

  test("what Prometheus would misread is refused here and never sent", async () => {
    const server = await gateway();
    const client = createPushgatewayClient({ url: server.url });
    expect(await client.put(key, [switches(Number.NaN)], generous())).toMatchObject({
      status: "refused",
      reason: "invalid_metrics",
      detail: expect.stringContaining("hypertool_persona_switches_total"),
    });
    expect(server.requests()).toEqual([]);
  });

  test("nothing is sent once time is up", async () => {
    const server = await gateway();
    const client = createPushgatewayClient({ url: server.url });
    const outcome = await client.put(key, [switches(1)], AbortSignal.abort());
    expect(outcome).toEqual({ status: "unavailable", reason: "timeout" });
    expect(server.connectionCount()).toBe(0);
  });

  test("a host that does not exist", async () => {
    const client = createPushgatewayClient({ url: "http://gateway.invalid:9091" });
    expect(await client.put(key, [], generous())).toEqual({ status: "unavailable", reason: "dns" });
  });

  test("plain HTTP where TLS is expected", async () => {
    const server = await gateway();
    const client = createPushgatewayClient({ url: server.url.replace("http:", "https:") });
    expect(await client.put(key, [], generous())).toEqual({ status: "unavailable", reason: "tls" });
  });
});

describe("credentials", () => {
  const credentials = { username: "ci bot", password: "p@ss:wörd%" };
  const asked = async (server: FakePushgateway, options: Partial<PushgatewayOptions>) =>
    createPushgatewayClient({ url: server.url, ...options }).put(key, [switches(1)], generous());

  test("from the options, or from the URL", async () => {
    const server = await gateway({ credentials });
    expect(await asked(server, credentials)).toEqual({ status: "accepted" });
    const userinfo = "ci%20bot:p%40ss%3Aw%C3%B6rd%25@";
    expect(await asked(server, { url: server.url.replace("//", `//${userinfo}`) })).toEqual({
      status: "accepted",
    });
    expect(await asked(server, {})).toEqual({ status: "unavailable", reason: "http_401" });
  });

  test("the options win over the URL", async () => {
    const server = await gateway({ credentials });
    const url = server.url.replace("//", "//someone:else@");
    expect(await asked(server, { url, ...credentials })).toEqual({ status: "accepted" });
  });

  test.each(["ftp://user:secret@host", "http://user:secret@ho st", "http://", "unix:///secret"])(
    "the message about a bad URL does not quote it: %s",
    (url) => {
      const create = () => createPushgatewayClient({ url });
      expect(create).toThrow(UserError);
      expect(create).not.toThrow(/secret|user/);
    },
  );
});

describe("the URL", () => {
  test.each([
    ["", "/metrics/"],
    ["/", "/metrics/"],
    ["/pushgateway", "/pushgateway/metrics/"],
    ["/pushgateway/", "/pushgateway/metrics/"],
  ])("with the path %j", async (path, expected) => {
    const server = await startFaultyServer();
    servers.push(server);
    const client = createPushgatewayClient({ url: `${server.url}${path}` });
    await client.put(key, [switches(1)], generous());
    await client.probe(generous());
    const paths = server.requests().map((request) => request.path);
    expect(paths[0]).toMatch(new RegExp(`^${expected}job@base64/`));
    expect(paths[1]).toBe(`${expected.replace("metrics/", "")}-/ready`);
  });

  test("without a scheme", async () => {
    const server = await gateway();
    const client = createPushgatewayClient({ url: `localhost:${server.port}` });
    expect(await client.put(key, [switches(1)], generous())).toEqual({ status: "accepted" });
  });
});

describe("asking the gateway", () => {
  test.each<[Behaviour, { readonly status: string; readonly reason: string }]>([
    ["refuse", { status: "unavailable", reason: "connection_refused" }],
    ["hang", { status: "unavailable", reason: "timeout" }],
    ["drip-body", { status: "unavailable", reason: "timeout" }],
    [{ status: 302 }, { status: "unavailable", reason: "http_302" }],
    [{ status: 401 }, { status: "unavailable", reason: "http_401" }],
    [
      { status: 200, body: "not JSON" },
      { status: "unavailable", reason: "invalid_response" },
    ],
    [
      { status: 200, body: '{"data":[{}]}' },
      { status: "unavailable", reason: "invalid_response" },
    ],
  ])("for its groups, %j", async (behaviour, error) => {
    const server = await startFaultyServer({ behaviour });
    servers.push(server);
    const client = createPushgatewayClient({ url: server.url });
    const isSlow = error.reason === "timeout";
    expect(await client.listGroups(isSlow ? AbortSignal.timeout(200) : generous())).toEqual({
      ok: false,
      error,
    });
  });

  test("a gateway that tells no version is ready all the same", async () => {
    const server = await startFaultyServer({
      behaviour: (request) => (request.path === "/-/ready" ? "ok" : { status: 404 }),
    });
    servers.push(server);
    const client = createPushgatewayClient({ url: server.url });
    expect(await client.probe(generous())).toEqual({ ok: true, value: {} });
  });
});
