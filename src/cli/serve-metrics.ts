import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { EXPOSITION_CONTENT_TYPE } from "../backend/exposition.ts";
import { ExitCode, errorCode, UserError } from "../core/errors.ts";
import { advanceLedger } from "../projection/ledger-store.ts";
import type { CliContext } from "./context.ts";
import { currentLedger } from "./delivery-context.ts";
import { exposition, families } from "./exposition.ts";
import type { MetricsServeJson } from "./json-shapes.ts";

const signalNumbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/**
 * Answers `GET /metrics` until a signal ends it. Each scrape reads what the journal has gained.
 *
 * @returns 128 + the signal's number.
 * @throws UserError when the address cannot be listened on.
 */
export async function serveMetrics(ctx: CliContext, host: string, port: number): Promise<number> {
  let ledger = currentLedger(ctx);
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (path !== "/metrics" || (request.method !== "GET" && request.method !== "HEAD")) {
      response.writeHead(path === "/metrics" ? 405 : 404, { "content-type": "text/plain" });
      response.end("The metrics are at /metrics\n");
      return;
    }
    const scrape = async () => {
      ledger = advanceLedger(ctx.home, ledger);
      return exposition(families(ctx, ledger));
    };
    scrape().then(
      (text) => response.writeHead(200, { "content-type": EXPOSITION_CONTENT_TYPE }).end(text),
      () => response.writeHead(500, { "content-type": "text/plain" }).end("The journal cannot be read.\n"),
    );
  });
  await listen(server, host, port);
  const { port: bound } = server.address() as AddressInfo;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${bound}/metrics`;
  const document: MetricsServeJson = { schema: "tta-persona/metrics-serve/1", url };
  ctx.output.answer(document, `Serving ${url} (Ctrl-C ends it)\n`);
  const signal = await new Promise<keyof typeof signalNumbers>((resolve) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => resolve(name));
  });
  server.close();
  server.closeAllConnections();
  return 128 + signalNumbers[signal];
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const why = errorCode(error) === "EADDRINUSE" ? "it is in use" : (errorCode(error) ?? "unknown");
      const failure = {
        reason: "cannot-listen",
        message: `Cannot listen on ${host}:${port} (${why}).`,
        hint: "Choose another with --port; 0 takes a free one.",
      };
      reject(new UserError(failure, ExitCode.failed));
    });
    server.listen(port, host, () => resolve());
  });
}
