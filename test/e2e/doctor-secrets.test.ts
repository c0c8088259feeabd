import { expect, onTestFinished, test } from "vitest";
import { createSandbox } from "../support/run-binary.ts";

test("doctor shows where a sink is, and neither userinfo nor query of its address", async () => {
  const sandbox = createSandbox();
  onTestFinished(() => sandbox.dispose());
  const endpoint = "http://user:hunter2@127.0.0.1:9/v1/traces?key=hunter3";
  const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint };
  for (const args of [["doctor"], ["doctor", "--json"]]) {
    const { stdout, stderr } = await sandbox.run(args, { env });
    expect(stdout).toContain("http://127.0.0.1:9/v1/traces?***");
    expect(stdout + stderr).not.toMatch(/hunter/);
  }
});
