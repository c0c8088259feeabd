import { expect, test } from "vitest";
import { sandboxOfTest } from "../cli/sandboxes.ts";
import { defineWorkflow, failureOf, isThere, OFF, scripted } from "./workflow-project.ts";

test("a project's workflow takes the place of a built-in one only when it is trusted", async () => {
  const sandbox = sandboxOfTest();
  const define = (more: string) =>
    defineWorkflow(sandbox, { name: "bug-fix", stages: [scripted("one", `echo x > ran${more}`)] });
  const file = define("");
  const run = () => sandbox.run(["run", "bug-fix", "--json"], { env: OFF });
  const refused = await run();
  expect([refused.code, failureOf(refused)]).toEqual([
    2,
    {
      reason: "untrusted-workflow",
      message: `${file} would replace the built-in workflow bug-fix.`,
      hint: `Read it, then: tta-persona trust ${file}`,
    },
  ]);
  // Neither its help nor its plan comes from what nobody has read.
  for (const option of ["--help", "--dry-run"])
    expect((await sandbox.run(["run", "bug-fix", option])).code).toBe(2);
  expect((await sandbox.run(["trust", file])).code).toBe(0);
  expect((await run()).code).toBe(0);
  expect(isThere(sandbox, "ran")).toBe(true);
  define("-changed");
  expect((await run()).code).toBe(2);
  expect(isThere(sandbox, "ran-changed")).toBe(false);
});
