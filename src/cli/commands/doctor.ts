import fs from "node:fs";
import { envValue } from "../../core/environment.ts";
import { ExitCode } from "../../core/errors.ts";
import { canWrite, freeBytes, isNetworkFilesystem } from "../../core/filesystem.ts";
import type { Home } from "../../core/home.ts";
import { isElsewhere } from "../../core/owner.ts";
import { samplers } from "../../core/trace-context.ts";
import { delivererErrorPath } from "../../delivery/deliverer-error.ts";
import { type LeaseRecord, readLease } from "../../delivery/lease.ts";
import { describeDropped, describeGap } from "../../delivery/report.ts";
import { journalStatus } from "../../journal/journal-status.ts";
import { loadCatalogue } from "../../persona/catalogue.ts";
import { type Ledger, openLedger } from "../../projection/ledger-store.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { deliveryContext } from "../delivery-context.ts";
import { doctorText } from "../doctor-text.ts";
import { personaPlaces, problemLine } from "../find-persona.ts";
import type { DoctorJson } from "../json-shapes.ts";
import { findOldInstallation } from "../migration/old-installation.ts";
import { oldInstallationOf } from "../migration/old-text.ts";
import { settingJson } from "./config.ts";

/** How long a backend has to answer; all are asked at once. */
const PROBE_MS = 3000;

/** By then whoever looks has seen it, or never will. */
const GAP_TOLD_MS = 30 * 86_400_000;

const FULL_BELOW_BYTES = 1024 * 1024;

export const command: Command = {
  name: "doctor",
  summary: "Check settings, backends, journal and delivery",
  description:
    "Shows every setting and where it came from, whether each backend answers or why not, what waits to be " +
    "delivered, and the health of the journal. Changes nothing.",
  examples: [
    { command: "tta-persona doctor", doc: "when something does not arrive" },
    { command: "tta-persona doctor --json", doc: "for a bug report; secrets are left out" },
  ],
  exitCodes: { 0: "nothing is wrong", 1: "something is wrong, and is said" },
  json: "tta-persona/doctor/1",
  settingsProblems: "presented by the command",
  async run(_, ctx) {
    const ledger = openLedger(ctx.home);
    const document = await examine(ctx, ledger);
    ctx.output.answer(document, doctorText(document, ctx.paint, ctx.clock.now()));
    return document.ok ? ExitCode.done : ExitCode.failed;
  },
};

async function examine(ctx: CliContext, ledger: Ledger): Promise<DoctorJson> {
  const { home, settings, version } = ctx;
  const { readSinkStatus } = await import("../../delivery/sink-status.ts");
  const sinks = await readSinkStatus(deliveryContext(ctx), ledger, PROBE_MS);
  const journal = journalStatus(home.journal);
  const lease = readLease(home.lease);
  const writable = canWrite(home.data) && canWrite(home.configDir);
  const networkFilesystem = isNetworkFilesystem(home.data);
  const gap = gapToTell(ledger, ctx.clock.now());
  const old = findOldInstallation({
    env: ctx.env,
    serverNames: settings.apply.servers,
    ...personaPlaces(ctx),
  });
  const problems = [
    ...settings.problems.map(({ message, hint }) => (hint === undefined ? message : `${message} ${hint}`)),
    ...loadCatalogue(personaPlaces(ctx)).problems.map(
      (problem) => `${problemLine(problem)}. ${problem.hint}`,
    ),
    ...environmentProblems(ctx),
    ...(writable ? [] : [`${home.data} cannot be written, so nothing can be recorded.`]),
    ...((freeBytes(home.data) ?? FULL_BELOW_BYTES) < FULL_BELOW_BYTES
      ? [`The disk of ${home.data} is full, or nearly so; what cannot be written is not recorded.`]
      : []),
    ...(networkFilesystem
      ? [
          `${home.data} is on a network file system, where facts can be lost: set TTA_PERSONA_HOME to a local directory.`,
        ]
      : []),
    ...(gap === undefined ? [] : [gap]),
    ...sinks.flatMap(({ sink, reachable, note, hint }) =>
      reachable ? [] : [`${sink}: ${note ?? "not reachable"}${hint === undefined ? "" : `. ${hint}`}`],
    ),
    ...sinks.flatMap(({ sink, deadLetters, deadLetterFile }) =>
      deadLetters === 0
        ? []
        : [`${sink}: ${deadLetters} records were refused for good; they lie in ${deadLetterFile}`],
    ),
    ...sinks.flatMap(({ sink, dropped }) =>
      ["evicted", "rejected"].flatMap((reason) =>
        dropped[reason] === undefined ? [] : [`${describeDropped(sink, reason, dropped[reason])}.`],
      ),
    ),
    ...(lease.kind === "held" && isElsewhere(lease.record.owner) ? [foreignLease(home, lease.record)] : []),
    ...old.scripts.flatMap(({ file, shadows }) =>
      shadows
        ? [
            `${file}, an older program of this name, stands before this one in PATH. See: tta-persona migrate --dry-run`,
          ]
        : [],
    ),
    ...delivererProblem(delivererErrorPath(home)),
  ];
  return {
    schema: "tta-persona/doctor/1",
    ok: problems.length === 0,
    program: { version, node: process.version, platform: `${process.platform} ${process.arch}` },
    home: { config: home.configFile, data: home.data, writable, networkFilesystem },
    settings: settings.resolved.map(settingJson),
    problems,
    journal: {
      segments: journal.segments,
      bytes: journal.bytes,
      facts: ledger.cursor.seq,
      damagedLines: ledger.state.skipped,
      lastWriteAt: iso(journal.lastWriteAt),
      gap: gap !== undefined,
    },
    oldInstallation: oldInstallationOf(old),
    deliverer: lease.kind === "held" ? { pid: lease.record.owner.pid, version: lease.record.version } : null,
    sinks: sinks.map(({ lastSuccessAt, failingSince, ...sink }) => ({
      ...sink,
      lastSuccessAt: iso(lastSuccessAt),
      failingSince: iso(failingSince),
    })),
  };
}

function gapToTell({ gap, state }: Ledger, now: number): string | undefined {
  if (gap !== undefined) return `The ${describeGap(gap)}.`;
  if (state.gap === undefined || now - state.gap.at >= GAP_TOLD_MS) return undefined;
  return `The ${describeGap(state.gap.kind, ` on ${new Date(state.gap.at).toISOString()}`)}.`;
}

function foreignLease(home: Home, { owner }: LeaseRecord): string {
  return (
    `Process ${owner.pid} on ${owner.host}, another host or container, holds the right to deliver. ` +
    `If that is gone, delete ${home.lease}; a day after it was taken, nobody waits for it any more.`
  );
}

/** Standard variables whose bad values are passed over in silence elsewhere, as OpenTelemetry asks. */
function environmentProblems({ env }: CliContext): string[] {
  const problems: string[] = [];
  const sampler = envValue(env, "OTEL_TRACES_SAMPLER");
  if (sampler !== undefined && !samplers.includes(sampler.trim())) {
    problems.push(`OTEL_TRACES_SAMPLER is none of ${samplers.join(", ")}; parentbased_always_on is used.`);
  }
  const ratio = envValue(env, "OTEL_TRACES_SAMPLER_ARG");
  if (
    sampler?.includes("traceidratio") &&
    ratio !== undefined &&
    !(Number(ratio) >= 0 && Number(ratio) <= 1)
  ) {
    problems.push("OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1; 1 is used.");
  }
  return problems;
}

function delivererProblem(path: string): string[] {
  if (!fs.existsSync(path)) return [];
  return [`Delivery has met a bug of tta-persona; ${path} says more. Delete the file once reported.`];
}

function iso(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}
