import type { Paint } from "../../core/output.ts";
import { cellWidth, fitCells } from "./cells.ts";
import { fuzzyScore } from "./fuzzy.ts";

/** What can be chosen. */
export interface Choice {
  readonly name: string;
  readonly icon: string;
  readonly displayName: string;
  /** The active persona. */
  readonly isCurrent: boolean;
  /** The one before. */
  readonly isPrevious: boolean;
  /** Lines below the list while it is the one that the cursor is on. */
  readonly preview: readonly string[];
}

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
}

/** The previous one first, since it is what people go back to; then as they were. */
export function orderChoices(choices: readonly Choice[]): readonly Choice[] {
  return [
    ...choices.filter(({ isPrevious }) => isPrevious),
    ...choices.filter(({ isPrevious }) => !isPrevious),
  ];
}

/** Those that fit what was typed, the best first. */
export function filterChoices(choices: readonly Choice[], typed: string): readonly Choice[] {
  if (typed.trim() === "") return choices;
  const scored = choices.flatMap((choice) => {
    const scores = [fuzzyScore(typed, choice.name), fuzzyScore(typed, choice.displayName)];
    const known = scores.filter((score) => score !== undefined);
    return known.length === 0 ? [] : [{ choice, score: Math.max(...known) }];
  });
  return scored.sort((a, b) => b.score - a.score).map(({ choice }) => choice);
}

/** Which of a digit's choices is meant: `1` is the first. */
export function choiceOfDigit(choices: readonly Choice[], key: string): Choice | undefined {
  return /^[1-9]$/.test(key) ? choices[Number(key) - 1] : undefined;
}

/** Below this many rows the preview gives way to the list. */
const ROWS_FOR_PREVIEW = 12;

/** The lines below the one that is typed on; none is wider than the terminal, and all fit its height. */
export function frameLines(
  choices: readonly Choice[],
  cursor: number,
  { columns, rows }: Terminal,
  paint: Paint,
): readonly string[] {
  // A line as wide as the terminal would be broken by some of them.
  const width = Math.max(1, columns - 1);
  if (choices.length === 0) return [paint.dim(fitCells("  no persona is like that", width))];
  const preview = rows < ROWS_FOR_PREVIEW ? [] : (choices[cursor]?.preview ?? []);
  const hint = "↑↓ move  1-9 or Enter choose  Esc leave";
  const page = Math.max(
    1,
    Math.min(choices.length, rows - 3 - (preview.length === 0 ? 0 : preview.length + 1)),
  );
  const first = Math.max(0, Math.min(cursor - Math.floor(page / 2), choices.length - page));
  const nameWidth = Math.max(...choices.map(({ name }) => cellWidth(name)));
  const list = choices.slice(first, first + page).map((choice, index) => {
    const place = first + index;
    const digit = place < 9 ? String(place + 1) : " ";
    const mark = choice.isCurrent ? "*" : " ";
    const begin = fitCells(`${place === cursor ? "❯" : " "} ${digit} ${mark} ${choice.name}`, width);
    const gap = " ".repeat(Math.max(0, nameWidth - cellWidth(choice.name)) + 2);
    const title = `${choice.icon} ${choice.displayName}${choice.isPrevious ? "  (previous)" : ""}`;
    const left = width - cellWidth(begin) - gap.length;
    const end = left < 4 ? "" : `${gap}${fitCells(title, left)}`;
    return place === cursor ? `${paint.bold(begin)}${end}` : `${begin}${paint.dim(end)}`;
  });
  return [
    ...list,
    ...(preview.length === 0 ? [] : ["", ...preview.map((line) => fitCells(`  ${line}`, width))]),
    paint.dim(fitCells(`  ${hint}`, width)),
  ];
}
