import type { Gap, Ledger } from "../projection/ledger-store.ts";
import type { SinkHealth, SinkName } from "../sink/checkpoint.ts";
import type { Misconfigured, SinkStanding } from "./destinations.ts";

/** How one sink stands after an attempt to deliver. */
export interface SinkReport {
  readonly sink: SinkName;
  /** It has everything that the journal had. */
  readonly complete: boolean;
  /** Facts that it does not have yet. */
  readonly pending: number;
  /** Records it never took, put aside in this attempt or before. */
  readonly deadLetters: number;
  /** Why not, in a few words; no secrets. */
  readonly reason?: string;
  /** What this very attempt has put aside or found gone, by reason; absent when nothing. */
  readonly droppedNow?: Readonly<Record<string, number>>;
}

/** What could not be done besides delivering: the reasons. */
export interface Upkeep {
  /** The totals could not be kept on disk; they are counted anew from the journal then. */
  readonly notKept?: string;
  /** What retention allows could not be deleted. */
  readonly notTidied?: string;
}

export interface DeliveryReport extends Upkeep {
  readonly sinks: readonly SinkReport[];
  readonly complete: boolean;
  /** Facts are missing in the totals that are delivered. */
  readonly gap?: Gap;
}

/** How the sinks stand against the journal. @param before how they stood when the attempt began. */
export function reportDelivery(
  standings: readonly SinkStanding[],
  misconfigured: readonly Misconfigured[],
  ledger: Ledger,
  before: readonly SinkStanding[] = standings,
  late: string = LATE,
): DeliveryReport {
  const sinks = [
    ...standings.map((standing, index) => ({
      ...reportSink(standing, ledger, late),
      ...droppedSince(before[index]?.health ?? standing.health, standing.health),
    })),
    ...misconfigured.map(({ sink, failure }) => ({
      sink,
      complete: false,
      pending: ledger.cursor.seq,
      deadLetters: 0,
      reason: failure.message,
    })),
  ];
  return { sinks, complete: sinks.every(({ complete }) => complete) };
}

function reportSink({ name, cursor, health }: SinkStanding, ledger: Ledger, late: string): SinkReport {
  const { failing } = health;
  const pending = Math.max(0, ledger.cursor.seq - cursor.seq);
  const complete = failing === undefined && pending === 0;
  const deadLetters = Object.entries(health.dropped)
    .filter(([why]) => why !== "evicted" && why !== "rejected")
    .reduce((sum, [, count]) => sum + count, 0);
  const reason = failing === undefined ? late : explainReason(failing.reason, failing.detail);
  return { sink: name, complete, pending, deadLetters, ...(complete ? {} : { reason }) };
}

function droppedSince(before: SinkHealth, { dropped }: SinkHealth): Pick<SinkReport, "droppedNow"> {
  const more = Object.entries(dropped)
    .map(([reason, count]) => [reason, count - (before.dropped[reason] ?? 0)] as const)
    .filter(([, count]) => count > 0);
  return more.length === 0 ? {} : { droppedNow: Object.fromEntries(more) };
}

const LATE = "not reached before the deadline";

const words: Readonly<Record<string, string>> = {
  connection_refused: "connection refused",
  connection_reset: "connection reset",
  dns: "host name not found",
  timeout: "no answer in time",
  tls: "TLS failed",
  unreachable: "host unreachable",
  invalid_response: "an answer that makes no sense",
  busy: "another process is delivering",
  bug: "a bug of tta-persona",
  disk_enospc: "the disk is full",
  disk_edquot: "the disk quota is used up",
};

/** A reason of `DeliveryOutcome` in words. */
export function explainReason(reason: string, detail?: string): string {
  const http = /^http_(\d+)$/.exec(reason)?.[1];
  const grpc = /^grpc_(\d+)$/.exec(reason)?.[1];
  const text =
    http !== undefined
      ? `HTTP ${http}`
      : grpc !== undefined
        ? `gRPC status ${grpc}`
        : (words[reason] ?? reason.replaceAll("_", " "));
  return detail === undefined ? text : `${text}: ${detail}`;
}

/** One line for stderr, or undefined when everything has arrived. */
export function describeUndelivered(report: DeliveryReport): string | undefined {
  const open = report.sinks.filter(({ complete }) => !complete);
  const sinks = open.map(({ sink, reason }) => `${sink} (${reason ?? "unknown"})`).join(", ");
  const dropped = describeDroppedNow(report);
  const parts = [
    ...describeUpkeep(report),
    ...(open.length === 0 ? [] : [`not delivered yet: ${sinks}; nothing is lost`]),
    ...dropped,
  ];
  return parts.length === 0 ? undefined : `${parts.join("; ")}, see: tta-persona doctor`;
}

/** What became of the metric totals where facts are missing. @param when put behind the verb. */
export function describeGap(gap: Gap, when = ""): string {
  switch (gap) {
    case "lost":
      return `metric totals began anew${when}: state/ledger.json was lost, and the journal has newer facts only`;
    case "older":
      return `metric totals went on from older ones${when}: state/ledger.json was an older one, and the facts between it and the journal are gone`;
  }
}

/** What is to be said of the metric totals and the journal themselves, one phrase each. */
export function describeUpkeep({ gap, notKept, notTidied }: DeliveryReport): readonly string[] {
  return [
    ...(gap === undefined ? [] : [`the ${describeGap(gap)}`]),
    ...(notKept === undefined
      ? []
      : [`the metric totals could not be kept: ${explainReason(notKept)}; nothing is lost`]),
    ...(notTidied === undefined
      ? []
      : [`the journal could not be tidied up (retention): ${explainReason(notTidied)}; nothing is lost`]),
  ];
}

/** What an attempt has put aside or found gone, one phrase each. */
export function describeDroppedNow({ sinks }: DeliveryReport): readonly string[] {
  return sinks.flatMap(({ sink, droppedNow = {} }) =>
    Object.entries(droppedNow).map(([reason, count]) => describeDropped(sink, reason, count)),
  );
}

export function describeDropped(sink: SinkName, reason: string, count: number): string {
  if (reason === "evicted")
    return `${sink} missed ${plural(count, "fact")}, deleted before they could be delivered (retention.age, retention.size)`;
  const records = plural(count, "record");
  if (reason === "rejected") return `${sink} rejected ${records} for good`;
  return `${sink} refused ${records} for good (${explainReason(reason)}), put aside`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
