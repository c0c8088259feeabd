/**
 * How well a text fits what was typed: its letters in that order, wherever they are. Undefined: they are not there.
 * Higher is better; the beginning of the text, of words, and letters side by side count more.
 */
export function fuzzyScore(typed: string, text: string): number | undefined {
  const wanted = typed.toLowerCase().replace(/\s/g, "");
  const within = text.toLowerCase();
  let best: number | undefined = wanted === "" ? 0 : undefined;
  // Each place where the first letter stands may be the better beginning.
  for (let begin = within.indexOf(wanted.charAt(0)); begin !== -1 && wanted !== ""; ) {
    const score = scoreFrom(wanted, within, begin);
    if (score !== undefined && (best === undefined || score > best)) best = score;
    begin = within.indexOf(wanted.charAt(0), begin + 1);
  }
  return best;
}

const AT_BEGINNING = 8;
const AT_WORD = 5;
const SIDE_BY_SIDE = 3;

function scoreFrom(wanted: string, within: string, begin: number): number | undefined {
  let score = 0;
  let at = begin - 1;
  for (const letter of wanted) {
    const next = within.indexOf(letter, at + 1);
    if (next === -1) return undefined;
    if (next === 0) score += AT_BEGINNING;
    else if (/[^\p{L}\p{N}]/u.test(within.charAt(next - 1))) score += AT_WORD;
    if (next === at + 1 && at >= begin) score += SIDE_BY_SIDE;
    at = next;
  }
  // Of two that fit alike, the one of which less is left over.
  return score - within.length / 1000;
}
