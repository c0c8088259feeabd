import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

/** A Pushgateway that takes everything; counts what it was sent. */
async function startGateway() {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume().on("end", () => response.writeHead(202).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => new Promise((resolve) => server.close(resolve));
  onTestFinished(() => void server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests: () => requests, close };
}

test("in the foreground, what cannot be delivered is one line on stderr and changes nothing else", async () => {
  const { run } = sandboxOfTest();
  const gateway = await startGateway();
  const env = { PUSHGATEWAY_URL: gateway.url, TTA_PERSONA_DELIVERY: "foreground" };
  expect(await run(["switch", "backend"], { env })).toMatchObject({
    code: 0,
    stdout: "Switched to ⚙️ backend-engineer\n",
    stderr: "",
  });
  expect(gateway.requests()).toBeGreaterThan(0);
  await gateway.close();

  const late = await run(["switch", "testing", "--json"], { env });
  expect(documentOf(late)).toMatchObject({ outcome: "switched" });
  expect(late).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^tta-persona: not delivered yet: pushgateway \(.*\n$/),
  });
  expect((await run(["end", "--quiet"], { env })).stderr).toBe("");
});

test("in the background, one deliverer is started, and what it left to say is said", async () => {
  const { run, home, processes } = sandboxOfTest();
  const env = { PUSHGATEWAY_URL: "http://127.0.0.1:9", TTA_PERSONA_DELIVERY: "background" };
  mkdirSync(join(home, "state"), { recursive: true });
  writeFileSync(join(home, "state/delivery-notice"), "pushgateway is out\n");
  expect(await run(["switch", "backend", "--chatmode", "api"], { env })).toMatchObject({
    code: 0,
    stderr: "tta-persona: pushgateway is out\n",
  });
  expect(processes()).toHaveLength(1);
});

test.each([
  ["no sink", {}],
  ["delivery switched off", { PUSHGATEWAY_URL: "http://127.0.0.1:9", TTA_PERSONA_DELIVERY: "off" }],
])("with %s nothing is started", async (_, env) => {
  const { run, processes } = sandboxOfTest();
  expect(await run(["switch", "backend", "--chatmode", "api"], { env })).toMatchObject({
    code: 0,
    stderr: "",
  });
  expect(await run(["end"], { env })).toMatchObject({ code: 0, stderr: "" });
  expect(processes()).toEqual([]);
});
