import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { factsOf } from "../e2e/run-sandbox.ts";
import { isInPath } from "../support/is-in-path.ts";
import { repositoryRoot, type Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { sandboxOfTest } from "./sandboxes.ts";

/** Some containers forbid it. */
const canTrace = () => spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

interface ShellUnderTest {
  readonly name: string;
  readonly init: string;
  /** Sets a variable from a command's output. */
  readonly ids: string;
}

const shells: readonly ShellUnderTest[] = [
  { name: "bash", init: 'eval "$(tta-persona shell-init bash)"', ids: "$TTA_PERSONA_SHELL $$" },
  { name: "zsh", init: 'eval "$(tta-persona shell-init zsh)"', ids: "$TTA_PERSONA_SHELL $$" },
  { name: "fish", init: "tta-persona shell-init fish | source", ids: "$TTA_PERSONA_SHELL $fish_pid" },
];

/** A sandbox with the program in PATH, and a way to run lines in a shell. */
function prepare({ name, init }: ShellUnderTest) {
  const sandbox = sandboxOfTest();
  const bin = join(sandbox.userHome, "bin");
  mkdirSync(bin);
  symlinkSync(join(repositoryRoot, "bin/tta-persona.cjs"), join(bin, "tta-persona"));
  const env = { ...sandbox.env, PATH: `${bin}:${sandbox.env.PATH}` };
  const run = (lines: string, extra: Record<string, string> = {}, first = init) =>
    spawnSync(name, ["-c", `${first}\n${lines}`], {
      cwd: sandbox.project,
      env: { ...env, ...extra },
      encoding: "utf8",
      timeout: 120_000,
    });
  return { sandbox, env, run };
}

const endsIn = (sandbox: Sandbox) => factsOf(sandbox).filter(({ type }) => type === "persona.ended");

describe.each(shells.filter(({ name }) => isInPath(name)))("in $name", (shell) => {
  test("the prompt shows what is in force, also what another terminal switched to", async () => {
    const { sandbox, run } = prepare(shell);
    const persona = join(sandbox.project, ".tta-persona/persona");
    const { stdout, stderr } = run(
      [
        "tta_persona_prompt '[' ']'; echo 0",
        // Another terminal.
        "env -u TTA_PERSONA_SHELL tta-persona switch backend > /dev/null",
        "tta_persona_prompt '[' '] '; echo 1",
        "tta-persona switch testing --scope shell > /dev/null",
        "tta_persona_prompt '[' '] '; echo 2",
        "env TTA_PERSONA_SHELL=1-other tta-persona switch data --scope shell > /dev/null",
        "tta_persona_prompt '[' '] '; echo 3",
        "tta-persona end > /dev/null",
        "tta_persona_prompt '[' '] '; echo 4",
        "mkdir -p .tta-persona a/b",
        "echo devops > .tta-persona/persona; cd a/b",
        "tta_persona_prompt '[' '] '; echo 5",
        "tta-persona trust > /dev/null",
        "tta_persona_prompt '[' '] '; echo 6",
        `echo data > '${persona}'`,
        "tta_persona_prompt '[' '] '; echo 7",
        "tta-persona switch obs --scope project > /dev/null",
        "tta_persona_prompt '[' '] '; echo 8",
        "tta_persona_prompt -v shown '[' ']'; echo $shown 9",
        "cd /; tta_persona_prompt '[' '] '; echo 10",
      ].join("\n"),
    );
    expect(stderr).toBe("");
    expect(stdout.trimEnd().split("\n")).toEqual([
      "0",
      "[backend-engineer] 1",
      "[testing-specialist] 2",
      "[testing-specialist] 3",
      "[backend-engineer] 4",
      "[backend-engineer] 5",
      "[devops] 6",
      "[backend-engineer] 7",
      "[observability-expert] 8",
      "[observability-expert] 9",
      "[backend-engineer] 10",
    ]);
  });

  test("the prompt shows TTA_PERSONA first, and nothing that is no name", () => {
    const { run } = prepare(shell);
    const shown = (value: string) => run("tta_persona_prompt '[' ']'", { TTA_PERSONA: value }).stdout;
    expect(shown("data")).toBe("[data]");
    for (const value of [" ", "$(touch hacked)", "%n", "`id`", "a;b", "\u001b[31m"])
      expect(shown(value)).toBe("");
  });

  test("the prompt shows it whatever stands in the home's path", async () => {
    const { sandbox, run } = prepare(shell);
    const home = join(sandbox.userHome, "Jane $(touch hacked) Doe * it's");
    const env = { TTA_PERSONA_HOME: home };
    expect((await sandbox.run(["switch", "backend"], { env })).code).toBe(0);
    const { stdout, stderr } = run("tta_persona_prompt", env);
    expect({ stdout, stderr }).toEqual({ stdout: "backend-engineer", stderr: "" });
    expect(run("tta_persona_prompt '[' ']'", { ...env, TTA_PERSONA: "data x=1" }).stderr).toBe("");
    expect(existsSync(join(sandbox.project, "hacked"))).toBe(false);
  });

  test("the prompt follows links as the system does, and minds no odd place", async () => {
    const { sandbox, run } = prepare(shell);
    const odd = join(sandbox.userHome, 'it\'s $HOME "quoted" `x`');
    const inner = join(odd, "sub");
    mkdirSync(inner, { recursive: true });
    symlinkSync(inner, join(sandbox.project, "link"));
    await sandbox.run(["switch", "backend"]);
    const switched = await sandbox.run(["switch", "data", "--scope", "project"], { cwd: odd });
    expect(switched).toMatchObject({ code: 0, stderr: "" });
    const { stdout, stderr } = run(
      "cd link; tta_persona_prompt; mkdir x; cd x; rmdir ../x; tta_persona_prompt -v x",
    );
    expect({ stdout, stderr }).toEqual({ stdout: "data-scientist", stderr: "" });
  });

  test.skipIf(!canTrace())("a prompt starts no process", async () => {
    const { sandbox, env, run } = prepare(shell);
    run("tta-persona switch backend > /dev/null; tta-persona switch data --scope project > /dev/null");
    const script = join(sandbox.userHome, "init");
    writeFileSync(script, execFileSync("tta-persona", ["shell-init", shell.name], { env }));
    const log = join(sandbox.userHome, "calls");
    const trace = (line: string) => {
      spawnSync(
        "strace",
        ["-f", "-e", "trace=process", "-o", log, shell.name, "-c", `source ${script}; ${line}`],
        {
          cwd: sandbox.project,
          env,
        },
      );
      return readFileSync(log, "utf8")
        .split("\n")
        .filter((call) => /\b(v?fork|clone3?|execve)\(/.test(call)).length;
    };
    // Not even when asked twice.
    const without = trace("true");
    expect(trace("tta_persona_prompt -v x; tta_persona_prompt -v x")).toBe(without);
  });

  test("each shell has an id of its own, its children have the same, and once more changes nothing", () => {
    const { run } = prepare(shell);
    const [first = "", second = ""] = [1, 2].map(
      () => run(`${shell.init}\necho ${shell.ids}\nsh -c 'echo $TTA_PERSONA_SHELL'`).stdout,
    );
    const [own = "", inChild] = first.trim().split("\n");
    const [id, pid] = own.split(" ");
    expect(id).toMatch(new RegExp(`^${pid}-[0-9]+$`));
    expect(inChild).toBe(id);
    expect(second).not.toContain(id);
    // A script belongs to the terminal that it was called from.
    expect(run("echo $TTA_PERSONA_SHELL", { TTA_PERSONA_SHELL: "77-1" }).stdout).toBe("77-1\n");
  });

  test("the session ends with the shell, whose exit code stays", async () => {
    const { sandbox, run } = prepare(shell);
    const { status } = run("tta-persona switch data --scope shell > /dev/null; exit 7");
    expect(status).toBe(7);
    await waitFor(() => endsIn(sandbox).length === 1, { what: "the session to end" });
    expect(endsIn(sandbox)[0]).toMatchObject({ scope: expect.stringMatching(/^shell:/), data: {} });
    await waitFor(() => readdirSync(join(sandbox.home, "state/shells")).length === 0, { what: "no file" });
    // One that had none of its own says nothing.
    const before = factsOf(sandbox).length;
    run("tta-persona switch backend > /dev/null; exit 0");
    expect(factsOf(sandbox)).toHaveLength(before + 1);
  });

  test("a child's end does not end the session of its terminal", async () => {
    const { sandbox, run } = prepare(shell);
    const env = { TTA_PERSONA_SHELL: `${process.pid}-a` };
    await sandbox.run(["switch", "data", "--scope", "shell"], { env });
    expect(run("tta_persona_prompt", env).stdout).toBe("data-scientist");
    expect(endsIn(sandbox)).toEqual([]);
    expect(existsSync(join(sandbox.home, "state/shells", env.TTA_PERSONA_SHELL))).toBe(true);
  });

  test.skipIf(!isInPath("tmux"))("a terminal that is closed ends its session", async () => {
    const { sandbox, env } = prepare(shell);
    const socket = join(sandbox.userHome, "tmux");
    const rc = { bash: ["--rcfile", "rc", "-i"], zsh: ["-i"], fish: ["-C", shell.init] }[shell.name] ?? [];
    writeFileSync(join(sandbox.project, "rc"), shell.init);
    writeFileSync(join(sandbox.project, ".zshrc"), shell.init);
    const tmux = (...args: readonly string[]) =>
      execFileSync("tmux", ["-S", socket, ...args], {
        cwd: sandbox.project,
        env: { ...env, ZDOTDIR: sandbox.project, TERM: "xterm" },
        encoding: "utf8",
      });
    tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "20", shell.name, ...rc);
    try {
      tmux("send-keys", "tta-persona switch data --scope shell", "Enter");
      await waitFor(() => existsSync(join(sandbox.home, "state/shells")), {
        what: "the switch",
      });
      await waitFor(() => tmux("capture-pane", "-p").includes("data-scientist in this shell"), {
        what: "its word",
      });
    } finally {
      tmux("kill-server");
    }
    // By itself, or where it was gone too fast by the next shell.
    const isOver = async () => {
      await sandbox.run(["shell-init", shell.name]);
      return endsIn(sandbox).length > 0;
    };
    await waitFor(isOver, { what: "the session to end" });
    expect(readdirSync(join(sandbox.home, "state/shells"))).toEqual([]);
  });
});

describe.each(shells.filter(({ name }) => name !== "fish" && isInPath(name)))("in $name", (shell) => {
  test("neither options nor aliases of the user's get in the way", async () => {
    const { sandbox, run } = prepare(shell);
    await sandbox.run(["switch", "backend"]);
    const options =
      shell.name === "bash"
        ? "shopt -s expand_aliases; set -euo pipefail -o noclobber"
        : "setopt no_unset err_exit ksh_arrays sh_word_split glob_subst null_glob no_clobber err_return";
    const aliases = [
      "read",
      "printf",
      "local",
      "export",
      "trap",
      "builtin",
      "tta_persona_prompt",
      "typeset",
      "return",
      "emulate",
    ]
      .map((name) => `alias ${name}='echo alias'`)
      .join("\n");
    const { status, stdout, stderr } = run(
      `tta-persona switch data --scope shell > /dev/null\n\\tta_persona_prompt '<' '>'\n\\tta_persona_prompt -v x\necho " $x"\nalias read | head -c 30`,
      {},
      `${options}\n${aliases}\neval '${shell.init}'`,
    );
    expect(stderr).toBe("");
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^<data-scientist> data-scientist\n.*echo alias/),
    });
  });
});

test.skipIf(!isInPath("bash"))("bash keeps the trap that the user has set", async () => {
  const { sandbox, run } = prepare(shells[0] as ShellUnderTest);
  const trap = `trap 'echo "bye $? it'"'"'s"' EXIT`;
  const { stdout, status } = run(
    `${(shells[0] as ShellUnderTest).init}\ntta-persona switch data --scope shell > /dev/null; exit 3`,
    {},
    `${trap}\n${(shells[0] as ShellUnderTest).init}`,
  );
  expect({ stdout, status }).toEqual({ stdout: "bye 3 it's\n", status: 3 });
  await waitFor(() => endsIn(sandbox).length === 1, { what: "the session to end" });
});

test("there is nothing for other shells", async () => {
  const { code, stderr } = await sandboxOfTest().run(["shell-init", "tcsh"]);
  expect(code).toBe(2);
  expect(stderr).toContain("bash, zsh or fish");
});
