import { err, ok, type Result } from "../core/result.ts";
import { basicAuth } from "./basic-auth.ts";
import { classifyError, type Undelivered } from "./classify-error.ts";
import { classifyResponse } from "./classify-response.ts";
import { readText } from "./read-text.ts";

/** A Langfuse project: its server and the keys. */
export interface LangfuseProject {
  /** Base URL; may have a path prefix. */
  readonly host: string;
  readonly publicKey: string;
  readonly secretKey: string;
  /** How it takes traces. */
  readonly ingestion: "otlp" | "legacy";
  readonly userAgent: string;
}

export interface LangfuseRequest {
  readonly method?: "GET" | "POST" | "PATCH";
  /** Below `/api/public`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
}

/** The URL of an endpoint of the public API. Userinfo in the host is none of Langfuse's, and dropped. */
export function langfuseUrl({ host }: Pick<LangfuseProject, "host">, path: string): URL {
  const url = new URL(host);
  url.username = "";
  url.password = "";
  url.search = "";
  url.hash = "";
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/api/public${path}`;
  return url;
}

export function langfuseAuthorization({ host, publicKey, secretKey }: LangfuseProject): string {
  return basicAuth(new URL(host), { username: publicKey, password: secretKey }) ?? "";
}

/** One request and its JSON answer. Never rejects; an answer that is no JSON makes no sense. */
export async function askLangfuse(
  project: LangfuseProject,
  { method = "GET", path, query = {}, body }: LangfuseRequest,
  signal: AbortSignal,
): Promise<Result<unknown, Undelivered>> {
  try {
    const url = langfuseUrl(project, path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const response = await fetch(url, {
      method,
      redirect: "manual",
      signal,
      headers: {
        authorization: langfuseAuthorization(project),
        "user-agent": project.userAgent,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await readText(response);
    const headers = Object.fromEntries(response.headers);
    const failure = classifyResponse(
      { status: response.status, headers, body: text },
      (status) => status >= 200 && status <= 299,
    );
    return failure === undefined ? parse(text) : err(failure);
  } catch (error) {
    return err(classifyError(error, false));
  }
}

function parse(text: string): Result<unknown, Undelivered> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return err({ status: "unavailable", reason: "invalid_response" });
  }
}
