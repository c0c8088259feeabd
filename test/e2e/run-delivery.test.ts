import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sandboxOfTest } from "../cli/sandboxes.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import { repositoryRoot } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { defineWorkflow, isThere, OFF, scripted } from "./workflow-project.ts";

const program = `"${process.execPath}" "${join(repositoryRoot, "bin", "tta-persona.cjs")}"`;

async function otlpServer() {
  const server = await startOtlpServer({ protocol: "http" });
  onTestFinished(() => server.close());
  const env = {
    CI: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
    OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=of-the-user",
  };
  return { server, env };
}

test("commands within a stage leave delivery to the run, which alone has the backend's token", async () => {
  const { server, env } = await otlpServer();
  const sandbox = sandboxOfTest();
  defineWorkflow(sandbox, {
    name: "nested",
    stages: [scripted("one", `${program} testing; ${program} exec -- true`)],
  });
  expect(await sandbox.run(["run", "nested"], { env })).toMatchObject({ code: 0, stderr: "" });
  const { stdout } = await sandbox.run(["runs", "logs"], { env: OFF });
  const note = 'tta-persona: TTA_PERSONA is "backend-engineer" here, and goes before it.';
  expect(stdout.trimEnd().split("\n").sort()).toEqual(["Switched to 🧪 testing-specialist", note]);
  expect(new Set(server.requests().map(({ headers }) => headers["x-api-key"]))).toEqual(
    new Set(["of-the-user"]),
  );
  expect(
    server
      .spans()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(expect.arrayContaining(["bash", "stage.one", "true", "workflow.nested"]));
  expect(server.duplicateSpanIds()).toEqual([]);
});

test("the process that delivers for a run in the foreground ends with it, however that ends", async () => {
  const { env } = await otlpServer();
  const sandbox = sandboxOfTest();
  defineWorkflow(sandbox, {
    name: "waiting",
    stages: [scripted("one", "echo $$ > pid; until [ -e go ]; do sleep 0.05; done")],
  });
  const { child } = sandbox.spawn(["run", "waiting"], { env });
  await waitFor(() => isThere(sandbox, "pid"), { what: "the stage" });
  const stage = Number(
    await waitFor(() => readFileSync(join(sandbox.project, "pid"), "utf8").trim(), { what: "pid" }),
  );
  const deliverers = () =>
    sandbox
      .processes()
      .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("tta-persona deliver"));
  await waitFor(() => deliverers().length === 1, { what: "the deliverer" });
  child.kill("SIGKILL");
  await waitFor(() => deliverers().length === 0, { what: "the deliverer to end" });
  process.kill(-stage, "SIGKILL");
});
