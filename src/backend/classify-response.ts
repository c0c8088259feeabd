import type { Undelivered } from "./classify-error.ts";

/** Header values by lower-case name, as Node's http gives them. */
type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface ReceivedResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** Only quoted (as `detail`) when the payload is refused. */
  readonly body?: string;
}

/**
 * What an HTTP answer means, or undefined when it stands for success. Only 400 and 413 blame the payload; a
 * redirect, a missing right or a wrong path is a matter of configuration, and the data must wait for it.
 */
export function classifyResponse(
  response: ReceivedResponse,
  isSuccess: (status: number) => boolean,
): Undelivered | undefined {
  const { status, headers } = response;
  if (isSuccess(status)) {
    // A login page or a web application that answers 200 to everything has stored nothing.
    return isWebPage(headers) ? { status: "unavailable", reason: "invalid_response" } : undefined;
  }
  const reason = `http_${status}`;
  if (status === 400 || status === 413) {
    const detail = oneLine(response.body ?? "");
    return { status: "refused", reason, ...(detail !== "" && { detail }) };
  }
  const retryAfterMs = retryAfter(headers);
  return { status: "unavailable", reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

const MAX_DETAIL_LENGTH = 300;

/** A backend's own words, fit for one line of a terminal or a log: no control characters, at most 300 long. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, MAX_DETAIL_LENGTH);
}

const DAY_MS = 86_400_000;

/**
 * `Retry-After` in milliseconds, at most a day. A date is measured against the answer's own `Date`, so that
 * the two machines' clocks need not agree.
 */
function retryAfter(headers: ResponseHeaders): number | undefined {
  const value = single(headers["retry-after"])?.trim();
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value)
    ? Number(value) * 1000
    : Date.parse(value) - Date.parse(single(headers.date) ?? "");
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), DAY_MS);
}

function isWebPage(headers: ResponseHeaders): boolean {
  return /^text\/html\b/i.test(single(headers["content-type"]) ?? "");
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}
