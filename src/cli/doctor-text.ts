import { formatDuration } from "../core/duration.ts";
import type { Paint } from "../core/output.ts";
import type { DoctorJson } from "./json-shapes.ts";
import { table } from "./printable.ts";

const WIDTH = 100;

/** What `doctor` shows a person: whether facts arrive first, and what is wrong at the end, where the eye is. */
export function doctorText(report: DoctorJson, paint: Paint, now: number): string {
  const { program, home, journal, deliverer, sinks, problems } = report;
  const mark = (good: boolean) => (good ? paint.green("✓") : paint.red("✗"));
  const since = (time: string | null) =>
    time === null ? "never" : `${formatDuration(now - Date.parse(time))} ago`;
  const lines = [
    `tta-persona ${program.version}, Node.js ${program.node}, ${program.platform}`,
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
    paint.bold("Journal"),
    `  ${mark(!journal.gap)} ${count(journal.facts, "fact")}, ${size(journal.bytes)} in ${count(journal.segments, "segment")}, last written ${since(journal.lastWriteAt)}`,
    ...(journal.damagedLines > 0
      ? [
          `  ${paint.magenta("!")} ${count(journal.damagedLines, "damaged line")} passed over (torn by a crash or a full disk, or without any sense); every other fact is intact`,
        ]
      : []),
    "",
    paint.bold("Home"),
    `  ${mark(home.writable && !home.networkFilesystem)} ${home.data}`,
    "",
    ...(report.oldInstallation.length === 0
      ? []
      : [
          paint.bold("Old installation"),
          ...report.oldInstallation.map(({ path, note }) => `  ${path}  ${paint.dim(note)}`),
          "  take it over: tta-persona migrate --dry-run",
          "",
        ]),
    paint.bold("Settings"),
    ...settingLines(report.settings),
    "",
    ...(problems.length === 0
      ? [`${mark(true)} Nothing is wrong.`]
      : problems.map((problem) => `${mark(false)} ${problem}`)),
  ];
  return `${lines.join("\n")}\n`;
}

/** What somebody has set, one a line; all others together, so that they push nothing off the screen. */
function settingLines(settings: DoctorJson["settings"]): readonly string[] {
  const from = (wanted: string) => settings.filter(({ source }) => source === wanted);
  const set = settings.filter(({ source }) => source !== "default" && source !== "unset");
  const rows = set.map(({ key, value, source }) => [`  ${key}`, value ?? "-", source]);
  return [
    ...(rows.length === 0 ? [] : table(rows).trimEnd().split("\n")),
    ...wrap(
      "  default: ",
      from("default").map(({ key, value }) => `${key}=${value}`),
    ),
    ...wrap(
      "  unset: ",
      from("unset").map(({ key }) => key),
    ),
  ];
}

/** Words behind a label, in lines that begin below the first word. */
function wrap(label: string, words: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let line = label;
  for (const word of words) {
    if (line.length + word.length > WIDTH) {
      lines.push(line.trimEnd());
      line = " ".repeat(label.length);
    }
    line += `${word} `;
  }
  return words.length === 0 ? [] : [...lines, line.trimEnd()];
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
