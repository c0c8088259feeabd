import type { OtlpClient } from "../backend/otlp.ts";
import type { Owner } from "../core/owner.ts";
import { noOpenSpans } from "./open-spans.ts";
import { emptySpanFold, foldSpans, type SpanFold } from "./otlp-spans.ts";
import { createReplaySink } from "./replay.ts";
import type { Replayed } from "./replayed.ts";
import type { Sink, SinkContext } from "./sink.ts";

/** Replays facts as spans to an OTLP backend, which cannot be asked what it has. */
export function createOtlpSink(
  context: SinkContext,
  destinationHash: string,
  client: OtlpClient,
  isDead?: (owner: Owner) => boolean,
): Sink {
  const replayed: Replayed<SpanFold> = {
    empty: emptySpanFold,
    fold: (state, fact) => foldSpans(state, fact),
    fresh: (state) => ({ ...state, ...noOpenSpans }),
    interrupted: (state) => state,
    client,
  };
  return createReplaySink("otlp", context, destinationHash, replayed, isDead);
}
