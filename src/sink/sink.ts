import type { Clock } from "../core/clock.ts";
import type { Home } from "../core/home.ts";
import type { Cursor } from "../journal/segments.ts";
import type { Ledger } from "../projection/ledger-store.ts";
import type { SinkHealth, SinkName } from "./checkpoint.ts";

/** What every sink needs from outside. */
export interface SinkContext {
  readonly home: Home;
  readonly clock: Clock;
}

/** One destination of facts, with its own place in the journal. Used under the delivery lease only. */
export interface Sink {
  readonly name: SinkName;
  readonly cursor: Cursor;
  readonly health: SinkHealth;
  /**
   * Delivers what the journal has up to the ledger's place, and keeps the checkpoint after every acceptance.
   * Never rejects for anything that a backend does.
   *
   * @param deadlineAt by the clock; no attempt goes on beyond it.
   */
  deliver(ledger: Ledger, deadlineAt: number): Promise<void>;
  /**
   * Goes back to the facts since a moment (milliseconds since the epoch), which the next delivery sends again with
   * the same ids. Absent where the newest totals are all that is sent.
   *
   * @returns false while something older waits, which has to be delivered first.
   */
  resendSince?(ledger: Ledger, sinceMs: number): boolean;
  /** True when what it last showed of delivery itself is no longer so, and it wants to deliver once more. */
  isStale(ledger: Ledger): boolean;
  /** How long the backend asked to be left alone with its last refusal, if it did. */
  retryAfterMs(): number | undefined;
  /** When this sink wants to be called again though no fact is new; undefined if it does not. */
  nextDueAt(): number | undefined;
  /** Until when it holds values back that it has to show then; undefined when it holds none. */
  heldUntil(): number | undefined;
  close(): Promise<void>;
}
