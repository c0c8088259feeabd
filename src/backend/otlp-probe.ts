import type { RequestOptions } from "node:https";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { err, ok, type Result } from "../core/result.ts";
import { classifyError, type Undelivered } from "./classify-error.ts";
import { classifyResponse, type ReceivedResponse } from "./classify-response.ts";
import { readCertificates } from "./otlp.ts";
import type { OtlpDestination } from "./otlp-config.ts";
import { readText } from "./read-text.ts";

/**
 * Whether an OTLP backend takes what we would send: over http by an export of nothing, which also checks
 * the path and the credentials; over grpc only whether somebody listens.
 *
 * @throws UserError when a certificate or key file cannot be read.
 */
export async function probeOtlp(
  destination: OtlpDestination,
  timeoutMs: number,
): Promise<Result<undefined, Undelivered>> {
  const { protocol, endpoint, headers } = destination;
  const certificates = await readCertificates(destination);
  try {
    if (protocol === "grpc") {
      await listens(new URL(endpoint), timeoutMs);
      return ok(undefined);
    }
    const json = protocol === "http/json";
    const contentType = json ? "application/json" : "application/x-protobuf";
    // An empty protobuf message is an export of nothing.
    const body = json ? '{"resourceSpans":[]}' : "";
    const received = await post(endpoint, body, {
      ...certificates,
      headers: { ...headers, "content-type": contentType, "content-length": body.length },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const failure = classifyResponse(received, (status) => status >= 200 && status < 300);
    return failure === undefined ? ok(undefined) : err(failure);
  } catch (error) {
    return err(classifyError(error, false));
  }
}

/** By Node's own client, which takes certificates; `fetch` takes none. */
async function post(url: string, body: string, options: RequestOptions): Promise<ReceivedResponse> {
  const { request } =
    new URL(url).protocol === "https:" ? await import("node:https") : await import("node:http");
  return new Promise((resolve, reject) => {
    const asked = request(url, { ...options, method: "POST", agent: false }, (response) => {
      const { statusCode: status = 0, headers } = response;
      readText({ body: Readable.toWeb(response) as Response["body"] }).then(
        (text) => resolve({ status, headers, body: text }),
        reject,
      );
    });
    asked.once("error", reject).end(body);
  });
}

function listens(url: URL, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ""), port });
    socket.setTimeout(timeoutMs, () =>
      socket.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" })),
    );
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
  });
}
