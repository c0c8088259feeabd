import { type LangfuseProblem, probeLangfuse } from "../backend/langfuse-probe.ts";
import { probeOtlp } from "../backend/otlp-probe.ts";
import { UserError } from "../core/errors.ts";
import { withoutUserinfo } from "../core/url.ts";
import type { Ledger } from "../projection/ledger-store.ts";
import { countDeadLetters, deadLetterPath, type SinkHealth, type SinkName } from "../sink/checkpoint.ts";
import type { DeliveryContext } from "./context.ts";
import { type Destination, readStanding, resolveDestinations } from "./destinations.ts";
import { createGatewayClient } from "./gateway-client.ts";
import { langfuseProject } from "./langfuse-project.ts";
import { explainReason } from "./report.ts";

/** Everything that `doctor` tells of a sink. */
export interface SinkStatus {
  readonly sink: SinkName;
  /** Without userinfo and query; absent when the settings name none that makes sense. */
  readonly url?: string;
  /** How spans are sent, or the group that is pushed. */
  readonly how?: string;
  readonly reachable: boolean;
  /** Why not, or the backend's version where it tells. */
  readonly note?: string;
  readonly hint?: string;
  readonly pending: number;
  readonly lastSuccessAt?: number;
  readonly failingSince?: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
  readonly deadLetters: number;
  readonly deadLetterFile?: string;
}

/** Asks every configured backend whether it is there, in parallel, each for at most `timeoutMs`. */
export async function readSinkStatus(
  context: DeliveryContext,
  ledger: Ledger,
  timeoutMs: number,
): Promise<readonly SinkStatus[]> {
  const { destinations, misconfigured } = resolveDestinations(context);
  const broken = misconfigured.map(({ sink, failure }) => ({
    sink,
    reachable: false,
    note: failure.message,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    pending: ledger.cursor.seq,
    failures: {},
    dropped: {},
    deadLetters: countDeadLetters(context.home, sink),
  }));
  const probed = destinations.map(async (destination): Promise<SinkStatus> => {
    const { health, cursor } = readStanding(context, destination);
    const letters = countDeadLetters(context.home, destination.sink);
    return {
      sink: destination.sink,
      ...describe(destination),
      ...(await probe(destination, context.version, timeoutMs)),
      pending: Math.max(0, ledger.cursor.seq - cursor.seq),
      ...times(health),
      failures: health.failures,
      dropped: health.dropped,
      deadLetters: letters,
      ...(letters > 0 ? { deadLetterFile: deadLetterPath(context.home, destination.sink) } : {}),
    };
  });
  return [...(await Promise.all(probed)), ...broken];
}

function times(health: SinkHealth) {
  return {
    ...(health.lastSuccessAt === undefined ? {} : { lastSuccessAt: health.lastSuccessAt }),
    ...(health.failing === undefined ? {} : { failingSince: health.failing.since }),
  };
}

function describe(destination: Destination): { readonly url: string; readonly how: string } {
  if (destination.sink === "otlp") {
    return { url: shownUrl(destination.config.endpoint), how: destination.config.protocol };
  }
  if (destination.sink === "langfuse") {
    return { url: shownUrl(destination.settings.host), how: destination.settings.environment };
  }
  const { job, labels } = destination.identity.group;
  const group = Object.entries({ job, ...labels }).map(([name, value]) => `${name}="${value}"`);
  return { url: shownUrl(destination.settings.url), how: group.join(" ") };
}

/** Some backends take their key in the query. */
function shownUrl(url: string): string {
  return withoutUserinfo(url).replace(/\?.*$/s, "?***");
}

async function probe(destination: Destination, version: string, timeoutMs: number) {
  try {
    if (destination.sink === "otlp") {
      const answer = await probeOtlp(destination.config, timeoutMs);
      return answer.ok ? { reachable: true } : { reachable: false, note: explainReason(answer.error.reason) };
    }
    if (destination.sink === "langfuse") {
      const project = langfuseProject(destination.settings, version);
      const answer = await probeLangfuse(project, AbortSignal.timeout(timeoutMs));
      if (!answer.ok) return { reachable: false, ...langfuseProblem(answer.error) };
      return {
        reachable: true,
        ...(answer.value.version === undefined ? {} : { note: answer.value.version }),
      };
    }
    const client = createGatewayClient(destination.settings, version);
    const answer = await client.probe(AbortSignal.timeout(timeoutMs));
    if (!answer.ok) return { reachable: false, note: explainReason(answer.error.reason) };
    return { reachable: true, ...(answer.value.version === undefined ? {} : { note: answer.value.version }) };
  } catch (error) {
    if (error instanceof UserError) return { reachable: false, note: error.message };
    throw error;
  }
}

function langfuseProblem(problem: LangfuseProblem): { readonly note: string; readonly hint?: string } {
  switch (problem.kind) {
    case "unreachable":
      return { note: explainReason(problem.undelivered.reason) };
    case "wrong-keys":
      return {
        note: "it does not accept the keys",
        hint: "Compare LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY (or langfuse.publicKey and langfuse.secretKey) with the project's settings",
      };
    case "too-old":
      return {
        note: `version ${problem.version} is too old, it takes no traces over OTLP`,
        hint: "Update the server to 3.22 or newer, or: tta-persona config set langfuse.ingestion legacy",
      };
    case "too-new":
      return {
        note: `version ${problem.version} takes traces over OTLP only`,
        hint: "Use: tta-persona config unset langfuse.ingestion",
      };
  }
}
