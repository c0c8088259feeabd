/** One record of a CSV file. */
export interface CsvRecord {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvProblem {
  readonly line: number;
  readonly message: string;
}

/**
 * Reads CSV as RFC 4180 has it: commas, quotes doubled within quotes, line breaks within quotes, any line ending. Lines
 * with nothing on them are no records. All problems are told, the first of each record.
 */
export function parseCsv(text: string): {
  readonly records: readonly CsvRecord[];
  readonly problems: readonly CsvProblem[];
} {
  const records: CsvRecord[] = [];
  const problems: CsvProblem[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const start = line;
    const cells: string[] = [];
    let problem: string | undefined;
    for (let isOver = false; !isOver; ) {
      const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at);
      problem ??= cell.problem;
      cells.push(cell.value);
      line += cell.lineBreaks;
      at = cell.end;
      isOver = text[at] !== ",";
      if (!isOver) at += 1;
    }
    if (text.startsWith("\r\n", at)) at += 2;
    else at += 1;
    line += 1;
    if (problem !== undefined) problems.push({ line: start, message: problem });
    else if (cells.length > 1 || cells[0] !== "") records.push({ line: start, cells });
  }
  return { records, problems };
}

interface Cell {
  readonly value: string;
  /** Where the comma or the line break after it is. */
  readonly end: number;
  readonly lineBreaks: number;
  readonly problem?: string;
}

const END_OF_CELL = /[,\r\n]/g;

function endOfCell(text: string, from: number): number {
  END_OF_CELL.lastIndex = from;
  return END_OF_CELL.exec(text)?.index ?? text.length;
}

function plainCell(text: string, start: number): Cell {
  const end = endOfCell(text, start);
  const value = text.slice(start, end);
  const problem = value.includes('"') ? { problem: "a quote within a cell that has none around it" } : {};
  return { value, end, lineBreaks: 0, ...problem };
}

function quotedCell(text: string, start: number): Cell {
  let close = text.indexOf('"', start + 1);
  while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  const value = text.slice(start + 1, close === -1 ? text.length : close).replaceAll('""', '"');
  const lineBreaks = value.match(/\r\n|\r|\n/g)?.length ?? 0;
  if (close === -1) return { value, end: text.length, lineBreaks, problem: "a quote that is never closed" };
  const end = endOfCell(text, close + 1);
  const problem = end === close + 1 ? {} : { problem: "text behind a closing quote" };
  return { value, end, lineBreaks, ...problem };
}
