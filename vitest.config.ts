import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

/**
 * Test files that start processes by the dozen, or for as long as it takes to kill one at each of its steps. They run
 * once all others are done, so that what depends on an answer within seconds never runs beside them.
 */
const STORMS = [
  "test/cli/budget-gate.test.ts",
  "test/cli/scopes.test.ts",
  "test/cli/tokens.test.ts",
  "test/delivery/lease.test.ts",
  "test/e2e/apply-races.test.ts",
  "test/e2e/budget-races.test.ts",
  "test/e2e/deliverer-life.test.ts",
  "test/e2e/exact-totals.test.ts",
  "test/e2e/interrupted-runs.test.ts",
  "test/e2e/kill-injection.test.ts",
  "test/e2e/langfuse.test.ts",
  "test/e2e/one-truth.test.ts",
  "test/e2e/parallel-runs.test.ts",
  "test/e2e/recorded-calls.test.ts",
  "test/e2e/resume.test.ts",
  "test/e2e/sdk-reference.test.ts",
  "test/e2e/workflow-bad-input.test.ts",
  "test/journal/processes.test.ts",
];

const common = {
  pool: "forks",
  // Upper bounds for a machine that is slow or busy; what waits, waits for a condition.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  setupFiles: ["test/support/draw-examples.ts", "test/support/pin-surroundings.ts"],
} satisfies TestProjectInlineConfiguration["test"];

export default defineConfig({
  test: {
    // Not of the projects, or it would be done for each.
    globalSetup: ["test/support/announce-real-servers.ts"],
    projects: [
      {
        test: {
          ...common,
          name: "calm",
          // One more than the two processors of CI's machine: a sixth of the time is waiting.
          maxWorkers: 3,
          include: ["test/**/*.test.ts"],
          exclude: STORMS,
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...common, name: "storms", maxWorkers: 2, include: STORMS, sequence: { groupOrder: 1 } } },
    ],
  },
});
