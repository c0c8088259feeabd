import { expect, test } from "vitest";
import type { SinkStanding } from "../../src/delivery/destinations.ts";
import { describeUndelivered, explainReason, reportDelivery } from "../../src/delivery/report.ts";
import { emptyLedger } from "../../src/projection/ledger.ts";
import type { SinkHealth, SinkName } from "../../src/sink/checkpoint.ts";

const ledger = {
  state: emptyLedger,
  cursor: { segment: 1, offset: 900, seq: 9 },
  unsaved: 0,
  savedSegment: 1,
  gap: undefined,
};

function standing(name: SinkName, seq: number, health: Partial<SinkHealth> = {}): SinkStanding {
  return { name, cursor: { segment: 1, offset: 0, seq }, health: { failures: {}, dropped: {}, ...health } };
}

test("with everything delivered there is nothing to say", () => {
  const report = reportDelivery([standing("otlp", 9), standing("pushgateway", 9)], [], ledger);
  expect(report).toEqual({
    complete: true,
    sinks: [
      { sink: "otlp", complete: true, pending: 0, deadLetters: 0 },
      { sink: "pushgateway", complete: true, pending: 0, deadLetters: 0 },
    ],
  });
  expect(describeUndelivered(report)).toBeUndefined();
});

test("all that is open is told in one line", () => {
  const failing = { since: 0, reason: "http_400", detail: "text format parsing error" };
  const failure = { reason: "otlp-config", message: "OTEL_EXPORTER_OTLP_PROTOCOL must be grpc" };
  const report = reportDelivery(
    [standing("pushgateway", 9, { failing })],
    [{ sink: "otlp", failure }],
    ledger,
  );
  expect(report.sinks).toMatchObject([{ complete: false, pending: 0 }, { pending: 9 }]);
  expect(describeUndelivered(report)).toBe(
    "not delivered yet: pushgateway (HTTP 400: text format parsing error), " +
      "otlp (OTEL_EXPORTER_OTLP_PROTOCOL must be grpc); nothing is lost, see: tta-persona doctor",
  );
});

test("who did not get that far is told from who failed", () => {
  const report = reportDelivery([standing("otlp", 4)], [], ledger);
  expect(report.sinks).toMatchObject([{ pending: 5, reason: "not reached before the deadline" }]);
});

test("what this attempt has put aside is told, what earlier ones have is not", () => {
  const before = [standing("otlp", 1, { dropped: { http_400: 4 } })];
  const after = [standing("otlp", 9, { dropped: { http_400: 5, evicted: 3, rejected: 2 } })];
  const report = reportDelivery(after, [], ledger, before);
  expect(report).toMatchObject({ complete: true, sinks: [{ deadLetters: 5 }] });
  expect(describeUndelivered(report)).toBe(
    "otlp refused 1 record for good (HTTP 400), put aside; " +
      "otlp missed 3 facts, deleted before they could be delivered (retention.age, retention.size); " +
      "otlp rejected 2 records for good, see: tta-persona doctor",
  );
  expect(describeUndelivered(reportDelivery(after, [], ledger, after))).toBeUndefined();
});

test.each([
  ["connection_refused", "connection refused"],
  ["http_503", "HTTP 503"],
  ["grpc_14", "gRPC status 14"],
  ["disk_enospc", "the disk is full"],
  ["disk_eio", "disk eio"],
])("%s reads %j", (reason, words) => {
  expect(explainReason(reason)).toBe(words);
});
