import type { MetricFamily } from "../projection/metric-family.ts";
import { seriesKey, type Totals } from "../projection/totals.ts";

/**
 * When each series was first exposed on the gateway at 0, in ms, or `SHOWN`: by metric name, then by series key.
 */
export type Exposed = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Its true total has been shown: holding it at 0 from then on would look like a counter that was reset. */
const SHOWN = 0;

/**
 * Prometheus sees no increase in a counter whose first value is not 0. So a series that was born after the
 * sink was enabled is held at 0 until it has been exposed for two scrape intervals, and shows its true total
 * then; the ledger has it, so nothing is lost, only late. Series from before are history, shown as they are.
 *
 * @param holdMs two scrape intervals; 0 shows every total as it is.
 * @returns the families to push, what will have been exposed once they are accepted, what must count as
 *   exposed while that is in doubt (undefined when no more than before), and when the next held series that
 *   is not 0 comes due.
 */
export function holdFirstValues(
  families: readonly MetricFamily[],
  totals: Totals,
  exposed: Exposed,
  enabledAt: number,
  holdMs: number,
  now: number,
): {
  readonly families: readonly MetricFamily[];
  readonly exposed: Exposed;
  readonly inDoubt: Exposed | undefined;
  readonly dueAt: number | undefined;
} {
  const next: Record<string, Record<string, number>> = {};
  let inDoubt: Exposed | undefined;
  let dueAt: number | undefined;
  const isHeld = (name: string, labels: readonly string[], isZero: boolean): boolean => {
    const key = seriesKey(labels);
    const known = exposed[name]?.[key];
    const born = totals[name]?.[key]?.born ?? Number.POSITIVE_INFINITY;
    if (known === undefined && born < enabledAt) return false;
    // A clock that was set back does not make it wait for longer.
    const since = Math.min(known ?? now, now);
    const isShown = now - since >= holdMs && !isZero;
    next[name] ??= {};
    next[name][key] = isShown ? SHOWN : since;
    if (isZero) return false;
    if (!isShown) dueAt = Math.min(dueAt ?? Number.POSITIVE_INFINITY, since + holdMs);
    else if (known !== SHOWN) inDoubt = withShown(inDoubt ?? exposed, name, key);
    return !isShown;
  };
  const held = families.map((family): MetricFamily => {
    if (family.type === "counter") {
      const series = family.series.map((one) =>
        isHeld(family.name, one.labels, one.value === 0) ? { ...one, value: 0 } : one,
      );
      return { ...family, series };
    }
    if (family.type === "histogram") {
      const series = family.series.map((one) =>
        isHeld(
          family.name,
          one.labels,
          one.counts.every((count) => count === 0),
        )
          ? { ...one, counts: one.counts.map(() => 0), sum: 0 }
          : one,
      );
      return { ...family, series };
    }
    return family;
  });
  return { families: held, exposed: next, inDoubt, dueAt };
}

function withShown(exposed: Exposed, name: string, key: string): Exposed {
  return { ...exposed, [name]: { ...exposed[name], [key]: SHOWN } };
}

/** Every counter and histogram at 0: what a CI job shows first under a key that other jobs had before. */
export function zeroed(families: readonly MetricFamily[]): readonly MetricFamily[] {
  return holdFirstValues(families, {}, {}, 0, Number.POSITIVE_INFINITY, 0).families;
}
