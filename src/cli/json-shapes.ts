import * as z from "zod";
import { document, lines, origin, problem, seconds, time } from "./json-document.ts";
import "./alerts-shapes.ts";
import "./budget-shapes.ts";
import "./dashboard-shapes.ts";
import "./init-shapes.ts";
import "./definition-shapes.ts";
import "./guard-shapes.ts";
import "./langfuse-shapes.ts";
import "./migration-shapes.ts";
import "./llm-shapes.ts";
import "./run-shapes.ts";
import "./session-shapes.ts";
import "./workflow-shapes.ts";

export { jsonShapes } from "./json-document.ts";

/**
 * The documents that `--json` prints, by their `schema`. Documents and tests use them; commands use their types
 * only, and never load the schema library for them.
 */

const chatmode = z.string().describe("`default` when none was given");

const listShape = document("list", {
  personas: z.array(
    z.object({
      name: z.string(),
      displayName: z.string(),
      icon: z.string(),
      active: z.boolean(),
      origin,
    }),
  ),
  problems: z.array(problem).describe("definitions that cannot be used"),
});

const showShape = document("show", {
  name: z.string(),
  displayName: z.string(),
  icon: z.string(),
  active: z.boolean(),
  origin,
  description: z.string().optional(),
  tokenBudget: z.int().optional().describe("prompt-size hint in tokens; limits nothing"),
  budget: z
    .object({ tokens: z.int(), window: z.string() })
    .optional()
    .describe("consumption budget: tokens per window"),
  capture: z.string().optional().describe("what is kept of its model calls' texts"),
  allowedServers: lines.optional(),
  allowedTools: z.record(z.string(), lines).optional().describe("by MCP server"),
  restrictedPaths: lines.optional(),
  context: z
    .object({
      primaryLanguage: z.string().optional(),
      frameworks: lines.optional(),
      focusAreas: lines.optional(),
      keyFiles: lines.optional(),
    })
    .optional(),
  security: z
    .object({
      allowEnvironmentAccess: lines.optional(),
      blockList: lines.optional(),
      requireApprovalFor: lines.optional(),
    })
    .optional(),
  workflows: z.object({ default: z.string().optional(), available: lines.optional() }).optional(),
});

const historyShape = document("history", {
  entries: z
    .array(
      z.object({
        at: time,
        scope: z.string(),
        kind: z.enum(["switched", "ended"]),
        from: z.string().describe("`none` at first"),
        fromChatmode: z.string().optional().describe("of the session before, where it was not `default`"),
        to: z.string().describe("`none` for an end"),
        chatmode,
        durationSeconds: seconds.nullable().describe("of the session that ended with it, in seconds"),
      }),
    )
    .describe("the oldest first"),
});

const setting = z.object({
  key: z.string(),
  value: z.string().nullable().describe("in force; null when there is none, `(set)` for a secret"),
  source: z.enum(["environment", "project", "user", "default", "unset"]),
  variable: z.string().nullable().describe("the environment variable that goes before the file"),
});

const configGetShape = document("config-get", setting.shape);

const configListShape = document("config-list", {
  file: z.string(),
  settings: z.array(setting),
  problems: z.array(z.string()).describe("values that are no good, and are passed over"),
});

const configSetShape = document("config-set", {
  key: z.string(),
  value: z.string().describe("`(set)` for a secret"),
  file: z.string(),
  overriddenBy: z.string().nullable().describe("the environment variable that is in force instead"),
});

const configUnsetShape = document("config-unset", {
  key: z.string(),
  removed: z.boolean().describe("false: it was not in the file"),
  file: z.string(),
});

const configPathShape = document("config-path", { file: z.string(), exists: z.boolean() });

const counts = z.record(z.string(), z.int()).describe("by reason");

const flushShape = document("flush", {
  complete: z.boolean(),
  sinks: z.array(
    z.object({
      sink: z.enum(["pushgateway", "otlp", "langfuse"]),
      complete: z.boolean(),
      pending: z.int().describe("facts that it does not have yet"),
      deadLetters: z.int().describe("records that it refused and that were put aside, ever"),
      droppedNow: counts.optional().describe("what this flush put aside or found deleted, by reason"),
      reason: z.string().optional(),
    }),
  ),
});

const family = { name: z.string(), help: z.string(), labelNames: lines };

document("metrics", {
  families: z.array(
    z.discriminatedUnion("type", [
      z.object({
        ...family,
        type: z.enum(["counter", "gauge"]),
        series: z.array(z.object({ labels: lines, value: z.number() })),
      }),
      z.object({
        ...family,
        type: z.literal("histogram"),
        buckets: z.array(z.number()).describe("upper bounds, without +Inf"),
        series: z.array(
          z.object({
            labels: lines,
            counts: z.array(z.int()).describe("per bucket, not cumulative, the last for +Inf"),
            sum: z.number(),
          }),
        ),
      }),
    ]),
  ),
});

const group = z.record(z.string(), z.string()).describe("grouping labels, `job` included");

const metricsServeShape = document("metrics-serve", { url: z.string() });

const metricsDeleteShape = document("metrics-delete", { group });

const metricsPruneShape = document("metrics-prune", { dryRun: z.boolean(), groups: z.array(group) });

const doctorShape = document("doctor", {
  ok: z.boolean(),
  program: z.object({ version: z.string(), node: z.string(), platform: z.string() }),
  home: z.object({
    config: z.string(),
    data: z.string(),
    writable: z.boolean(),
    networkFilesystem: z.boolean().describe("appending is not atomic there"),
  }),
  settings: z.array(setting),
  problems: lines.describe("what is wrong, one line each"),
  journal: z.object({
    segments: z.int(),
    bytes: z.int(),
    facts: z.int().describe("since the journal began, whether still kept or not"),
    damagedLines: z.int().describe("passed over: torn, nobody's, or a call of a model that makes no sense"),
    lastWriteAt: time.nullable(),
    gap: z.boolean().describe("facts were found missing in the metric totals within the last 30 days"),
  }),
  oldInstallation: z
    .array(z.object({ kind: z.enum(["script", "settings", "personas"]), path: z.string(), note: z.string() }))
    .describe("what an older program of this name has left; `migrate` takes it over"),
  deliverer: z
    .object({ pid: z.int(), version: z.string() })
    .nullable()
    .describe("the process that holds the delivery lease"),
  sinks: z.array(
    z.object({
      sink: z.enum(["pushgateway", "otlp", "langfuse"]),
      url: z.string().optional(),
      how: z.string().optional().describe("protocol, or the group that is pushed"),
      reachable: z.boolean(),
      note: z.string().optional(),
      hint: z.string().optional(),
      pending: z.int(),
      lastSuccessAt: time.nullable(),
      failingSince: time.nullable(),
      failures: counts,
      dropped: counts,
      deadLetters: z.int(),
      deadLetterFile: z.string().optional(),
    }),
  ),
});

const scoreShape = document("score", {
  id: z.string().describe("of the score; the same in Langfuse"),
  traceId: z.string(),
  observationId: z.string().nullable().describe("null for a score of the whole trace"),
  name: z.string(),
  value: z.union([z.number(), z.string()]).describe("1 or 0 for BOOLEAN"),
  dataType: z.enum(["NUMERIC", "BOOLEAN", "CATEGORICAL"]),
});

const completionShape = document("completion", { shell: z.string(), script: z.string() });

document("error", {
  error: z.object({
    reason: z.string().describe("stable, kebab-case"),
    message: z.string(),
    hint: z.string().optional(),
  }),
});

export type ListJson = z.infer<typeof listShape>;
export type ShowJson = z.infer<typeof showShape>;
export type HistoryJson = z.infer<typeof historyShape>;
export type SettingJson = z.infer<typeof setting>;
export type ConfigGetJson = z.infer<typeof configGetShape>;
export type ConfigListJson = z.infer<typeof configListShape>;
export type ConfigSetJson = z.infer<typeof configSetShape>;
export type ConfigUnsetJson = z.infer<typeof configUnsetShape>;
export type ConfigPathJson = z.infer<typeof configPathShape>;
export type ScoreJson = z.infer<typeof scoreShape>;
export type CompletionJson = z.infer<typeof completionShape>;
export type FlushJson = z.infer<typeof flushShape>;
export type MetricsServeJson = z.infer<typeof metricsServeShape>;
export type MetricsDeleteJson = z.infer<typeof metricsDeleteShape>;
export type MetricsPruneJson = z.infer<typeof metricsPruneShape>;
export type DoctorJson = z.infer<typeof doctorShape>;
