import { connect } from "node:net";
import { err, ok, type Result } from "../core/result.ts";
import { classifyError, type Undelivered } from "./classify-error.ts";
import { classifyResponse } from "./classify-response.ts";
import type { OtlpDestination } from "./otlp-config.ts";
import { readText } from "./read-text.ts";

/**
 * Whether an OTLP backend takes what we would send: over http by an export of nothing, which also checks
 * the path and the credentials; over grpc only whether somebody listens.
 */
export async function probeOtlp(
  { protocol, endpoint, headers }: OtlpDestination,
  timeoutMs: number,
): Promise<Result<undefined, Undelivered>> {
  try {
    if (protocol === "grpc") {
      await listens(new URL(endpoint), timeoutMs);
      return ok(undefined);
    }
    const json = protocol === "http/json";
    const response = await fetch(endpoint, {
      method: "POST",
      // An empty protobuf message is an export of nothing.
      body: json ? '{"resourceSpans":[]}' : "",
      headers: { ...headers, "content-type": json ? "application/json" : "application/x-protobuf" },
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const received = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await readText(response),
    };
    const failure = classifyResponse(received, (status) => status >= 200 && status < 300);
    return failure === undefined ? ok(undefined) : err(failure);
  } catch (error) {
    return err(classifyError(error, false));
  }
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
