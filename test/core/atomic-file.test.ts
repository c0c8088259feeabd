import fs from "node:fs";
import { expect, test } from "vitest";
import { replaceFile } from "../../src/core/atomic-file.ts";
import { bundleScript, runScript } from "../support/node-script.ts";
import { killAt, logSteps, readSteps, withFaults } from "../support/preloads.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const REPLACE = `
  import { replaceFile } from "./src/core/atomic-file.ts";
  try {
    replaceFile(process.argv[2] ?? "", "new ".repeat(5000));
    process.exitCode = 0;
  } catch (error) {
    process.stdout.write(error.code + "\\n");
  }
`;
const NEW = "new ".repeat(5000);

test("a file is replaced whole, for the user alone, with nothing left beside it", () => {
  const directory = temporaryDirectory();
  fs.writeFileSync(`${directory}/file`, "old", { mode: 0o644 });
  replaceFile(`${directory}/file`, "new");
  replaceFile(`${directory}/other`, "", false);
  expect(fs.readFileSync(`${directory}/file`, "utf8")).toBe("new");
  expect(fs.statSync(`${directory}/file`).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(directory).sort()).toEqual(["file", "other"]);
});

test("whenever it is killed, the old content or the new one is there", async () => {
  const directory = temporaryDirectory();
  const script = bundleScript(temporaryDirectory(), "replace", REPLACE);
  const file = `${directory}/file`;
  await runScript(script, [file], logSteps(`${directory}/steps`));
  const steps = readSteps(`${directory}/steps`);
  expect(steps.map((step) => step.split(":")[0])).toEqual([
    "openSync",
    "writeSync",
    "fsyncSync",
    "renameSync",
    "fsyncSync",
  ]);
  for (const [index, step] of steps.entries()) {
    for (const when of ["before", "torn", "after"] as const) {
      fs.writeFileSync(file, "old");
      await runScript(script, [file], killAt({ step: index + 1, when }));
      const isNew = index > 3 || (index === 3 && when === "after");
      expect(fs.readFileSync(file, "utf8"), `${when} ${step}`).toBe(isNew ? NEW : "old");
    }
  }
});

test.each([
  ["a write that fails", "enospc:1:file", "old", ["ENOSPC"]],
  ["a short write, after which there is no room", "short:1:file;enospc:2:file", "old", ["ENOSPC"]],
  ["a short write, after which there is room again", "short:1:file", NEW, []],
])("%s", async (_, faults, content, said) => {
  const directory = temporaryDirectory();
  const script = bundleScript(temporaryDirectory(), "replace", REPLACE);
  fs.writeFileSync(`${directory}/file`, "old");
  const { lines } = await runScript(script, [`${directory}/file`], withFaults(...faults.split(";")));
  expect(lines).toEqual(said);
  expect(fs.readFileSync(`${directory}/file`, "utf8")).toBe(content);
  expect(fs.readdirSync(directory)).toEqual(["file"]);
});
