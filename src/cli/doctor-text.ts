import { formatDuration } from "../core/duration.ts";
import type { Paint } from "../core/output.ts";
import type { DoctorJson } from "./json-shapes.ts";
import { table } from "./printable.ts";

/** What `doctor` shows a person: what is wrong at the end, where the eye is. */
export function doctorText(report: DoctorJson, paint: Paint, now: number): string {
  const { program, home, journal, deliverer, sinks, problems } = report;
  const mark = (good: boolean) => (good ? paint.green("✓") : paint.red("✗"));
  const since = (time: string | null) =>
    time === null ? "never" : `${formatDuration(now - Date.parse(time))} ago`;
  const lines = [
    `tta-persona ${program.version}, Node.js ${program.node}, ${program.platform}`,
    "",
    paint.bold("Home"),
    `  ${mark(home.writable && !home.networkFilesystem)} ${home.data}`,
    "",
    paint.bold("Settings"),
    ...table(report.settings.map(({ key, value, source }) => [`  ${key}`, value ?? "-", source]))
      .trimEnd()
      .split("\n"),
    "",
    paint.bold("Journal"),
    `  ${mark(!journal.gap)} ${count(journal.facts, "fact")}, ${size(journal.bytes)} in ${count(journal.segments, "segment")}, last written ${since(journal.lastWriteAt)}`,
    ...(journal.damagedLines > 0
      ? [
          `  ${paint.magenta("!")} ${count(journal.damagedLines, "damaged line")} passed over (torn by a crash or a full disk, or without any sense); every other fact is intact`,
        ]
      : []),
    "",
    paint.bold("Delivery"),
    ...(sinks.length === 0 ? ["  no sink is configured; everything stays in the journal"] : []),
    ...sinks.flatMap((sink) => [
      `  ${mark(sink.reachable)} ${[sink.sink, sink.url, sink.how].filter(Boolean).join("  ")}`,
      `      ${sink.reachable ? ["answers", sink.note].filter(Boolean).join(", version ") : (sink.note ?? "not reachable")}`,
      `      ${count(sink.pending, "fact")} pending, last delivered ${since(sink.lastSuccessAt)}${sink.failingSince === null ? "" : `, failing since ${since(sink.failingSince)}`}`,
    ]),
    deliverer === null
      ? paint.dim("  no deliverer is running; the next switch starts one where it is needed")
      : `  deliverer ${deliverer.version} is running (pid ${deliverer.pid})`,
    "",
    ...(report.oldInstallation.length === 0
      ? []
      : [
          paint.bold("Old installation"),
          ...report.oldInstallation.map(({ path, note }) => `  ${path}  ${paint.dim(note)}`),
          "  take it over: tta-persona migrate --dry-run",
          "",
        ]),
    ...(problems.length === 0
      ? [`${mark(true)} Nothing is wrong.`]
      : problems.map((problem) => `${mark(false)} ${problem}`)),
  ];
  return `${lines.join("\n")}\n`;
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
