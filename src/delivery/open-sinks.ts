import { createLangfuseClient } from "../backend/langfuse.ts";
import { createOtlpClient } from "../backend/otlp.ts";
import { type Failure, UserError } from "../core/errors.ts";
import { type BudgetMoment, budgetsChangeAt } from "../projection/budget-families.ts";
import { expositionFamilies, type SinkFigures } from "../projection/exposition-families.ts";
import { predeclarePersonas } from "../projection/ledger.ts";
import type { Ledger } from "../projection/ledger-store.ts";
import { keepInstallation } from "../sink/identity.ts";
import { createLangfuseSink } from "../sink/langfuse.ts";
import { createOtlpSink } from "../sink/otlp.ts";
import { createPushgatewaySink } from "../sink/pushgateway.ts";
import type { Sink } from "../sink/sink.ts";
import { BUG, containSink, reasonOfThrown } from "./contained-sink.ts";
import type { DeliveryContext } from "./context.ts";
import { keepDelivererError } from "./deliverer-error.ts";
import {
  type Destination,
  type Misconfigured,
  resolveDestinations,
  type SinkStanding,
} from "./destinations.ts";
import { createGatewayClient } from "./gateway-client.ts";
import { langfuseProject } from "./langfuse-project.ts";
import { createPace, earliest, type Pace } from "./pace.ts";
import { explainReason } from "./report.ts";

/** The sinks that are switched on. */
export interface OpenSinks {
  /** Those that are open; it grows. */
  readonly sinks: readonly Sink[];
  /** What is not open, and why. */
  readonly misconfigured: () => readonly Misconfigured[];
  /** Tries once more, with the back-off of a failed delivery, to open those that could not be opened. */
  openMissing(): Promise<void>;
  /** Makes the next try come at once. */
  retryNow(): void;
  /** When one is tried again; undefined when none is. */
  nextTryAt(): number | undefined;
}

/** A destination that is not open; the failure is of the last try. */
interface Missing {
  readonly destination: Destination;
  readonly pace: Pace;
  failure: Failure;
}

/**
 * Opens every sink that the settings and the environment switch on. Under the lease only.
 *
 * @param holdsFirstValues whether the caller stays long enough to show what is held back at first.
 */
export async function openSinks(context: DeliveryContext, holdsFirstValues: boolean): Promise<OpenSinks> {
  const { clock } = context;
  const { destinations, misconfigured } = resolveDestinations(context);
  const sinks: Sink[] = [];
  const missing: Missing[] = [];
  const onBug = (error: unknown) => keepDelivererError(context, error);

  async function open(destination: Destination): Promise<Failure | undefined> {
    try {
      const sink = await openSink(context, destination, sinks, holdsFirstValues);
      sinks.push(containSink(sink, clock, onBug));
      return undefined;
    } catch (error) {
      if (error instanceof UserError) return error;
      const reason = reasonOfThrown(error);
      if (reason === BUG) onBug(error);
      return { reason, message: explainReason(reason) };
    }
  }

  for (const destination of destinations) {
    const failure = await open(destination);
    if (failure === undefined) continue;
    const pace = createPace();
    pace.failed(clock.now(), undefined);
    missing.push({ destination, pace, failure });
  }
  return {
    sinks,
    misconfigured: () => [
      ...misconfigured,
      ...missing.map(({ destination, failure }) => ({ sink: destination.sink, failure })),
    ],
    async openMissing() {
      for (const one of missing.filter(({ pace }) => pace.mayTry(clock.now()))) {
        const failure = await open(one.destination);
        if (failure === undefined) {
          missing.splice(missing.indexOf(one), 1);
          continue;
        }
        one.failure = failure;
        one.pace.failed(clock.now(), undefined);
      }
    },
    retryNow() {
      for (const { pace } of missing) pace.succeeded();
    },
    nextTryAt: () => earliest(missing.map(({ pace }) => pace.nextTryAt())),
  };
}

async function openSink(
  context: DeliveryContext,
  destination: Destination,
  sinks: readonly Sink[],
  holdsFirstValues: boolean,
): Promise<Sink> {
  const { home, clock, version, personas } = context;
  if (destination.sink === "otlp") {
    const client = await createOtlpClient({ ...destination.config, scope: { name: "tta-persona", version } });
    return createOtlpSink({ home, clock }, destination.hash, client);
  }
  if (destination.sink === "langfuse") {
    const { environment, release } = destination.settings;
    const client = await createLangfuseClient(langfuseProject(destination.settings, version), version);
    return createLangfuseSink({ home, clock }, destination.hash, client, { environment, release, version });
  }
  const { scrapeIntervalMs } = destination.settings;
  const client = createGatewayClient(destination.settings, version);
  if (destination.identity.unsaved !== undefined) keepInstallation(home, destination.identity.unsaved);
  return createPushgatewaySink({ home, clock }, destination.hash, client, {
    identity: destination.identity,
    scrapeIntervalMs,
    holdsFirstValues,
    figures: (ledger) => figuresOf(ledger, sinks),
    expectedFigures: (ledger) =>
      figuresOf(
        ledger,
        sinks.map((sink) => expected(sink, ledger)),
      ),
    families: ({ state }, figures) => {
      const { ephemeral } = destination.identity;
      const shown = ephemeral ? predeclarePersonas(state, personas(), clock.now()) : state;
      return expositionFamilies(shown, figures, version, budgetMoment(context));
    },
    changesAt: ({ state }) => budgetsChangeAt(state, budgetMoment(context)),
  });
}

/** All metrics as they are now, delivery's own figures included. */
export function currentFamilies(
  context: Pick<DeliveryContext, "clock" | "version" | "defaultBudgets">,
  ledger: Ledger,
  standings: readonly SinkStanding[],
) {
  const figures = figuresOf(ledger, standings);
  return expositionFamilies(ledger.state, figures, context.version, budgetMoment(context));
}

function budgetMoment({
  clock,
  defaultBudgets,
}: Pick<DeliveryContext, "clock" | "defaultBudgets">): BudgetMoment {
  const budgets = defaultBudgets();
  return { now: clock.now(), budgetOf: (persona) => budgets.get(persona) };
}

function figuresOf(ledger: Ledger, standings: readonly SinkStanding[]): readonly SinkFigures[] {
  return standings.map(({ name, cursor, health }) => ({
    sink: name,
    pending: Math.max(0, ledger.cursor.seq - cursor.seq),
    failures: health.failures,
    dropped: health.dropped,
  }));
}

/** A push tells the gateway how things stand once it, and what the other sinks do meanwhile, has worked. */
function expected({ name, cursor, health }: SinkStanding, ledger: Ledger): SinkStanding {
  const isHopeful = name === "pushgateway" || health.failing === undefined;
  return { name, cursor: isHopeful ? ledger.cursor : cursor, health };
}
