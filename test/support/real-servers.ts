import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingRealServers } from "./missing-real-servers.ts";
import { startServerProcess } from "./server-process.ts";
import { waitFor } from "./wait-for.ts";

export interface RealServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface PrometheusOptions {
  /** `host:port` of each `/metrics` to scrape. */
  readonly targets: readonly string[];
  /** A Prometheus duration; `1s` by default. */
  readonly scrapeInterval?: string;
  /** How often rules are evaluated; as often as is scraped by default. */
  readonly evaluationInterval?: string;
  /** The text of a rules file. */
  readonly rules?: string;
  /** Paths of rules files. */
  readonly ruleFiles?: readonly string[];
  /** `host:port` of an Alertmanager. */
  readonly alertmanager?: string;
}

export interface Prometheus extends RealServer {
  /** An instant query; scalars come as one sample without labels. `atSeconds` is a Unix time, now by default. */
  query(promql: string, atSeconds?: number): Promise<readonly InstantSample[]>;
  queryRange(promql: string, range: TimeRange): Promise<readonly RangeSeries[]>;
  /** Resolves once every target was scraped by a scrape that began after this call. */
  nextScrape(): Promise<void>;
}

interface InstantSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface TimeRange {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds: number;
}

interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly { readonly atSeconds: number; readonly value: number }[];
}

type ApiSample = readonly [seconds: number, value: string];

/**
 * Whether suites with real servers can run; use it with `describe.skipIf`. Throws instead of answering false where
 * `TTA_PERSONA_REQUIRE_SERVERS=1`. What is left out is said once per test run, by `announce-real-servers.ts`.
 */
export function realServersAvailable(): boolean {
  const missing = missingRealServers();
  if (missing.length > 0 && process.env.TTA_PERSONA_REQUIRE_SERVERS === "1") {
    throw new Error(`TTA_PERSONA_REQUIRE_SERVERS=1, but not found in PATH: ${missing.join(", ")}`);
  }
  return missing.length === 0;
}

/** Starts an empty Pushgateway that keeps its metrics in memory. `port`: the one of an earlier, closed one. */
export async function startPushgateway(options: { readonly port?: number } = {}): Promise<RealServer> {
  const server = await startServerProcess("prometheus-pushgateway", [
    `--web.listen-address=127.0.0.1:${options.port ?? 0}`,
    "--persistence.file=",
  ]);
  return { url: `http://127.0.0.1:${server.port}`, port: server.port, close: server.stop };
}

/** Starts a Prometheus with an empty database that scrapes (and evaluates rules) every `scrapeInterval`. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const directory = mkdtempSync(join(tmpdir(), "prometheus-"));
  const interval = options.scrapeInterval ?? "1s";
  const rulesFile = join(directory, "rules.yml");
  if (options.rules !== undefined) writeFileSync(rulesFile, options.rules);
  const config = {
    global: {
      scrape_interval: interval,
      evaluation_interval: options.evaluationInterval ?? interval,
      scrape_timeout: interval,
    },
    rule_files: [...(options.ruleFiles ?? []), ...(options.rules === undefined ? [] : [rulesFile])],
    alerting: {
      alertmanagers:
        options.alertmanager === undefined ? [] : [{ static_configs: [{ targets: [options.alertmanager] }] }],
    },
    scrape_configs: [
      { job_name: "pushgateway", honor_labels: true, static_configs: [{ targets: options.targets }] },
    ],
  };
  // JSON is YAML.
  writeFileSync(join(directory, "prometheus.yml"), JSON.stringify(config));

  const removeDirectory = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  const server = await startServerProcess("prometheus", [
    `--config.file=${join(directory, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(directory, "data")}`,
    "--web.listen-address=127.0.0.1:0",
  ]).catch((error: unknown) => {
    removeDirectory();
    throw error;
  });
  const url = `http://127.0.0.1:${server.port}`;

  return {
    url,
    port: server.port,
    async query(promql, atSeconds) {
      const parameters = { query: promql, ...(atSeconds !== undefined && { time: String(atSeconds) }) };
      const { resultType, result } = await askApi(url, "query", parameters);
      const samples = resultType === "scalar" ? [{ metric: {}, value: result as ApiSample }] : result;
      return (samples as { metric: Record<string, string>; value: ApiSample }[]).map(({ metric, value }) => ({
        labels: metric,
        value: parseValue(value[1]),
      }));
    },
    async queryRange(promql, range) {
      const { result } = await askApi(url, "query_range", {
        query: promql,
        start: String(range.startSeconds),
        end: String(range.endSeconds),
        step: String(range.stepSeconds),
      });
      return (result as { metric: Record<string, string>; values: ApiSample[] }[]).map(
        ({ metric, values }) => ({
          labels: metric,
          values: values.map(([atSeconds, value]) => ({ atSeconds, value: parseValue(value) })),
        }),
      );
    },
    async nextScrape() {
      const since = Date.now();
      await waitFor(
        async () => {
          const { activeTargets } = await askApi(url, "targets", { state: "active" });
          const targets = activeTargets as { lastScrape: string; health: string }[];
          return (
            targets.length > 0 && targets.every((t) => t.health === "up" && Date.parse(t.lastScrape) > since)
          );
        },
        { what: `a scrape of ${options.targets.join(", ")}`, intervalMs: 50 },
      );
    },
    async close() {
      await server.stop();
      removeDirectory();
    },
  };
}

/** Starts an Alertmanager of its own, alone. @param config its configuration, such as YAML or JSON. */
export async function startAlertmanager(config: string): Promise<RealServer> {
  const directory = mkdtempSync(join(tmpdir(), "alertmanager-"));
  writeFileSync(join(directory, "alertmanager.yml"), config);
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  const server = await startServerProcess("prometheus-alertmanager", [
    `--config.file=${join(directory, "alertmanager.yml")}`,
    `--storage.path=${join(directory, "data")}`,
    "--web.listen-address=127.0.0.1:0",
    "--cluster.listen-address=",
  ]).catch((error: unknown) => {
    removeDirectory();
    throw error;
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    async close() {
      await server.stop();
      removeDirectory();
    },
  };
}

async function askApi(
  url: string,
  endpoint: string,
  parameters: Record<string, string>,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/api/v1/${endpoint}?${new URLSearchParams(parameters)}`);
  const answer = (await response.json()) as { status: string; error?: string; data: Record<string, unknown> };
  if (answer.status !== "success")
    throw new Error(`${endpoint} ${JSON.stringify(parameters)}: ${answer.error}`);
  return answer.data;
}

/** The API writes what JSON has no numbers for as `NaN`, `+Inf` and `-Inf`. */
function parseValue(text: string): number {
  return Number(text.replace("Inf", "Infinity"));
}
