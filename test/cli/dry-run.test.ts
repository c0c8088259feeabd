import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startFaultyServer } from "../support/faulty-server.ts";
import { sandboxOfTest } from "./sandboxes.ts";

test("what a dry run foresees is its answer, which --quiet leaves as it is", async () => {
  const sandbox = sandboxOfTest();
  const gateway = await startFaultyServer({
    behaviour: { status: 200, body: '{"status": "success", "data": []}' },
  });
  onTestFinished(() => gateway.close());
  const agent = join(sandbox.project, ".claude/agents/reviewer.md");
  mkdirSync(dirname(agent), { recursive: true });
  writeFileSync(agent, "---\nname: reviewer\ndescription: Reviews.\n---\n\nYou review.\n");
  const env = { PUSHGATEWAY_URL: gateway.url };
  for (const argv of [
    ["init"],
    ["switch", "backend"],
    ["guard", "install"],
    ["guard", "uninstall"],
    ["metrics", "prune"],
    ["persona", "import", agent],
  ]) {
    const loud = await sandbox.run([...argv, "--dry-run"], { env });
    expect(loud, argv.join(" ")).toMatchObject({ code: 0, stdout: expect.stringMatching(/\S/) });
    expect(await sandbox.run([...argv, "--dry-run", "--quiet"], { env })).toMatchObject({
      code: 0,
      stdout: loud.stdout,
      stderr: "",
    });
  }
});
