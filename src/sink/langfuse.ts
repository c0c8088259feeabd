import type { LangfuseClient } from "../backend/langfuse.ts";
import type { Owner } from "../core/owner.ts";
import { type LangfuseOrigin, observationOf } from "./langfuse-observation.ts";
import { releaseScores, sendScores } from "./langfuse-scores.ts";
import { emptyLangfuseFold, foldLangfuse, freshLangfuseFold, type LangfuseFold } from "./langfuse-spans.ts";
import { createReplaySink } from "./replay.ts";
import type { Replayed } from "./replayed.ts";
import type { Sink, SinkContext } from "./sink.ts";

/**
 * Replays facts to a Langfuse project: a run is a trace, stages and processes its spans, calls of models its
 * generations, switches events. Gates' results and scores follow, once what they are about has arrived.
 */
export function createLangfuseSink(
  context: SinkContext,
  destinationHash: string,
  client: LangfuseClient,
  origin: Omit<LangfuseOrigin, "blobs">,
  isDead?: (owner: Owner) => boolean,
): Sink {
  const place = { ...origin, blobs: context.home.blobs };
  const replayed: Replayed<LangfuseFold> = {
    empty: emptyLangfuseFold,
    fold: (state, fact, { segment }) => foldLangfuse(state, fact, segment),
    fresh: freshLangfuseFold,
    interrupted: (state) => releaseScores(state),
    client: {
      send: (spans, deadlineMs) =>
        client.send(
          spans.map((span) => observationOf(span, place)),
          deadlineMs,
        ),
      findArrived: client.findObservations,
      close: client.close,
    },
    trailing: {
      isWaiting: ({ scores }) => scores.length > 0,
      send: (own, deadlineMs) => sendScores(client, origin.environment, own, deadlineMs),
    },
  };
  return createReplaySink("langfuse", context, destinationHash, replayed, isDead);
}
