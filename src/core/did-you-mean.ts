/**
 * The candidates a user most likely meant, nearest first, at most `limit`. Upper and lower case are the same.
 * A candidate counts while no more than a third of the shorter word (at least one letter) has to change.
 */
export function didYouMean(input: string, candidates: Iterable<string>, limit = 3): readonly string[] {
  const wanted = input.toLowerCase();
  const near: { readonly candidate: string; readonly distance: number }[] = [];
  for (const candidate of candidates) {
    const shorter = Math.min(wanted.length, candidate.length);
    const tolerance = Math.max(1, Math.floor(shorter / 3));
    // Rules out long inputs before the quadratic part.
    if (Math.abs(wanted.length - candidate.length) > tolerance) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= tolerance && distance < shorter) near.push({ candidate, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return near.slice(0, limit).map(({ candidate }) => candidate);
}

/**
 * Letters to insert, delete, replace or swap with their neighbour to turn one word into the other
 * (Damerau–Levenshtein, restricted: no letter is touched twice).
 */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, at(beforePrevious, column - 2) + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}

/** Indices are in range by construction; a miss would only make a path unattractive. */
const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY;
