import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Command } from "../../src/cli/command.ts";
import { loadCommands } from "../../src/cli/command-table.ts";
import { jsonShapes } from "../../src/cli/json-shapes.ts";
import { commandNames } from "../../src/core/command-names.ts";
import { repositoryRoot } from "../support/run-binary.ts";
import { sandboxOfTest } from "./sandboxes.ts";

const flat = (commands: readonly Command[]): readonly Command[] =>
  commands.flatMap((command) => [command, ...flat(command.subcommands ?? [])]);

test("every name has its command, and every document its shape", async () => {
  const commands = await loadCommands();
  expect(commands.map(({ name }) => name).toSorted()).toEqual(
    commandNames.filter((name) => name !== "help").toSorted(),
  );
  for (const { name, json, hidden } of flat(commands)) {
    // What `exec` prints is its command's.
    if (hidden !== true && name !== "exec")
      expect({ name, documented: jsonShapes.has(String(json)) }).toEqual({ name, documented: true });
  }
});

test("every command has an example, and each example calls it", async () => {
  const commands = await loadCommands();
  const check = (command: Command, path: string): readonly string[] => {
    // Both may be left out.
    const shown = ["switch", "status"].includes(path)
      ? /tta-persona/
      : new RegExp(`tta-persona( .*)? ?${path}\\b`);
    const isShown = command.examples.length > 0 && command.examples.every((one) => shown.test(one.command));
    const below = (command.subcommands ?? []).flatMap((sub) => check(sub, `${path} ${sub.name}`));
    return isShown || command.hidden === true ? below : [path, ...below];
  };
  expect(commands.flatMap((command) => check(command, command.name))).toEqual([]);
});

test("docs/commands.md says what the commands say", async () => {
  const check = promisify(execFile)(process.execPath, ["scripts/docs.mjs", "--check"], {
    cwd: repositoryRoot,
  });
  await expect(check).resolves.toMatchObject({ stderr: "" });
});

test("help: for the program and for each command, with examples and exit codes", async () => {
  const { run } = sandboxOfTest();
  const program = await run(["--help"]);
  expect(program).toMatchObject({ code: 0, stderr: "" });
  for (const { name, summary } of await loadCommands()) {
    expect(program.stdout.replace(/\s+/g, " ")).toContain(`${name} `);
    const help = await run([name, "--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    for (const part of [summary, "Exit codes:", "Examples:", "--json"]) {
      expect(help.stdout.replace(/\s+/g, " ")).toContain(part.replace(/\s+/g, " "));
    }
    expect((await run(["help", name])).stdout).toBe(help.stdout);
  }
  expect(program.stdout).not.toContain("__complete");
});

test("the program's help shows every command once, under a heading that says what for", async () => {
  const { run } = sandboxOfTest();
  const { stdout } = await run(["--help"]);
  const sections = stdout.split(/\n\n(?=\S.*:\n)/).map((section) => section.split("\n"));
  const commandsUnder = (lines: readonly string[]) =>
    lines.flatMap((line) => /^ {2}([a-z][a-z-]*)(?= |$)/.exec(line)?.[1] ?? []);
  const isOfCommands = ([heading = ""]: readonly string[]) =>
    !/^(Usage|Options|Global|Examples)/.test(heading);
  const shown = sections.filter(isOfCommands);
  expect(shown.map(([heading]) => heading)).not.toContain("Commands:");
  expect(shown.length).toBeGreaterThan(3);
  expect(shown.flatMap(commandsUnder).toSorted()).toEqual(
    commandNames.filter((name) => name !== "help").toSorted(),
  );
});
