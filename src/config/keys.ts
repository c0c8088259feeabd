import { CAPTURES } from "../core/capture.ts";
import { isDigit, parseDuration } from "../core/duration.ts";
import type { Failure } from "../core/errors.ts";
import { parsePatterns } from "../core/own-patterns.ts";
import { err, ok, type Result } from "../core/result.ts";

/** One setting: its name, where it may come from, what it may be. Resolution, `config`, help and docs use it. */
export interface SettingKey {
  readonly key: string;
  readonly doc: string;
  /** The variable that overrides the user's file. */
  readonly env?: string;
  /** Another name of that variable, which goes after it. */
  readonly envAlias?: string;
  readonly kind: SettingKind;
  readonly default?: string;
  /** Never shown. */
  readonly secret?: boolean;
  /** A project's file may set it too, once that is trusted. */
  readonly project?: boolean;
}

export type SettingKind =
  | { readonly is: "choice"; readonly values: readonly string[] }
  | { readonly is: "duration" }
  | { readonly is: "size" }
  | { readonly is: "url" }
  | { readonly is: "text" }
  /** Some of these words, separated by commas, or `none` alone. */
  | { readonly is: "list"; readonly values: readonly string[]; readonly none: string }
  /** Regular expressions, separated by white space. */
  | { readonly is: "patterns" }
  /** A text of one form; `expected` says which. */
  | { readonly is: "word"; readonly pattern: RegExp; readonly expected: string };

/** What a switch may be applied to. A test compares the list with the targets that there are. */
export const APPLY_CLIENTS = [
  "generic",
  "claude-code",
  "cursor",
  "vscode",
  "cline",
  "gemini",
  "claude-agent",
  "copilot",
] as const;

/** In `apply.targets`: nothing, and nothing is looked for. */
export const NO_TARGETS = "none";

export const settingKeys = [
  {
    key: "delivery.mode",
    doc: "When facts are delivered: by a background process, before the command ends, or only by `flush`.",
    env: "TTA_PERSONA_DELIVERY",
    kind: { is: "choice", values: ["background", "foreground", "off"] },
  },
  {
    key: "delivery.timeout",
    doc: "Deadline of foreground delivery, for all sinks together.",
    env: "TTA_PERSONA_DELIVERY_TIMEOUT",
    kind: { is: "duration" },
    default: "2s",
  },
  {
    key: "delivery.linger",
    doc: "How long the background process stays after the last fact.",
    kind: { is: "duration" },
    default: "5m",
  },
  {
    key: "pushgateway.url",
    doc: "The Prometheus Pushgateway; switches that sink on.",
    env: "PUSHGATEWAY_URL",
    kind: { is: "url" },
  },
  {
    key: "pushgateway.scrapeInterval",
    doc: "How often Prometheus scrapes the Pushgateway: new series are held at 0 for two of these.",
    kind: { is: "duration" },
    default: "60s",
  },
  {
    key: "pushgateway.instance",
    doc: "The `instance` that metrics are pushed under, instead of this installation's id.",
    kind: { is: "text" },
  },
  { key: "pushgateway.username", doc: "For basic authentication.", kind: { is: "text" } },
  {
    key: "pushgateway.password",
    doc: "For basic authentication.",
    kind: { is: "text" },
    secret: true,
  },
  {
    key: "otlp.endpoint",
    doc: "Base URL of the OTLP backend; switches that sink on. `OTEL_EXPORTER_OTLP_*` variables go first.",
    kind: { is: "url" },
  },
  {
    key: "otlp.protocol",
    doc: "How spans are sent.",
    kind: { is: "choice", values: ["http/protobuf", "http/json", "grpc"] },
    default: "http/protobuf",
  },
  {
    key: "otlp.headers",
    doc: "Headers for the OTLP backend, as `key=value,key=value`, values percent-encoded.",
    kind: { is: "text" },
    secret: true,
  },
  {
    key: "langfuse.publicKey",
    doc: "Public key of a Langfuse project; with its secret key, switches that sink on.",
    env: "LANGFUSE_PUBLIC_KEY",
    kind: { is: "text" },
  },
  {
    key: "langfuse.secretKey",
    doc: "Secret key of that project.",
    env: "LANGFUSE_SECRET_KEY",
    kind: { is: "text" },
    secret: true,
  },
  {
    key: "langfuse.host",
    doc: "Where that Langfuse is; `LANGFUSE_BASE_URL` is another name of the variable.",
    env: "LANGFUSE_HOST",
    envAlias: "LANGFUSE_BASE_URL",
    kind: { is: "url" },
    default: "https://cloud.langfuse.com",
  },
  {
    key: "langfuse.environment",
    doc: "The environment that traces belong to, such as `production`.",
    kind: {
      is: "word",
      pattern: /^(?!langfuse)[a-z0-9_-]{1,40}$/,
      expected: "up to 40 of a-z, 0-9, - and _, and no beginning with langfuse",
    },
    default: "default",
  },
  {
    key: "langfuse.release",
    doc: "The release that traces belong to.",
    kind: { is: "word", pattern: /^\S.{0,199}$/, expected: "one line of at most 200 characters" },
  },
  {
    key: "langfuse.ingestion",
    doc: "How traces are sent: over OTLP, or as servers before 3.22 want them.",
    kind: { is: "choice", values: ["otlp", "legacy"] },
    default: "otlp",
  },
  {
    key: "agent.command",
    doc: "The agent CLI that workflow stages hand their prompt to, as its last argument, such as `claude -p`.",
    env: "TTA_PERSONA_AGENT",
    project: true,
    kind: { is: "text" },
  },
  {
    key: "llm.model",
    doc: "The model that `llm` asks, as `provider/model`, where `--model` names none.",
    project: true,
    kind: { is: "text" },
  },
  {
    key: "llm.baseUrl",
    doc: "Base URL of an OpenAI-compatible endpoint: the provider `compatible`.",
    kind: { is: "url" },
  },
  {
    key: "llm.apiKey",
    doc: "The key of that endpoint, where it wants one.",
    env: "TTA_PERSONA_LLM_API_KEY",
    kind: { is: "text" },
    secret: true,
  },
  {
    key: "capture",
    doc: "What is kept of a model call's texts; a persona's own `capture` goes first.",
    project: true,
    kind: { is: "choice", values: CAPTURES },
    default: "masked",
  },
  {
    key: "masking.personal",
    doc: "Whether e-mail addresses, phone numbers, cards and IBANs are masked as secrets are.",
    project: true,
    kind: { is: "choice", values: ["on", "off"] },
    default: "off",
  },
  {
    key: "masking.patterns",
    doc: "What else is masked: regular expressions of JavaScript, separated by blanks, each for one line.",
    project: true,
    kind: { is: "patterns" },
  },
  {
    key: "apply.targets",
    doc: "The agent tools that a switch is applied to, separated by commas, or `none`; see `apply detect`.",
    kind: { is: "list", values: APPLY_CLIENTS, none: NO_TARGETS },
  },
  {
    key: "apply.servers",
    doc: "Names of MCP servers that are Hypertool's whatever they are started with, separated by commas.",
    kind: {
      is: "word",
      pattern: /^[^\s,]+(?:,[^\s,]+)*$/,
      expected: "names separated by commas, without blanks",
    },
  },
  {
    key: "apply.onSwitch",
    doc: "Commands to run after a switch, each a program with its arguments, separated by a `;` of its own.",
    kind: { is: "text" },
  },
  {
    key: "apply.hookTimeout",
    doc: "How long each of them may take.",
    kind: { is: "duration" },
    default: "5s",
  },
  {
    key: "session.idleTimeout",
    doc: "A session without activity is over after this long.",
    kind: { is: "duration" },
    default: "8h",
  },
  {
    key: "retention.age",
    doc: "How long delivered facts are kept.",
    kind: { is: "duration" },
    default: "30d",
  },
  {
    key: "retention.size",
    doc: "Bound on the journal with its blobs.",
    kind: { is: "size" },
    default: "512MiB",
  },
  {
    key: "retention.segmentSize",
    doc: "At this size the journal begins a new segment.",
    kind: { is: "size" },
    default: "8MiB",
  },
] as const satisfies readonly SettingKey[];

export type SettingName = (typeof settingKeys)[number]["key"];

/** Checks a value's form. @returns the value as it is kept, or what is wrong with it (never quoting a secret). */
export function checkSetting(key: SettingKey, value: string): Result<string, Failure> {
  const wrong = (expected: string) =>
    err({
      reason: "invalid-setting",
      // A URL may hold credentials, in any form that is no URL.
      message:
        key.secret === true || (key.kind.is === "url" && value.includes("@"))
          ? `${key.key} is not valid.`
          : `${key.key} cannot be "${value}".`,
      hint: `It takes ${expected}.`,
    });
  switch (key.kind.is) {
    case "choice":
      return key.kind.values.includes(value) ? ok(value) : wrong(key.kind.values.join(", "));
    case "list": {
      const { values, none } = key.kind;
      const isGood = value === none || value.split(",").every((word) => values.includes(word));
      return isGood
        ? ok(value)
        : wrong(`${values.join(", ")}, separated by commas without blanks, or ${none}`);
    }
    case "duration":
      return (parseDuration(value) ?? 0) > 0 ? ok(value) : wrong("a duration such as 2s, 10m or 8h");
    case "size":
      return parseSize(value) === undefined ? wrong("a size such as 64KiB, 8MiB or 1GiB") : ok(value);
    case "url":
      return isHttpUrl(value) ? ok(value) : wrong("an http:// or https:// URL");
    case "word":
      return key.kind.pattern.test(value) ? ok(value) : wrong(key.kind.expected);
    case "patterns":
      return checkPatterns(key.key, value);
    case "text":
      return value === "" || /[\r\n]/.test(value) ? wrong("one line of text that is not empty") : ok(value);
  }
}

function checkPatterns(key: string, value: string): Result<string, Failure> {
  const patterns = parsePatterns(value);
  const problem = patterns.ok ? (patterns.value.length === 0 ? "it is empty" : undefined) : patterns.error;
  if (problem === undefined) return ok(value);
  const hint = "It takes regular expressions separated by blanks, such as: EMP-\\d{6} ACME-[A-Z]+";
  return err({ reason: "invalid-setting", message: `${key} is not valid: ${problem}.`, hint });
}

const sizeUnits: readonly (readonly [suffix: string, bytes: number])[] = [
  ["KiB", 1024],
  ["MiB", 1024 ** 2],
  ["GiB", 1024 ** 3],
  ["B", 1],
];

/** Bytes of `64KiB`, `8MiB` …, or undefined. */
export function parseSize(text: string): number | undefined {
  const unit = sizeUnits.find(([suffix]) => text.endsWith(suffix));
  if (unit === undefined) return undefined;
  const [suffix, factor] = unit;
  const digits = text.slice(0, -suffix.length);
  if (digits === "" || digits.length > 6 || ![...digits].every(isDigit)) return undefined;
  const bytes = Number(digits) * factor;
  return bytes >= 1024 ? bytes : undefined;
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
