import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot, type Sandbox } from "../support/run-binary.ts";
import { sandboxOfTest } from "./sandboxes.ts";

const isRequired = process.env.TTA_PERSONA_REQUIRE_SERVERS === "1";

/** Left out where the shell is not there, which shows as skipped; a failure where everything has to be. */
const testIn = (shell: string) => test.skipIf(!isRequired && spawnSync(shell, ["-c", "exit 0"]).status !== 0);

/** A sandbox with the program in PATH, and a persona of the project. */
async function prepare(shell: string) {
  const sandbox = sandboxOfTest();
  const bin = join(sandbox.userHome, "bin");
  mkdirSync(bin);
  symlinkSync(join(repositoryRoot, "bin/tta-persona.cjs"), join(bin, "tta-persona"));
  mkdirSync(join(sandbox.project, ".tta-persona/personas"), { recursive: true });
  writeFileSync(join(sandbox.project, ".tta-persona/personas/zookeeper.json"), '{"name": "zookeeper"}');
  mkdirSync(join(sandbox.project, ".tta-persona/workflows"));
  writeFileSync(
    join(sandbox.project, ".tta-persona/workflows/zip.yaml"),
    "name: zip\nstages: [{ id: a, persona: zookeeper, run: x }]\n",
  );
  const script = join(sandbox.userHome, `completion.${shell}`);
  writeFileSync(script, (await sandbox.run(["completion", shell])).stdout);
  return { sandbox, script, env: { ...sandbox.env, PATH: `${bin}:${sandbox.env.PATH}` } };
}

function runIn(
  shell: string,
  args: readonly string[],
  sandbox: Sandbox,
  env: Record<string, string>,
): string {
  return execFileSync(shell, args, { cwd: sandbox.project, env, encoding: "utf8", timeout: 20_000 });
}

/** What is typed, and the words that have to be offered: all of them, or with `…` these among others. */
const cases: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ["tta-persona switch b", ["backend-engineer"]],
  ["tta-persona switch --chatmode tdd z", ["zookeeper"]],
  ["tta-persona back", ["backend-engineer"]],
  ["tta-persona z", ["zookeeper"]],
  ["tta-persona sw", ["switch"]],
  ["tta-persona show f", ["frontend-engineer"]],
  ["tta-persona switch --ch", ["--chatmode"]],
  ["tta-persona backend --d", ["--dry-run"]],
  ["tta-persona --v", ["--version"]],
  ["tta-persona config s", ["set"]],
  ["tta-persona config set pushgateway.u", ["pushgateway.url", "pushgateway.username"]],
  ["tta-persona --json config get retention.a", ["retention.age"]],
  ["tta-persona completion z", ["zsh"]],
  ["tta-persona workflow v", ["validate"]],
  ["tta-persona workflow show zi", ["zip"]],
  ["tta-persona help pr", ["prompt"]],
  ["tta-persona switch backend b", []],
  ["tta-persona history --limit b", []],
  ["tta-persona config set delivery.mode b", []],
];

testIn("bash")("bash offers commands, options, keys and live personas", async () => {
  const { sandbox, script, env } = await prepare("bash");
  for (const [line, offered] of cases) {
    const words = line.split(" ");
    const program = `source ${script}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
      COMP_CWORD=${words.length - 1}; _tta_persona; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const output = runIn("bash", ["--norc", "-uc", program], sandbox, env);
    expect({ line, offered: output.split("\n").filter(Boolean).sort() }).toEqual({ line, offered });
  }
  expect(
    runIn("bash", ["--norc", "-c", `source ${script}; complete -p tta-persona`], sandbox, env),
  ).toContain("_tta_persona");
});

testIn("fish")("fish offers commands, options, keys and live personas", async () => {
  const { sandbox, script, env } = await prepare("fish");
  for (const [line, offered] of cases) {
    const program = `source ${script}; complete -C '${line}'`;
    const output = runIn("fish", ["--no-config", "-c", program], sandbox, env);
    const words = output
      .split("\n")
      .filter(Boolean)
      .map((row) => row.split("\t")[0]);
    expect({ line, offered: words.sort() }).toEqual({ line, offered });
  }
});

/** Types each line and a tab into a real interactive zsh, and has it write down what its buffer says then. */
const ZSH_TYPIST = `
zmodload zsh/zpty
zpty shell "zsh -f -i"
say() { zpty -w shell "$1" }
say "PS1=; PS2=; unsetopt beep; setopt no_auto_remove_slash; zle_highlight=(none)"
say "autoload -Uz compinit; compinit -u -D; source $SCRIPT"
say "dump() { print -r -- \\"\\$BUFFER\\" >> $OUT; zle kill-whole-line }; zle -N dump; bindkey '^X' dump; bindkey '^I' complete-word"
say "print ready >> $OUT"
while ! grep -q ready $OUT 2>/dev/null; do zpty -rt shell _ 2>/dev/null; sleep 0.05; done
count=1
for line in "\${(@f)LINES_TO_TYPE}"; do
  zpty -wn shell "$line"$'\\t'$'\\x18'
  count=$((count + 1))
  until [[ $(wc -l < $OUT) -ge $count ]]; do zpty -rt shell _ 2>/dev/null; sleep 0.02; done
done
zpty -d shell
`;

testIn("zsh")("zsh completes commands, options, keys and live personas", async () => {
  const { sandbox, script, env } = await prepare("zsh");
  const out = join(sandbox.userHome, "typed");
  // Where more than one word is offered, zsh goes as far as they agree.
  const unique = cases.filter(([, offered]) => offered.length === 1);
  const lines = unique.map(([line]) => line).join("\n");
  runIn("zsh", ["-fc", ZSH_TYPIST], sandbox, {
    ...env,
    TERM: "xterm",
    SCRIPT: script,
    OUT: out,
    LINES_TO_TYPE: lines,
  });
  const typed = readFileSync(out, "utf8").trimEnd().split("\n").slice(1);
  expect(typed.map((line) => line.trimEnd())).toEqual(
    unique.map(([line, [word]]) => [...line.split(" ").slice(0, -1), word].join(" ")),
  );
});

test("completion never fails aloud, and knows its shells", async () => {
  const { run } = sandboxOfTest();
  expect(await run(["__complete", "nonsense"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(await run(["completion", "csh"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("bash, zsh or fish"),
  });
});
