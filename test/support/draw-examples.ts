/**
 * What the property tests draw. A fixed seed, so that what passed once passes again: a gate that fails by chance is
 * no gate. `npm run fuzz` looks further, with another seed and more examples each time; fast-check prints the seed of
 * what it finds, and `FUZZ_SEED` draws it again.
 */
import fc from "fast-check";

const USUAL_RUNS = 100;
const { FUZZ_SEED: seed = "20260101", FUZZ_RUNS: runs = String(USUAL_RUNS) } = process.env;
fc.configureGlobal({ seed: Number(seed), numRuns: Number(runs) });

/** For a property that wants more examples than others, or fewer: as many in `npm test`, more in `npm run fuzz`. */
export function examples(count: number): number {
  return Math.ceil((count * Number(runs)) / USUAL_RUNS);
}
