import { err, ok, type Result } from "../core/result.ts";
import { basicAuth } from "./basic-auth.ts";
import { classifyError, type Undelivered } from "./classify-error.ts";
import { classifyResponse, oneLine } from "./classify-response.ts";
import { readText } from "./read-text.ts";

/** A Grafana, and who asks it. */
export interface Grafana {
  /** Base URL; may have a path prefix, and userinfo for basic auth where there is no token. */
  readonly url: string;
  /** Of a service account. */
  readonly token: string | undefined;
  readonly userAgent: string;
}

export interface GrafanaRequest {
  readonly method?: "GET" | "POST";
  /** Below the base URL, such as `/api/health`; already encoded. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object;
}

/** `said` is Grafana's own message, on one line. */
export type GrafanaProblem = Undelivered & { readonly said?: string };

/** One request and its JSON answer. Never rejects; an answer that is no JSON makes no sense. */
export async function askGrafana(
  grafana: Grafana,
  { method = "GET", path, body }: GrafanaRequest,
  signal: AbortSignal,
): Promise<Result<unknown, GrafanaProblem>> {
  try {
    const url = new URL(grafana.url);
    const authorization = grafana.token === undefined ? basicAuth(url) : `Bearer ${grafana.token}`;
    const response = await fetch(grafanaUrl(grafana, path), {
      method,
      redirect: "manual",
      signal,
      headers: {
        accept: "application/json",
        "user-agent": grafana.userAgent,
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await readText(response);
    const failure = classifyResponse(
      { status: response.status, headers: Object.fromEntries(response.headers) },
      (status) => status === 200,
    );
    const answer = parse(text);
    if (failure === undefined) return answer;
    const said = answer.ok ? messageOf(answer.value) : undefined;
    return err({ ...failure, ...(said === undefined ? {} : { said }) });
  } catch (error) {
    return err(classifyError(error, false));
  }
}

/** The address of a path, without credentials, query and anchor of the base URL. */
export function grafanaUrl({ url: base }: Pick<Grafana, "url">, path: string): string {
  const url = new URL(base);
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}${path}`;
}

function parse(text: string): Result<unknown, Undelivered> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return err({ status: "unavailable", reason: "invalid_response" });
  }
}

function messageOf(answer: unknown): string | undefined {
  const { message } = (answer ?? {}) as { message?: unknown };
  return typeof message === "string" && message.trim() !== "" ? oneLine(message) : undefined;
}
