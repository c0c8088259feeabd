import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sandboxOfTest } from "./sandboxes.ts";

/** At exit, writes the names of everything that Node itself has loaded. */
const PRELOAD = `process.on("exit", () =>
  require("node:fs").writeFileSync(process.env.MODULES_FILE, process.moduleLoadList.join("\\n")));`;

/** `performance`, for when the process began, and `vm`, for the compiled bundle. */
const allowed = /^NativeModule (vm$|perf_hooks|internal\/(perf\/|histogram))/;

test("the hot forms load nothing of Node that an empty program does not", async () => {
  const sandbox = sandboxOfTest();
  const preload = join(sandbox.userHome, "preload.cjs");
  const modulesFile = join(sandbox.userHome, "modules");
  const empty = join(sandbox.userHome, "empty.cjs");
  writeFileSync(preload, PRELOAD);
  writeFileSync(empty, "");
  const modulesOf = () => readFileSync(modulesFile, "utf8").split("\n");

  execFileSync(process.execPath, ["--require", preload, empty], {
    env: { ...sandbox.env, MODULES_FILE: modulesFile },
  });
  const baseline = new Set(modulesOf());
  for (const argv of [
    ["switch", "backend"],
    ["current"],
    ["testing"],
    ["switch", "-"],
    ["prompt"],
    ["backend"],
  ]) {
    const { code } = await sandbox.run(argv, {
      nodeArgs: ["--require", preload],
      env: { MODULES_FILE: modulesFile },
    });
    const extra = modulesOf().filter((name) => !baseline.has(name) && !allowed.test(name));
    expect({ argv, code, extra }).toEqual({ argv, code: 0, extra: [] });
  }
  for (const path of ["src/a.py", "frontend/a.ts"]) {
    const { stdout } = await sandbox.run(["guard"], {
      nodeArgs: ["--require", preload],
      env: { MODULES_FILE: modulesFile },
      stdin: JSON.stringify({ tool: "Read", path }),
    });
    const extra = modulesOf().filter((name) => !baseline.has(name) && !allowed.test(name));
    expect({ path, decided: stdout !== "", extra }).toEqual({ path, decided: true, extra: [] });
  }
});
