import { err, ok, type Result } from "../core/result.ts";
import { withoutUserinfo } from "../core/url.ts";
import { basicAuth } from "./basic-auth.ts";
import { classifyError } from "./classify-error.ts";
import { classifyResponse, oneLine } from "./classify-response.ts";
import { readText } from "./read-text.ts";

/** Why there is no value: `reason` as in `DeliveryOutcome`, or `no_data`, `bad_query`. */
export interface QueryFailure {
  readonly reason: string;
  readonly detail?: string;
}

/**
 * Asks a Prometheus for one number: the value of an instant query now
 * (https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries).
 *
 * Several series, or none, are no number; nor is NaN, which is what a ratio without traffic gives.
 *
 * @param url base URL; may have a path prefix, and userinfo for basic auth.
 */
export async function queryPrometheus(
  url: string,
  query: string,
  signal: AbortSignal,
): Promise<Result<number, QueryFailure>> {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return err({ reason: "bad_url" });
  try {
    const authorization = basicAuth(new URL(url));
    const response = await fetch(`${withoutUserinfo(url).replace(/\/+$/, "")}/api/v1/query`, {
      method: "POST",
      redirect: "manual",
      signal,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: new URLSearchParams({ query }),
    });
    const body = await readText(response);
    // A query that makes no sense is answered 400 or 422, with what is wrong with it.
    if (response.status === 400 || response.status === 422) {
      return err({ reason: "bad_query", detail: errorText(body) });
    }
    const headers = Object.fromEntries(response.headers);
    const failure = classifyResponse({ status: response.status, headers, body }, (status) => status === 200);
    return failure === undefined ? readNumber(body) : err({ reason: failure.reason });
  } catch (error) {
    return err({ reason: classifyError(error, false).reason });
  }
}

function readNumber(body: string): Result<number, QueryFailure> {
  let data: { resultType?: unknown; result?: unknown } | undefined;
  try {
    data = (JSON.parse(body) as { data?: typeof data }).data;
  } catch {
    return err({ reason: "invalid_response" });
  }
  if (data?.resultType === "scalar" && Array.isArray(data.result)) return finite(data.result[1]);
  if (data?.resultType !== "vector" || !Array.isArray(data.result)) {
    return err({ reason: "bad_query", detail: "the query does not give a number" });
  }
  if (data.result.length === 0) return err({ reason: "no_data" });
  if (data.result.length > 1) {
    return err({
      reason: "bad_query",
      detail: `the query gives ${data.result.length} series instead of one`,
    });
  }
  return finite((data.result[0] as { value?: readonly unknown[] })?.value?.[1]);
}

function finite(text: unknown): Result<number, QueryFailure> {
  const value = Number(text);
  return typeof text === "string" && Number.isFinite(value) ? ok(value) : err({ reason: "no_data" });
}

function errorText(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === "string" ? oneLine(error) : "bad request";
  } catch {
    return "bad request";
  }
}
