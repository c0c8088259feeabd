import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { settingKeys } from "../../src/config/keys.ts";
import { contentsOf, documentOf, sandboxOfTest } from "./sandboxes.ts";

const OFF = { TTA_PERSONA_DELIVERY: "off" };
const PERSONA = ".tta-persona/personas/project-engineer.yaml";
const WORKFLOW = ".tta-persona/workflows/sample.yaml";
const SETTINGS = ".tta-persona/settings.yaml";

test("writes what can be listed, validated and run as it stands", async () => {
  const { run, project } = sandboxOfTest();
  const made = await run(["init"]);
  expect(made).toMatchObject({ code: 0, stderr: "" });
  expect(made.stdout).toContain(
    `Wrote ${project}/${PERSONA}\nWrote ${project}/${WORKFLOW}\nWrote ${project}/${SETTINGS}\n`,
  );
  expect(Object.keys(contentsOf(project)).filter((path) => path.endsWith(".yaml"))).toEqual([
    PERSONA,
    SETTINGS,
    WORKFLOW,
  ]);
  expect(statSync(join(project, WORKFLOW)).mode & 0o400).toBe(0o400);

  const list = documentOf(await run(["list", "--json"]));
  expect(list.personas).toContainEqual(expect.objectContaining({ name: "project-engineer" }));
  expect((await run(["list"])).stderr).toBe("");
  expect(await run(["workflow", "validate"])).toMatchObject({ code: 0, stderr: "" });
  expect(await run(["run", "sample"], { env: OFF })).toMatchObject({ code: 0 });
  expect(await run(["run", "sample", "--target", "production"], { env: OFF })).toMatchObject({ code: 0 });
  expect(await run(["switch", "project-engineer"], { env: OFF })).toMatchObject({ code: 0, stderr: "" });

  // Each step that it names is a command that there is.
  const steps = [...made.stdout.matchAll(/tta-persona (\w+)/g)].map(([, name = ""]) => name);
  for (const name of steps) expect(await run(["help", name])).toMatchObject({ code: 0 });
  expect(steps).toEqual(["list", "run", "workflow", "trust"]);
});

test("what can be trusted in a new project is told, as it names no persona yet", async () => {
  const { run } = sandboxOfTest();
  await run(["init"]);
  const refused = await run(["trust"]);
  expect(refused.code).toBe(2);
  const [, named = ""] = /tta-persona trust (\S+)$/m.exec(refused.stderr) ?? [];
  expect(named).toBe(SETTINGS);
  expect(await run(["trust", named])).toMatchObject({ code: 0, stderr: "" });
});

test("overwrites nothing without --force, and then says so", async () => {
  const { run, project } = sandboxOfTest();
  await run(["init"]);
  const before = contentsOf(project);
  const again = documentOf(await run(["init", "--json"]));
  expect(again.files).toEqual(
    [PERSONA, WORKFLOW, SETTINGS].map((path) => ({ file: join(project, path), outcome: "unchanged" })),
  );

  writeFileSync(join(project, WORKFLOW), "mine");
  const refused = await run(["init"]);
  expect(refused).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining(`${project}/${WORKFLOW} is there`),
  });
  expect(readFileSync(join(project, WORKFLOW), "utf8")).toBe("mine");

  expect(await run(["init", "--force", "--dry-run"])).toMatchObject({
    stdout: `Already there: ${project}/${PERSONA}\nWould replace ${project}/${WORKFLOW}\nAlready there: ${project}/${SETTINGS}\n`,
  });
  expect(readFileSync(join(project, WORKFLOW), "utf8")).toBe("mine");
  expect((await run(["init", "--force"])).stdout).toContain(`Replaced ${project}/${WORKFLOW}\n`);
  expect(contentsOf(project)).toEqual(before);
});

test("the settings set nothing, and ask for trust once they set something", async () => {
  const { run, project } = sandboxOfTest();
  await run(["init"]);
  const file = join(project, SETTINGS);
  const sample = readFileSync(file, "utf8");
  const config = (...args: string[]) => run(["config", ...args], { env: OFF });
  expect(await config("get", "capture")).toMatchObject({ code: 0, stdout: "masked\n", stderr: "" });
  expect(await run(["trust", SETTINGS])).toMatchObject({ code: 0, stderr: "" });
  expect(await config("get", "capture")).toMatchObject({ code: 0, stdout: "masked\n", stderr: "" });

  // Every setting is right as soon as it is no comment any more.
  const names = settingKeys.filter((key) => "project" in key && key.project).map(({ key }) => key);
  const shown = sample.replaceAll(/^# (?=[a-z.A-Z]+: )/gm, (mark, at: number) =>
    names.some((name) => sample.startsWith(`${name}:`, at + mark.length)) ? "" : mark,
  );
  expect(shown.match(/^[a-z].*(?=: )/gm)).toEqual(names);
  writeFileSync(file, shown);
  for (const args of [["config", "get", "capture"], ["config", "list"], ["doctor"]]) {
    const { stderr } = await run(args, { env: OFF });
    expect(stderr, args.join(" ")).toContain("does not apply until you have read and trusted it");
  }
  await run(["trust", SETTINGS]);
  expect(await config("get", "llm.model")).toMatchObject({
    stdout: "anthropic/claude-sonnet-4-5\n",
    stderr: "",
  });
  const { settings } = documentOf(await config("list", "--json"));
  const ours = (settings as { key: string; source: string }[]).filter(({ source }) => source === "project");
  expect(ours.map(({ key }) => key)).toEqual(names);
});

test("a dry run writes nothing, and another directory is told in the steps", async () => {
  const { run, project } = sandboxOfTest();
  mkdirSync(join(project, "api"));
  expect(documentOf(await run(["init", "--dir", "api", "--dry-run", "--json"]))).toMatchObject({
    directory: join(project, "api"),
    dryRun: true,
    files: [{ outcome: "written" }, { outcome: "written" }, { outcome: "written" }],
  });
  expect(contentsOf(project)).toEqual({ api: "directory" });
  const made = await run(["init", "--dir", "api"]);
  expect(made.stdout).toContain(`cd ${project}/api\n`);
});

test("a place that does not do is told", async () => {
  const { run, project } = sandboxOfTest();
  writeFileSync(join(project, "file"), "");
  for (const dir of ["gone", "file"]) {
    const result = await run(["init", "--dir", dir]);
    expect(result).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`There is no directory "${dir}".`),
    });
  }
  writeFileSync(join(project, ".tta-persona"), "in the way");
  const result = await run(["init"]);
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining(".tta-persona") });
});

test("what is replaced stays the link that it is, within the project, and keeps its mode", async () => {
  const { run, project } = sandboxOfTest();
  await run(["init"]);
  const [link, shared] = [join(project, WORKFLOW), join(project, "shared.yaml")];
  writeFileSync(shared, "mine");
  chmodSync(shared, 0o640);
  const sample = readFileSync(link, "utf8");
  replaceByLink(link, shared);
  expect(await run(["init", "--force"])).toMatchObject({ code: 0, stderr: "" });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(shared, "utf8")).toBe(sample);
  expect(statSync(shared).mode & 0o777).toBe(0o640);
});

test.each<[string, (file: string, elsewhere: string) => void, string]>([
  ["a link out of the project", replaceByLink, "is a link to "],
  ["a link that leads nowhere", (file) => replaceByLink(file, "nowhere"), "does not exist"],
  ["another name of the same file", (file, elsewhere) => linkSync(file, elsewhere), "hard link"],
  ["a read-only file", (file) => chmodSync(file, 0o444), "is read-only"],
])("%s is refused, and nothing is written", async (_, make, message) => {
  const { run, project, userHome } = sandboxOfTest();
  await run(["init"]);
  const elsewhere = join(userHome, "elsewhere");
  for (const file of [PERSONA, WORKFLOW]) writeFileSync(join(project, file), "mine");
  if (make === replaceByLink) writeFileSync(elsewhere, "theirs");
  make(join(project, WORKFLOW), elsewhere);
  const before = [contentsOf(userHome), readFileSync(join(project, PERSONA), "utf8")];
  expect(await run(["init", "--force"])).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining(message),
  });
  expect([contentsOf(userHome), readFileSync(join(project, PERSONA), "utf8")]).toEqual(before);
});

function replaceByLink(file: string, target: string): void {
  rmSync(file);
  symlinkSync(target, file);
}
