import type { IncomingMessage } from "node:http";
import type { Registry } from "prom-client";
import { UserError } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { MetricFamily } from "../projection/metric-family.ts";
import { basicAuth } from "./basic-auth.ts";
import { classifyError, type Undelivered } from "./classify-error.ts";
import { classifyResponse, oneLine } from "./classify-response.ts";
import { EXPOSITION_CONTENT_TYPE, renderExposition } from "./exposition.ts";
import { findMetricProblem } from "./metric-problem.ts";
import { type ObservedExchange, observeExchange } from "./observed-agent.ts";
import type { DeliveryOutcome } from "./outcome.ts";
import { type GroupingKey, groupPath, type PushedGroup, parsePushedGroups } from "./pushgateway-group.ts";
import { readText } from "./read-text.ts";

export interface PushgatewayOptions {
  /** May have a path prefix, and userinfo for basic auth; without a scheme it is taken for http. */
  readonly url: string;
  /** Win over the URL's userinfo. */
  readonly username?: string;
  readonly password?: string;
  readonly userAgent?: string;
}

/** No method rejects; a signal must be given because prom-client waits for ever without one. */
export interface PushgatewayClient {
  /** Replaces the whole group. */
  put(key: GroupingKey, families: readonly MetricFamily[], signal: AbortSignal): Promise<DeliveryOutcome>;
  /** Accepted too when there is no such group. */
  delete(key: GroupingKey, signal: AbortSignal): Promise<DeliveryOutcome>;
  listGroups(signal: AbortSignal): Promise<Result<readonly PushedGroup[], Undelivered>>;
  /** Whether the gateway is ready; `version` when it tells. */
  probe(signal: AbortSignal): Promise<Result<{ readonly version?: string }, Undelivered>>;
}

/** @throws UserError when the URL is not one; its message never quotes the URL. */
export function createPushgatewayClient(options: PushgatewayOptions): PushgatewayClient {
  const { baseUrl, authorization } = parseLocation(options);
  const prefix = baseUrl.pathname.replace(/\/+$/, "");
  const headers = {
    ...(authorization !== undefined && { authorization }),
    ...(options.userAgent !== undefined && { "user-agent": options.userAgent }),
  };

  async function write(
    method: "push" | "delete",
    key: GroupingKey,
    text: string,
    signal: AbortSignal,
  ): Promise<DeliveryOutcome> {
    if (signal.aborted) return { status: "unavailable", reason: "timeout" };
    const { Pushgateway } = await import("./prom-client.ts");
    const limit = answerLimit();
    const exchange = await observeExchange(baseUrl.protocol, {}, { onResponse: limit.watch });
    // prom-client writes the job in plain only, so the path is given whole, over the one it makes.
    const request = {
      path: `${prefix}/metrics${groupPath(key)}`,
      agent: exchange.agent,
      signal,
      requireJobName: false,
      headers: method === "delete" ? headers : { ...headers, ...describeBody(text) },
    };
    const rendered = { metrics: async () => text } as unknown as Registry;
    const gateway = new Pushgateway(baseUrl.href, request, rendered);
    const answered = withoutDeprecations(() => gateway[method]({ jobName: "" }));
    const outcome = await settle(exchange, answered, signal);
    return limit.isPassed() ? { status: "unavailable", reason: "invalid_response" } : outcome;
  }

  async function read(path: string, signal: AbortSignal): Promise<Result<string, Undelivered>> {
    try {
      const url = `${baseUrl.origin}${prefix}${path}`;
      const response = await fetch(url, { headers, signal, redirect: "manual" });
      const received = { status: response.status, headers: Object.fromEntries(response.headers) };
      const body = await readText(response);
      const failure = classifyResponse({ ...received, body }, (status) => status === 200);
      return failure === undefined ? ok(body) : err(failure);
    } catch (error) {
      return err(classifyError(error, false));
    }
  }

  return {
    async put(key, families, signal) {
      const problem = findMetricProblem(families);
      if (problem !== undefined)
        return { status: "refused", reason: "invalid_metrics", detail: oneLine(problem) };
      return write("push", key, await renderExposition(families), signal);
    },
    delete: (key, signal) => write("delete", key, "", signal),
    async listGroups(signal) {
      const body = await read("/api/v1/metrics", signal);
      if (!body.ok) return body;
      const groups = parsePushedGroups(body.value);
      return groups === undefined ? err({ status: "unavailable", reason: "invalid_response" }) : ok(groups);
    },
    async probe(signal) {
      const ready = await read("/-/ready", signal);
      if (!ready.ok) return ready;
      const status = await read("/api/v1/status", signal);
      const version = status.ok ? versionIn(status.value) : undefined;
      return ok({ ...(version !== undefined && { version }) });
    },
  };
}

/** A Pushgateway answers with nothing, or with a line that says what is wrong. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** prom-client keeps all that is answered: an answer without an end would be the end of this process. */
function answerLimit() {
  let bytes = 0;
  return {
    watch(response: IncomingMessage) {
      response.on("data", (chunk: string | Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) response.destroy();
      });
    },
    isPassed: () => bytes > MAX_ANSWER_BYTES,
  };
}

/**
 * prom-client takes the URL apart by `url.parse`, of which Node.js 24 warns on stderr (DEP0169). It does so before the
 * first turn of the event loop, and what it parses is a `URL` that has been written out.
 */
function withoutDeprecations<T>(call: () => T): T {
  const { noDeprecation } = process;
  process.noDeprecation = true;
  try {
    return call();
  } finally {
    process.noDeprecation = noDeprecation ?? false;
  }
}

const ACCEPTED: ReadonlySet<number> = new Set([200, 202]);

/** prom-client resolves on redirects, hides the headers, and never settles when an answer is cut off. */
async function settle(
  exchange: ObservedExchange,
  answered: Promise<{ body?: unknown }>,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  let error: unknown;
  let body = "";
  try {
    const result = await Promise.race([answered, exchange.cut]);
    if (result !== undefined) body = String(result.body ?? "");
  } catch (caught) {
    error = caught;
    if (caught instanceof Error) body = caught.message.replace(/^push failed with status \d+, /, "");
  }
  const response = exchange.response();
  if (response?.complete) {
    const received = { status: response.statusCode ?? 0, headers: response.headers, body };
    return classifyResponse(received, (status) => ACCEPTED.has(status)) ?? { status: "accepted" };
  }
  exchange.abort();
  if (signal.aborted) return classifyError(signal.reason, exchange.sent());
  return error === undefined
    ? { status: "doubtful", reason: "connection_reset" }
    : classifyError(error, exchange.sent());
}

function describeBody(text: string) {
  return { "content-type": EXPOSITION_CONTENT_TYPE, "content-length": String(Buffer.byteLength(text)) };
}

function parseLocation(options: PushgatewayOptions): { baseUrl: URL; authorization?: string } {
  const text = options.url.includes("://") ? options.url : `http://${options.url}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new UserError({
      reason: "pushgateway-url",
      message: "the Pushgateway's URL is not a valid http:// or https:// URL",
      hint: "give it as http://host:9091, with PUSHGATEWAY_URL or the setting pushgateway.url",
    });
  }
  const authorization = basicAuth(url, options);
  const baseUrl = new URL(url.origin);
  baseUrl.pathname = url.pathname;
  return { baseUrl, ...(authorization !== undefined && { authorization }) };
}

function versionIn(body: string): string | undefined {
  try {
    const version = JSON.parse(body)?.data?.build_information?.version;
    return typeof version === "string" ? oneLine(version) : undefined;
  } catch {
    return undefined;
  }
}
