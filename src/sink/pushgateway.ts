import type { PushgatewayClient } from "../backend/pushgateway.ts";
import { systemErrorCode } from "../core/errors.ts";
import type { Cursor } from "../journal/segments.ts";
import type { SinkFigures } from "../projection/exposition-families.ts";
import type { Ledger } from "../projection/ledger-store.ts";
import type { MetricFamily } from "../projection/metric-family.ts";
import {
  type Checkpoint,
  checkpointPath,
  newCheckpoint,
  readCheckpoint,
  type SinkHealth,
  withFailure,
  withSuccess,
  writeCheckpoint,
} from "./checkpoint.ts";
import { type Exposed, holdFirstValues, zeroed } from "./first-values.ts";
import type { PushIdentity } from "./identity.ts";
import type { Sink, SinkContext } from "./sink.ts";

/** What the sink remembers between pushes. */
interface Pushed {
  /** Series born before this are history, and shown as they are. */
  readonly enabledAt: number;
  readonly exposed: Exposed;
  /** When a held series comes due. */
  readonly dueAt: number | null;
  /** When what was shown is so no more, though no fact is new. */
  readonly changesAt?: number | null;
}

/** Facts made just before the first push are not history: they came with the command that started it. */
const ENABLE_GRACE_MS = 60_000;

export interface PushgatewaySinkOptions {
  readonly identity: PushIdentity;
  readonly scrapeIntervalMs: number;
  /** True for the background process, which stays to show the true values of what it holds back. */
  readonly holdsFirstValues: boolean;
  /** How delivery itself stands, this sink's included. */
  readonly figures: (ledger: Ledger) => readonly SinkFigures[];
  /** The same, once all that is being delivered now has arrived. */
  readonly expectedFigures: (ledger: Ledger) => readonly SinkFigures[];
  /** All families as they are now. */
  readonly families: (ledger: Ledger, figures: readonly SinkFigures[]) => readonly MetricFamily[];
  /** When they will be others though no fact is new. */
  readonly changesAt: (ledger: Ledger) => number | undefined;
}

/** Pushes the newest totals as one whole group; there is nothing to catch up on. */
export function createPushgatewaySink(
  context: SinkContext,
  destinationHash: string,
  client: PushgatewayClient,
  options: PushgatewaySinkOptions,
): Sink {
  const { home, clock } = context;
  const path = checkpointPath(home, "pushgateway", destinationHash);
  const holdMs = 2 * options.scrapeIntervalMs;
  let checkpoint: Checkpoint<Pushed> | undefined = readCheckpoint<Pushed>(path);
  let retryAfterMs: number | undefined;
  let shownFigures: string | undefined;

  async function put(families: readonly MetricFamily[], deadlineAt: number) {
    const remaining = Math.max(0, deadlineAt - clock.now());
    return client.put(options.identity.group, families, AbortSignal.timeout(remaining));
  }

  async function push(ledger: Ledger, deadlineAt: number): Promise<void> {
    const current =
      checkpoint ??
      newCheckpoint<Pushed>(NOWHERE, {
        enabledAt: clock.now() - ENABLE_GRACE_MS,
        exposed: {},
        dueAt: null,
      });
    const figures = options.expectedFigures(ledger);
    // Before the families: what changes in between is pushed once more.
    const changesAt = options.changesAt(ledger) ?? null;
    const families = options.families(ledger, figures);
    const { enabledAt, exposed } = current.state.own;
    const hold = options.holdsFirstValues ? holdMs : 0;
    const held = holdFirstValues(families, ledger.state.totals, exposed, enabledAt, hold, clock.now());

    // The runs before this one left their totals under this key: without zeros first, the like count of
    // this run would look as if nothing had happened.
    const zerosFirst = checkpoint === undefined && options.identity.ephemeral;
    const first = zerosFirst ? await put(zeroed(families), deadlineAt) : undefined;
    const isReady = first === undefined || first.status === "accepted";
    // Should this process die before it knows, no later push may show 0 again where this one shows a total.
    const ifDoubtful = { ...current.state.own, exposed: held.inDoubt ?? exposed };
    if (isReady && (zerosFirst || held.inDoubt !== undefined))
      keep(current.cursor, ifDoubtful, current.state.health);
    const outcome = isReady ? await put(held.families, deadlineAt) : first;

    retryAfterMs = outcome.status === "unavailable" ? outcome.retryAfterMs : undefined;
    const now = clock.now();
    const { health } = current.state;
    if (outcome.status === "accepted") {
      const own = { enabledAt, exposed: held.exposed, dueAt: held.dueAt ?? null, changesAt };
      keep(ledger.cursor, own, withSuccess(health, now));
      shownFigures = JSON.stringify(figures);
    } else {
      const detail = outcome.status === "refused" ? outcome.detail : undefined;
      const own = isReady && outcome.status === "doubtful" ? ifDoubtful : current.state.own;
      keep(current.cursor, own, withFailure(health, outcome.reason, now, detail));
    }
  }

  function keep(cursor: Cursor, own: Pushed, health: SinkHealth): void {
    checkpoint = { cursor, state: { own, health } };
    writeCheckpoint(home, path, checkpoint);
  }

  function isStale(ledger: Ledger): boolean {
    return shownFigures !== undefined && JSON.stringify(options.figures(ledger)) !== shownFigures;
  }

  return {
    name: "pushgateway",
    get cursor() {
      return checkpoint?.cursor ?? NOWHERE;
    },
    get health() {
      return checkpoint?.state.health ?? newCheckpoint(NOWHERE, undefined).state.health;
    },
    async deliver(ledger, deadlineAt) {
      // Who does not stay shows at once what an earlier process held back.
      const dueAt = checkpoint?.state.own.dueAt ?? Number.POSITIVE_INFINITY;
      const isDue = options.holdsFirstValues ? dueAt <= clock.now() : dueAt < Number.POSITIVE_INFINITY;
      const behind =
        checkpoint === undefined ||
        checkpoint.cursor.seq < ledger.cursor.seq ||
        checkpoint.state.health.failing !== undefined;
      const isOver = (checkpoint?.state.own.changesAt ?? Number.POSITIVE_INFINITY) <= clock.now();
      if (!behind && !isDue && !isOver && !isStale(ledger)) return;
      try {
        await push(ledger, deadlineAt);
      } catch (error) {
        const reason = systemErrorCode(error);
        if (reason === undefined || checkpoint === undefined) throw error;
        // What could not be kept on disk is pushed again, which changes nothing.
        const { health, own } = checkpoint.state;
        const failed = withFailure(health, `disk_${reason.toLowerCase()}`, clock.now());
        checkpoint = { ...checkpoint, state: { own, health: failed } };
      }
    },
    isStale,
    retryAfterMs: () => retryAfterMs,
    nextDueAt() {
      const own = checkpoint?.state.own;
      const times = [own?.dueAt, own?.changesAt].filter((time) => typeof time === "number");
      return times.length === 0 ? undefined : Math.min(...times);
    },
    heldUntil: () => checkpoint?.state.own.dueAt ?? undefined,
    async close() {},
  };
}

const NOWHERE: Cursor = { segment: 1, offset: 0, seq: 0 };
