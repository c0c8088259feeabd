/** The process environment as data. An empty value counts as unset, as OpenTelemetry has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The one place that reads the process environment. */
export function readEnvironment(): Environment {
  return process.env;
}

export function envValue(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value.trim() === "" ? undefined : value;
}

/** `1`, `true`, `yes`, any provider's word: set and not `false` or `0`. */
export function envFlag(env: Environment, name: string): boolean {
  const value = envValue(env, name)?.toLowerCase();
  return value !== undefined && value !== "false" && value !== "0";
}

/** Every variable of our own contract, once; help, the README's table and `doctor` come from it. */
export const environmentVariables = [
  {
    name: "TTA_PERSONA",
    doc: "The persona in force here, before that of the shell, the project and the global one.",
  },
  {
    name: "TTA_PERSONA_SHELL",
    doc: "The id of this shell, made by `shell-init`, for a persona of its own.",
  },
  { name: "TTA_PERSONA_HOME", doc: "Where settings and state live, instead of the platform's directories." },
  {
    name: "TTA_PERSONA_DELIVERY",
    doc: "`background` (the default), `foreground` (the default when `CI` is set) or `off`.",
  },
  { name: "TTA_PERSONA_DELIVERY_TIMEOUT", doc: "The deadline of foreground delivery, such as `2s`." },
  {
    name: "TTA_PERSONA_INTERACTIVE",
    doc: "`0` never lets choose from a list, also on a terminal.",
  },
  { name: "TTA_PERSONA_CI_SLOT", doc: "Tells parallel jobs of one pipeline apart: the matrix index." },
  { name: "TTA_PERSONA_AGENT", doc: "The agent CLI of workflow stages, such as `claude -p`." },
  {
    name: "TTA_PERSONA_LLM_API_KEY",
    doc: "The key of the OpenAI-compatible endpoint at `llm.baseUrl`.",
  },
  { name: "OPENAI_API_KEY", doc: "The key of the provider `openai`." },
  { name: "OPENAI_BASE_URL", doc: "Where it is asked, instead of `https://api.openai.com/v1`." },
  { name: "ANTHROPIC_API_KEY", doc: "The key of the provider `anthropic`." },
  { name: "ANTHROPIC_BASE_URL", doc: "Where it is asked, instead of `https://api.anthropic.com`." },
  {
    name: "TTA_PERSONA_TRUST",
    doc: "`1` trusts all files of projects: their persona, and workflows of the same name as built-in ones. For CI.",
  },
  {
    name: "PROMETHEUS_URL",
    doc: "The Prometheus that workflows' gates ask where the workflow does not name one.",
  },
  { name: "GRAFANA_TOKEN", doc: "The token that `dashboards push` shows to Grafana." },
  { name: "PUSHGATEWAY_URL", doc: "The Prometheus Pushgateway; switches that sink on." },
  {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    doc: "The OTLP backend; switches that sink on. The other standard `OTEL_*` variables for traces are honoured too.",
  },
  { name: "LANGFUSE_PUBLIC_KEY", doc: "With the next one, switches the Langfuse sink on." },
  { name: "LANGFUSE_SECRET_KEY", doc: "The secret key of the same Langfuse project." },
  {
    name: "LANGFUSE_HOST",
    doc: "The Langfuse server, where it is not Langfuse Cloud in Europe. `LANGFUSE_BASE_URL` means the same.",
  },
  {
    name: "TRACEPARENT",
    doc: "The parent of the spans that a command makes; `TRACESTATE` and `BAGGAGE` go with it to child processes.",
  },
  { name: "CI", doc: "Foreground delivery, and the CI identity on the Pushgateway." },
  { name: "NO_COLOR", doc: "No colours. `FORCE_COLOR` asks for them where stdout is no terminal." },
] as const;
