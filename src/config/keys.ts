import { CAPTURES } from "../core/capture.ts";

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
  /** A value to show in what is written for users, where there is no default. */
  readonly example?: string;
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
    example: "claude -p",
    kind: { is: "text" },
  },
  {
    key: "llm.model",
    doc: "The model that `llm` asks, as `provider/model`, where `--model` names none.",
    project: true,
    example: "anthropic/claude-sonnet-4-5",
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
    example: String.raw`EMP-\d{6}`,
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
