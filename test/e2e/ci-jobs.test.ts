import { test } from "vitest";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { createSandbox } from "../support/run-binary.ts";

const SWITCHES = "hypertool_persona_switches_total";
const DURATIONS = "hypertool_persona_duration_seconds_count";
const toBackend = { from_persona: "none", to_persona: "backend-engineer", chatmode: "default" };
const toTesting = { from_persona: "backend-engineer", to_persona: "testing-specialist", chatmode: "default" };

test("jobs of one pipeline, each on an empty disk: zeros at the start, totals at the end", async ({
  expect,
}) => {
  const gateway = await startFakePushgateway();
  try {
    for (const run of ["1", "2"]) {
      const sandbox = createSandbox();
      const env = {
        CI: "true",
        GITHUB_ACTIONS: "true",
        GITHUB_REPOSITORY: "owner/repository",
        GITHUB_WORKFLOW: "release",
        GITHUB_JOB: "build",
        GITHUB_RUN_ID: run,
        PUSHGATEWAY_URL: gateway.url,
      };
      const job = async (...args: string[]) => {
        expect((await sandbox.run(args, { env })).code).toBe(0);
      };
      try {
        await job("flush");
        // Every switch that may follow is there, so that none appears with its first value.
        expect(gateway.value(SWITCHES, toBackend)).toBe(0);
        expect(gateway.value(SWITCHES, toTesting)).toBe(0);
        expect(gateway.value(DURATIONS, { persona: "backend-engineer" })).toBe(0);
        await job("switch", "backend");
        await job("switch", "testing");
        expect(gateway.value(SWITCHES, toBackend)).toBe(1);
        expect(gateway.value(SWITCHES, toTesting)).toBe(1);
        expect(gateway.value(SWITCHES)).toBe(2);
        expect(gateway.value(DURATIONS)).toBe(1);
      } finally {
        await sandbox.dispose();
      }
    }
    expect(gateway.groups()).toHaveLength(1);
  } finally {
    await gateway.close();
  }
});
