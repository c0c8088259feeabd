import type { Undelivered } from "../backend/classify-error.ts";
import type { DeliveryOutcome } from "../backend/outcome.ts";
import type { Result } from "../core/result.ts";
import type { SpanRecord } from "../core/span.ts";
import type { Fact } from "../journal/fact.ts";
import type { Cursor } from "../journal/segments.ts";
import type { InFlight } from "./checkpoint.ts";
import type { OpenSpans } from "./open-spans.ts";

/** What a sink that replays facts as spans has of its own: how facts become spans, and who takes them. */
export interface Replayed<Fold extends OpenSpans> {
  readonly empty: Fold;
  /** @param place just behind the fact. */
  fold(
    state: Fold,
    fact: Fact,
    place: Cursor,
  ): { readonly state: Fold; readonly span: ReplayedSpan | undefined };
  /** What a new destination is to know of the facts before its first day: nothing that it would wait for. */
  fresh(state: Fold): Fold;
  /** Called when open spans were closed as interrupted. */
  interrupted(state: Fold): Fold;
  readonly client: ReplayClient;
  readonly trailing?: Trailing<Fold>;
}

/** A finished span, and which of its attributes are too big to be kept in mind until it is sent. */
export interface ReplayedSpan extends SpanRecord {
  readonly bodies?: readonly BodyReference[];
}

export interface BodyReference {
  readonly attribute: string;
  readonly segment: number;
  readonly hash: string;
  readonly bytes: number;
  /** What was kept is only its beginning. */
  readonly isCut: boolean;
}

export interface ReplayClient {
  /** As `OtlpClient` has it. */
  send(spans: readonly ReplayedSpan[], deadlineMs: number): Promise<DeliveryOutcome>;
  /**
   * Ids of those that the backend has. Where there is no such question to ask, the identical spans are sent
   * again after a doubtful outcome.
   */
  findArrived?(inFlight: InFlight, deadlineMs: number): Promise<Result<ReadonlySet<string>, Undelivered>>;
  close(): Promise<void>;
}

/** What goes to the same backend besides spans, after those that it is about. It waits in the fold. */
export interface Trailing<Fold> {
  isWaiting(own: Fold): boolean;
  /** Sends the next few. */
  send(own: Fold, deadlineMs: number): Promise<TrailingOutcome<Fold>>;
}

export interface TrailingOutcome<Fold> {
  /** Without those that were accepted or refused. */
  readonly own: Fold;
  readonly refused: readonly {
    readonly reason: string;
    readonly detail?: string;
    readonly record: unknown;
  }[];
  /** Why some are left that were tried. */
  readonly failure?: Exclude<Undelivered, { readonly status: "refused" }>;
}
