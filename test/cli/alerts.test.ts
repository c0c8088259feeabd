import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "vitest";
import { documentOf, failureOf } from "../e2e/workflow-project.ts";
import { createSandbox } from "../support/run-binary.ts";

const NAMES = ["recording-rules.yaml", "alerts.yaml", "alertmanager.yaml"];

function begin(context: TestContext) {
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  const outcomes = async (...args: string[]) => {
    const result = await sandbox.run(["alerts", "export", "--json", ...args]);
    const { files } = documentOf<{ files: { file: string; outcome: string }[] }>(result);
    return files.map(({ outcome }) => outcome);
  };
  return { sandbox, outcomes };
}

test("the rules are written where others can read them, and once more without a change", async (context) => {
  const { expect } = context;
  const { sandbox, outcomes } = begin(context);
  const first = await sandbox.run(["alerts", "export", "--output", "etc/rules"]);
  const directory = join(sandbox.project, "etc/rules");
  expect(first.code).toBe(0);
  expect(first.stdout).toBe(NAMES.map((name) => `Wrote ${join(directory, name)}\n`).join(""));
  expect(first.stderr).toContain("--runbook-base");
  expect(readdirSync(directory).sort()).toEqual(NAMES.toSorted());
  expect(statSync(join(directory, "alerts.yaml")).mode & 0o044).toBe(0o044);
  expect(await outcomes("--output", "etc/rules")).toEqual(["unchanged", "unchanged", "unchanged"]);
});

test("what is there with another content stays, unless --force is given", async (context) => {
  const { expect } = context;
  const { sandbox, outcomes } = begin(context);
  await sandbox.run(["alerts", "export"]);
  const mine = join(sandbox.project, "alerts/alertmanager.yaml");
  writeFileSync(mine, "# mine\n");
  const refused = await sandbox.run([
    "alerts",
    "export",
    "--json",
    "--runbook-base",
    "https://git.example.com/r.md",
  ]);
  expect(refused.code).toBe(2);
  expect(failureOf(refused).reason).toBe("file-exists");
  expect(failureOf(refused).message).toContain(mine);
  expect(readFileSync(mine, "utf8")).toBe("# mine\n");
  expect(readFileSync(join(sandbox.project, "alerts/alerts.yaml"), "utf8")).not.toContain("git.example.com");
  expect(await outcomes("--force")).toEqual(["unchanged", "unchanged", "replaced"]);
});

test("--runbook-base stands before every anchor, and cannot be more than an address", async (context) => {
  const { expect } = context;
  const { sandbox } = begin(context);
  const run = (base: string) => sandbox.run(["alerts", "export", "--json", "--runbook-base", base]);
  for (const bad of [
    "runbook.md",
    "ftp://a/b",
    "https://a/b#c",
    "https://a/b?c",
    "https://u:s3cret@a/b",
    "u:s3cret@a",
  ]) {
    const result = await run(bad);
    expect(failureOf(result).reason).toBe("invalid-runbook-base");
    expect(result.stdout).not.toContain("s3cret");
  }
  expect(existsSync(join(sandbox.project, "alerts"))).toBe(false);
  expect((await run('https://a.example/{{ $value }} "x": y.md')).code).toBe(0);
  const rules = readFileSync(join(sandbox.project, "alerts/alerts.yaml"), "utf8");
  const links = [...rules.matchAll(/runbook_url: (\S+)$/gm)].map(([, link]) => link);
  expect(links).toHaveLength(10);
  expect(new Set(links.map((link = "") => link.split("#")[0]))).toEqual(
    new Set(["https://a.example/%7B%7B%20$value%20%7D%7D%20%22x%22:%20y.md"]),
  );
});

test("a directory that cannot be made is an error in two lines, and soon", async (context) => {
  const { expect } = context;
  const { sandbox } = begin(context);
  chmodSync(sandbox.project, 0o755);
  writeFileSync(join(sandbox.project, "file"), "");
  for (const output of ["file/below", "/proc/nowhere"]) {
    const result = await sandbox.run(["alerts", "export", "--output", output]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("Choose a directory");
  }
});
