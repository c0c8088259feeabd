import { expect, test } from "vitest";
import type { RunningBinary } from "../../support/run-binary.ts";
import { waitFor } from "../../support/wait-for.ts";
import { sandboxOfTest } from "../sandboxes.ts";

const shown = async (running: RunningBinary, text: string) => {
  await waitFor(() => running.stdout().includes(text), {
    what: `"${text}" on the terminal`,
  });
};

async function picked(keys: string, args: readonly string[] = ["switch"], env: Record<string, string> = {}) {
  const sandbox = sandboxOfTest();
  await sandbox.run(["frontend"]);
  await sandbox.run(["devops"]);
  const running = sandbox.spawnTty(args, { stdin: { open: true }, env });
  await shown(running, "Esc leave");
  running.child.stdin.write(keys);
  const { code, stdout } = await running.result;
  return { code, stdout, current: (await sandbox.run(["current"])).stdout.trim() };
}

test.each([
  ["Enter alone goes back to the previous one", "\r", "frontend-engineer"],
  ["a digit chooses at once", "3", "data-scientist"],
  ["letters in any distance", "tsts\r", "testing-specialist"],
  ["arrows", "\u001b[B\u001b[B\r", "data-scientist"],
  ["up from the first to the last", "\u001b[A\r", "testing-specialist"],
  ["Tab, and letters taken back", "zz\u007f\u007f\t\r", "backend-engineer"],
])("%s", async (_, keys, persona) => {
  const result = await picked(keys);
  expect(result).toMatchObject({ code: 0, current: persona });
  expect(result.stdout).toContain("Switched to");
});

test.each([
  ["Esc", "\u001b"],
  ["Ctrl-C", "\u0003"],
  ["Ctrl-D", "\u0004"],
])("%s leaves without a change", async (_, keys) => {
  for (const args of [["switch"], ["pick"]]) {
    expect(await picked(keys, args)).toMatchObject({ code: 130, current: "devops-engineer" });
  }
});

test("the active one is marked, the previous one is named, and there is a preview", async () => {
  const { stdout } = await picked("\u001b", ["pick"]);
  expect(stdout).toMatch(/\* .*devops-engineer/);
  expect(stdout).toMatch(/frontend-engineer.*\(previous\)/);
  expect(stdout).toContain("Budget: ");
  expect(stdout).toContain("Servers: ");
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLORS = /\u001b\[(?:1|2|3[0-7]|9[0-7])m/;

test("NO_COLOR leaves the terminal's own colours alone", async () => {
  expect((await picked("\u001b", ["pick"])).stdout).toMatch(COLORS);
  expect((await picked("\u001b", ["pick"], { NO_COLOR: "1" })).stdout).not.toMatch(COLORS);
});

test("where nobody is to be asked, it is the error that it always was", async () => {
  const sandbox = sandboxOfTest();
  const { code, stdout, stderr } = await sandbox.run(["switch"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain('Missing required argument "persona"');
  for (const [args, env] of [
    [["switch", "--no-interactive"], {}],
    [["switch"], { TTA_PERSONA_INTERACTIVE: "0" }],
  ] as const) {
    const result = await sandbox.runTty(args, { env });
    expect(result.code).toBe(2);
    expect(result.stdout).toContain("Missing required argument");
  }
  expect((await sandbox.run(["pick"])).code).toBe(2);
});
