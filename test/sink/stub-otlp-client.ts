import type { OtlpClient } from "../../src/backend/otlp.ts";
import type { DeliveryOutcome } from "../../src/backend/outcome.ts";
import type { SpanRecord } from "../../src/core/span.ts";

export type Answer = (spans: readonly SpanRecord[], attempt: number) => DeliveryOutcome;

/** A backend that answers as told and keeps what it accepts, each time it does. */
export function stubClient(answer: Answer = () => ({ status: "accepted" })) {
  const attempts: string[][] = [];
  const accepted: SpanRecord[] = [];
  const client: OtlpClient = {
    async send(spans) {
      const outcome = answer(spans, attempts.length);
      attempts.push(ids(spans));
      if (outcome.status === "accepted") accepted.push(...spans);
      return outcome;
    },
    async close() {},
  };
  return { client, attempts, accepted };
}

export const ids = (spans: readonly SpanRecord[]) => spans.map(({ identity }) => identity.spanId);
