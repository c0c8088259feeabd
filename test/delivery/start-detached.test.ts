import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundleScript, runScript } from "../support/node-script.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { waitFor } from "../support/wait-for.ts";

/** Writes down what it finds itself in, all at once. */
const program = `
  const fs = require("node:fs");
  const group = Number(fs.readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ")[2]);
  const ends = [0, 1, 2].map((fd) => fs.readlinkSync("/proc/self/fd/" + fd));
  const found = { pid: process.pid, group, ends, cwd: process.cwd(), args: process.argv.slice(2), env: process.env };
  fs.writeFileSync("found.tmp", JSON.stringify(found));
  fs.renameSync("found.tmp", "found");
`;

const caller = (setup: string, cwd: string, script: string) => `
  import { startDetached } from "./src/delivery/start-detached.ts";
  ${setup}
  const env = { PATH: process.env.PATH, TOKEN: "a=b\\n'c'", GONE: undefined };
  console.log(startDetached(${JSON.stringify(script)}, ${JSON.stringify(cwd)}, env));
  console.log(process.moduleLoadList.some((name) => name.endsWith(" child_process")));
`;

test.each([
  {
    by: "the binding, which only Node.js 20 has",
    setup: "",
    loads: `${!process.version.startsWith("v20.")}`,
  },
  {
    by: "the module, where the binding is hidden",
    setup: "process.binding = () => { throw new Error('No such binding'); };",
    loads: "true",
  },
])(
  "by $by, a program runs on its own: its own group, no ends, what it was given",
  async ({ setup, loads }) => {
    const directory = temporaryDirectory();
    const script = bundleScript(directory, "program", program);
    const start = bundleScript(directory, "caller", caller(setup, directory, script));
    const { code, lines, stderr } = await runScript(start, [], {
      env: { NOT_PASSED_ON: "1" },
      nodeArgs: ["--no-warnings"],
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const found = await waitFor(() => JSON.parse(readFileSync(join(directory, "found"), "utf8")), {
      what: "the program",
    });
    const pid = Number(lines[0]);
    expect(found).toEqual({
      pid,
      group: pid,
      ends: ["/dev/null", "/dev/null", "/dev/null"],
      cwd: directory,
      args: [],
      env: { PATH: process.env.PATH, TOKEN: "a=b\n'c'" },
    });
    expect(lines[1]).toBe(loads);
  },
);

test("a folder that is gone is a refusal, not an error", async () => {
  const directory = temporaryDirectory();
  const start = bundleScript(directory, "caller", caller("", join(directory, "gone"), "program.cjs"));
  const { code, lines } = await runScript(start, []);
  expect({ code, pid: lines[0] }).toEqual({ code: 0, pid: "undefined" });
});
