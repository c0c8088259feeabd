import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scripted } from "../e2e/workflow-project.ts";
import { startFakeLangfuse } from "../support/fake-langfuse.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import { type Prometheus, startPrometheus, startPushgateway } from "../support/real-servers.ts";
import { createSandbox, type Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";

export interface Measured {
  readonly gatewayUrl: string;
  readonly prometheus: Prometheus;
  close(): Promise<void>;
}

/** What Langfuse says of the calls of a day. */
export const LANGFUSE_FIGURES = [
  {
    name: "backend-engineer_default_llm_call",
    providedModelName: "gpt-4o",
    count_count: "3",
    sum_totalCost: 0.5,
    sum_totalTokens: "3000",
    avg_latency: 1000,
  },
];

const SINKS = ["pushgateway", "otlp", "langfuse"];

/**
 * A real Prometheus that has every metric, each counter with an increase: all is done twice, and scraped between. Its
 * Pushgateway takes more.
 */
export async function startMeasured(): Promise<Measured> {
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of opened.toReversed()) await end();
  };
  try {
    const gateway = await startPushgateway();
    opened.push(gateway.close);
    const prometheus = await startPrometheus({ targets: [`127.0.0.1:${gateway.port}`] });
    opened.push(prometheus.close);
    // Away at first, and later it turns runs away for good.
    const otlp = await startOtlpServer({
      protocol: "http",
      behaviour: (_, index) => (index === 0 ? { status: 503 } : "ok"),
      isRejected: ({ name }) => name.startsWith("workflow."),
    });
    opened.push(otlp.close);
    const langfuse = await startFakeLangfuse();
    opened.push(langfuse.close);
    langfuse.library.metrics = LANGFUSE_FIGURES;
    const sandbox = createSandbox();
    opened.push(sandbox.dispose);
    prepare(sandbox);
    const env = {
      PUSHGATEWAY_URL: gateway.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      LANGFUSE_HOST: langfuse.url,
      LANGFUSE_PUBLIC_KEY: langfuse.publicKey,
      LANGFUSE_SECRET_KEY: langfuse.secretKey,
      TTA_PERSONA_DELIVERY: "off",
    };
    const did = async (...args: readonly string[]) => {
      const { code, stderr } = await sandbox.run(args, { env });
      if (code !== 0) throw new Error(`${args.join(" ")}: ${code}\n${stderr}`);
    };
    await did("budget", "set", "backend-engineer", "1000");
    await did("langfuse", "export");
    for (let round = 0; round < 2; round++) {
      await work(did);
      // Twice: the first delivery to OTLP fails.
      for (let time = 0; time < 2; time++) await did("flush", "--timeout", "30s");
      // An increase needs two samples.
      for (let scrape = 0; scrape < 2; scrape++) await prometheus.nextScrape();
    }
    await waitFor(
      async () => (await prometheus.query("hypertool_telemetry_pending")).length === SINKS.length,
      { what: "the metrics to be scraped" },
    );
    return { gatewayUrl: gateway.url, prometheus, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Did = (...args: readonly string[]) => Promise<void>;

async function work(did: Did): Promise<void> {
  for (const persona of ["backend-engineer", "testing-specialist", "devops-engineer"]) {
    await did("switch", persona);
  }
  await did("end");
  await did("run", "measured");
  const call = ["tokens", "record", "--persona", "backend-engineer", "--latency", "1200"];
  await did(...call, "--model", "openai/gpt-4o", "--input", "1500", "--output", "10");
  await did(...call, "--model", "openai/gpt-4o", "--input", "5", "--output", "0", "--outcome", "error");
  await did(...call, "--model", "house/model", "--input", "10", "--output", "10");
}

function prepare({ project }: Sandbox): void {
  const directory = join(project, ".tta-persona", "workflows");
  mkdirSync(directory, { recursive: true });
  const stages = [
    // Every second attempt works.
    scripted("build", "test -e tried && rm tried || { touch tried; exit 1; }", {
      retry: { attempts: 2, delay: "1ms" },
    }),
  ];
  writeFileSync(join(directory, "measured.yaml"), JSON.stringify({ name: "measured", stages }));
}
