import { err, ok, type Result } from "../core/result.ts";
import { compareVersions } from "../core/version.ts";
import type { Undelivered } from "./classify-error.ts";
import { oneLine } from "./classify-response.ts";
import { askLangfuse, type LangfuseProject } from "./langfuse-http.ts";

/** The first version that takes traces over OTLP, and the first that takes them in no other way. */
const FIRST_WITH_OTLP = "3.22.0";
const FIRST_WITHOUT_LEGACY = "4.0.0";

export type LangfuseProblem =
  | { readonly kind: "unreachable"; readonly undelivered: Undelivered }
  | { readonly kind: "wrong-keys" }
  | { readonly kind: "too-old" | "too-new"; readonly version: string };

/** Whether a server is there, takes traces as the project has it, and knows the keys; `version` and `project` when it tells. */
export async function probeLangfuse(
  project: LangfuseProject,
  signal: AbortSignal,
): Promise<Result<{ readonly version?: string; readonly project?: string }, LangfuseProblem>> {
  const [health, projects] = await Promise.all([
    askLangfuse(project, { path: "/health" }, signal),
    askLangfuse(project, { path: "/projects" }, signal),
  ]);
  if (!health.ok) return err({ kind: "unreachable", undelivered: health.error });
  const version = textIn(health.value, "version");
  if (version !== undefined) {
    const isBefore = (other: string) => compareVersions(version.replace(/^v/, ""), other) < 0;
    const isLegacy = project.ingestion === "legacy";
    if (!isLegacy && isBefore(FIRST_WITH_OTLP)) return err({ kind: "too-old", version });
    if (isLegacy && !isBefore(FIRST_WITHOUT_LEGACY)) return err({ kind: "too-new", version });
  }
  if (!projects.ok) {
    const isRefused = /^http_40[13]$/.test(projects.error.reason);
    return err(isRefused ? { kind: "wrong-keys" } : { kind: "unreachable", undelivered: projects.error });
  }
  const data = (projects.value as { readonly data?: unknown } | null)?.data;
  const name = Array.isArray(data) ? textIn(data[0], "name") : undefined;
  return ok({
    ...(version === undefined ? {} : { version }),
    ...(name === undefined ? {} : { project: name }),
  });
}

function textIn(value: unknown, key: string): string | undefined {
  const text = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  return typeof text === "string" && text !== "" ? oneLine(text) : undefined;
}
