import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Where tools leave it, and how the percentage of lines is read from it. The first that says a number counts. */
const REPORTS = [
  ["coverage/coverage-summary.json", (text) => JSON.parse(text).total.lines.pct],
  ["coverage.json", (text) => JSON.parse(text).totals.percent_covered],
  ["coverage.xml", (text) => /<coverage\b[^>]*\bline-rate="([\d.]+)"/.exec(text)?.[1] * 100],
  ["coverage/lcov.info", (text) => (sumOf(text, "LH") / sumOf(text, "LF")) * 100],
];

/**
 * Remembers the reports there are, so that one of an earlier run is not taken for this one's.
 *
 * @param {string} directory
 * @returns {() => { percent: number, file: string } | undefined} to call after the tests: what they reported.
 */
export function watchCoverage(directory) {
  const before = new Map(REPORTS.map(([file]) => [file, stamp(join(directory, file))]));
  return () => {
    for (const [file, read] of REPORTS) {
      const now = stamp(join(directory, file));
      if (now === undefined || now === before.get(file)) continue;
      const percent = percentOf(join(directory, file), read);
      if (percent !== undefined) return { percent, file };
    }
    return undefined;
  };
}

function percentOf(path, read) {
  try {
    const percent = Number(read(readFileSync(path, "utf8")));
    return Number.isFinite(percent) ? Math.round(percent * 100) / 100 : undefined;
  } catch {
    // A report of another tool, or a broken one, reports nothing.
    return undefined;
  }
}

function stamp(path) {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.size}`;
}

function sumOf(text, key) {
  return [...text.matchAll(new RegExp(`^${key}:(\\d+)`, "gm"))].reduce((sum, [, n]) => sum + Number(n), 0);
}
