import fs from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { appendFact } from "../../src/journal/append.ts";
import { deleteSegmentsBelow } from "../../src/journal/segments.ts";
import { aSwitch } from "../journal/a-fact.ts";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { withFaults } from "../support/preloads.ts";
import { configuredSandbox } from "./delivery-home.ts";

test("totals that were lost are told by the next delivery once, and by doctor for a while", async () => {
  const gateway = await startFakePushgateway();
  const sandbox = configuredSandbox({ pushgateway: { url: gateway.url }, delivery: { mode: "off" } });
  onTestFinished(async () => {
    await Promise.all([sandbox.dispose(), gateway.close()]);
  });
  const dir = `${sandbox.home}/journal`;
  const append = (persona: string) =>
    appendFact({ dir, segmentBytes: 1 }, aSwitch(persona, { ts: Date.now() }));
  for (const persona of ["a", "b", "a", "b", "a"]) append(persona);
  await sandbox.run(["flush", "--strict"]);

  fs.rmSync(`${sandbox.home}/state/ledger.json`);
  deleteSegmentsBelow(dir, 5);
  append("b");
  const told = expect.stringContaining("the metric totals began anew");
  expect(await sandbox.run(["flush", "--strict"])).toMatchObject({ code: 0, stderr: told });
  expect(gateway.value("hypertool_persona_switches_total")).toBe(2);
  expect(await sandbox.run(["flush", "--strict"])).toMatchObject({ code: 0, stderr: "" });
  expect(await sandbox.run(["doctor"])).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/The metric totals began anew on 20\d\d-.*: state\/ledger\.json was lost/),
  });
});

test("totals that a full disk does not take are no failure of the delivery, and told", async () => {
  const gateway = await startFakePushgateway();
  const sandbox = configuredSandbox({ pushgateway: { url: gateway.url }, delivery: { mode: "foreground" } });
  onTestFinished(async () => {
    await Promise.all([sandbox.dispose(), gateway.close()]);
  });
  const told =
    "the metric totals could not be kept: the disk is full; nothing is lost, see: tta-persona doctor\n";
  const full = withFaults("enospc:1+:ledger.json");
  const first = await sandbox.run(["switch", "backend-engineer"], full);
  expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining(told) });
  expect(gateway.value("hypertool_persona_switches_total")).toBe(1);
  const flushed = await sandbox.run(["flush", "--strict"], full);
  expect(flushed).toMatchObject({ code: 0, stderr: expect.stringContaining(told) });
});
