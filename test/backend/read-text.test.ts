import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { askGrafana } from "../../src/backend/grafana-http.ts";
import { askLangfuse } from "../../src/backend/langfuse-http.ts";
import { queryPrometheus } from "../../src/backend/prometheus-query.ts";

const DEADLINE_MS = 60_000;

/** A server whose answers never end. @returns its address. */
async function endlessServer(): Promise<string> {
  const piece = Buffer.alloc(1024 * 1024, " ");
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const fill = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", fill);
    fill();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("an answer without an end is no answer, long before the deadline", {
  timeout: DEADLINE_MS,
}, async () => {
  const url = await endlessServer();
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const keys = { publicKey: "pk", secretKey: "sk", ingestion: "otlp", userAgent: "test" } as const;
  const answers = [
    await askGrafana({ url, token: undefined, userAgent: "test" }, { path: "/api/health" }, signal),
    await askLangfuse({ host: url, ...keys }, { path: "/projects" }, signal),
    await queryPrometheus(url, "up", signal),
  ];
  const reasons = answers.map((answer) => (answer.ok ? undefined : answer.error.reason));
  expect(reasons).toEqual(["invalid_response", "invalid_response", "invalid_response"]);
});

test("an answer is read as it is, whatever pieces it comes in", async () => {
  const text = '{ "title": "Überblick 📊" }';
  const server = createServer((_, response) => {
    for (const byte of Buffer.from(text)) response.write(Buffer.of(byte));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked = askGrafana(
    { url, token: undefined, userAgent: "test" },
    { path: "/" },
    AbortSignal.timeout(30_000),
  );
  expect(await asked).toEqual({ ok: true, value: JSON.parse(text) });
});
