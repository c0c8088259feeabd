/** As most terminals draw them: pictures and East Asian letters over two cells, marks and joiners over none. */
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const NARROWED = /^(?:\p{Mn}|\p{Me}|[\u200b-\u200f])$/u;

const segmenter = new Intl.Segmenter();

/** How many cells of a terminal a text takes. */
export function cellWidth(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += widthOf(segment);
  return width;
}

/** As much of a text as fits, with `…` where some of it does not. */
export function fitCells(text: string, cells: number): string {
  if (cellWidth(text) <= cells) return text;
  let fitting = "";
  let left = cells - 1;
  for (const { segment } of segmenter.segment(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    fitting += segment;
  }
  return cells < 1 ? "" : `${fitting}…`;
}

function widthOf(grapheme: string): number {
  if (grapheme.includes("\ufe0f") || WIDE.test(grapheme)) return 2;
  return NARROWED.test(grapheme) ? 0 : 1;
}
