import { renderExposition } from "../backend/exposition.ts";
import { readStanding, resolveDestinations } from "../delivery/destinations.ts";
import { currentFamilies } from "../delivery/open-sinks.ts";
import type { Ledger } from "../projection/ledger-store.ts";
import type { MetricFamily } from "../projection/metric-family.ts";
import type { CliContext } from "./context.ts";
import { deliveryContext } from "./delivery-context.ts";

/** Every metric as it stands now, delivery's own figures included. */
export function families(ctx: CliContext, ledger: Ledger): readonly MetricFamily[] {
  const context = deliveryContext(ctx);
  const { destinations } = resolveDestinations(context);
  const standings = destinations.map((destination) => readStanding(context, destination));
  return currentFamilies(context, ledger, standings);
}

export const exposition = renderExposition;
