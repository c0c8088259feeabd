import type { Environment } from "../core/environment.ts";
import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { isSecretName } from "../core/secret-names.ts";
import type { SpanIdentity } from "../core/span.ts";
import { formatTraceparent } from "../core/trace-context.ts";
import {
  CI_NAMES,
  matchesAny,
  NEEDED,
  NEEDED_UNLESS_SECRET,
  NOT_INHERITED,
  OF_A_STAGE,
} from "./environment-names.ts";
import { outputVariable, parameterVariable } from "./names.ts";

/** Of a persona's `security`. */
export interface EnvironmentPolicy {
  /** Names or globs. Without a list, all passes whose name does not look like a secret's. */
  readonly allowEnvironmentAccess?: readonly string[] | undefined;
  /** More such lists, each of which has to let a variable through, too. */
  readonly alsoAllowedBy?: readonly (readonly string[] | undefined)[] | undefined;
  /** Globs that count more than the lists above. */
  readonly blockList?: readonly string[] | undefined;
}

export interface StageEnvironmentRequest {
  /** The caller's. */
  readonly env: Environment;
  readonly policy: EnvironmentPolicy;
  /** The process is part of the stage that the caller is in, if it is in one: it keeps that one's data. */
  readonly isSameStage?: boolean;
  /** By kebab-case name; one that was not given is undefined. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** By stage and key, of the stages that this one may see. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the stage's author wrote for it: no policy applies. */
  readonly stageEnv: Readonly<Record<string, string>>;
  /** The span that the process's own spans are children of. */
  readonly trace: SpanIdentity;
  readonly baggage?: string | undefined;
  /** Of the engine: counts more than all else. */
  readonly extra: Readonly<Record<string, string>>;
}

/** With the name and the byte that ends it: Linux's `MAX_ARG_STRLEN`. */
const MAX_VALUE = 128 * 1024;

/**
 * The environment of a stage's process.
 *
 * Of the caller's it gets what it needs to run; what tells of the CI job, unless the policy blocks it; and what the
 * policy lets through. On top of that the stage's own, `TTA_PARAM_<NAME>`, `TTA_OUTPUT_<STAGE>_<KEY>`, the trace
 * context and `extra`. Values are data and arrive unchanged.
 *
 * Failures: `environment-nul` and `environment-too-long`, by name, for a value that no environment can hold.
 */
export function stageEnvironment(request: StageEnvironmentRequest): Result<Record<string, string>, Failure> {
  const { env, policy, isSameStage = false, parameters, outputs, stageEnv, trace, baggage, extra } = request;
  const result = new Map<string, string>();
  const put = (name: string, value: string | undefined) => {
    if (value !== undefined) result.set(name, value);
  };
  for (const [name, value] of Object.entries(env)) {
    const isStale = !isSameStage && matchesAny(name, OF_A_STAGE);
    if (value !== undefined && !isStale && isPassed(name, value, policy)) put(name, value);
  }
  for (const [name, value] of Object.entries(stageEnv)) put(name, value);
  for (const [name, value] of Object.entries(parameters)) put(parameterVariable(name), value);
  for (const [stage, values] of Object.entries(outputs)) {
    for (const [key, value] of Object.entries(values)) {
      put(outputVariable(stage, key), value);
    }
  }
  put("TRACEPARENT", formatTraceparent(trace));
  for (const [name, value] of [
    ["TRACESTATE", trace.state],
    ["BAGGAGE", baggage],
  ] as const) {
    result.delete(name);
    put(name, value);
  }
  for (const [name, value] of Object.entries(extra)) put(name, value);
  for (const [name, value] of result) {
    if (name.includes("\0") || value.includes("\0")) return nulByte(name);
    if (value.length > MAX_VALUE / 3 && Buffer.byteLength(`${name}=${value}`) >= MAX_VALUE)
      return tooLong(name);
  }
  return ok(Object.fromEntries(result));
}

function isPassed(name: string, value: string, policy: EnvironmentPolicy): boolean {
  if (matchesAny(name, NOT_INHERITED)) return false;
  if (matchesAny(name, NEEDED)) return true;
  const isSecret = isSecretName(name) || /_HEADERS$/.test(name);
  const isOpen = !isSecret && !holdsPassword(value);
  if (isOpen && matchesAny(name, NEEDED_UNLESS_SECRET)) return true;
  if (policy.blockList !== undefined && matchesAny(name, policy.blockList)) return false;
  if (isOpen && matchesAny(name, CI_NAMES)) return true;
  return [policy.allowEnvironmentAccess, ...(policy.alsoAllowedBy ?? [])].every((allowed) =>
    allowed === undefined ? !isSecret : matchesAny(name, allowed),
  );
}

function holdsPassword(value: string): boolean {
  return /:\/\/[^\s/@]{1,512}@/.test(value);
}

/** `tag-name` → `TAG_NAME` */
function tooLong(name: string): Result<never, Failure> {
  return err({
    reason: "environment-too-long",
    message: `The value of ${name} is longer than the 128 KiB that an environment variable may have.`,
    hint: "Hand on the path of a file instead.",
  });
}

function nulByte(name: string): Result<never, Failure> {
  return err({
    reason: "environment-nul",
    message: `The value of ${name.replaceAll("\0", "\ufffd")} holds a NUL byte, which no environment variable can.`,
    hint: "Hand it on in a file.",
  });
}
