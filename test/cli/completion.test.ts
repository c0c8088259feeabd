import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { LangfuseProject } from "../../src/backend/langfuse-http.ts";
import { resolveHome } from "../../src/core/home.ts";
import { keepPrompt } from "../../src/llm/prompt-cache.ts";
import { isInPath } from "../support/is-in-path.ts";
import { repositoryRoot, type Sandbox } from "../support/run-binary.ts";
import { sandboxOfTest } from "./sandboxes.ts";

const testIn = (shell: string) => test.skipIf(!isInPath(shell));

/** A sandbox with the program in PATH, and a persona of the project. */
async function prepare(shell: string) {
  const sandbox = sandboxOfTest();
  const bin = join(sandbox.userHome, "bin");
  mkdirSync(bin);
  symlinkSync(join(repositoryRoot, "bin/tta-persona.cjs"), join(bin, "tta-persona"));
  mkdirSync(join(sandbox.project, ".tta-persona/personas"), { recursive: true });
  writeFileSync(join(sandbox.project, ".tta-persona/personas/zookeeper.json"), '{"name": "zookeeper"}');
  mkdirSync(join(sandbox.project, ".tta/chatmodes"), { recursive: true });
  writeFileSync(
    join(sandbox.project, ".tta/chatmodes/zoo-mode.chatmode.md"),
    "---\npersona: zookeeper\n---\n",
  );
  mkdirSync(join(sandbox.project, ".tta-persona/workflows"));
  writeFileSync(
    join(sandbox.project, ".tta-persona/workflows/zip.yaml"),
    "name: zip\nparameters:\n  target: { type: string, required: true }\n  loud: { type: boolean }\n" +
      "stages: [{ id: a, persona: zookeeper, run: x }]\n",
  );
  knowNames(sandbox);
  const script = join(sandbox.userHome, `completion.${shell}`);
  writeFileSync(script, (await sandbox.run(["completion", shell])).stdout);
  const env = { ...sandbox.env, ...LANGFUSE, PATH: `${bin}:${sandbox.env.PATH}` };
  return { sandbox, script, env };
}

/** Nobody listens there: what is offered is known without asking. */
const LANGFUSE = {
  LANGFUSE_HOST: "http://127.0.0.1:1",
  LANGFUSE_PUBLIC_KEY: "pk-lf-1",
  LANGFUSE_SECRET_KEY: "sk-lf-0123456789",
};

/** Prompts that were fetched, and datasets that an experiment was made on. */
function knowNames({ home: root }: Sandbox): void {
  const home = resolveHome({ TTA_PERSONA_HOME: root }, "linux");
  if (!home.ok) throw new Error(home.error.message);
  const project = {
    host: LANGFUSE.LANGFUSE_HOST,
    publicKey: LANGFUSE.LANGFUSE_PUBLIC_KEY,
    secretKey: LANGFUSE.LANGFUSE_SECRET_KEY,
    ingestion: "otlp",
    userAgent: "t",
  } as const;
  const keep = (of: LangfuseProject, name: string) =>
    keepPrompt(
      home.value,
      of,
      { label: "production" },
      { name, version: 1, labels: ["production"], content: { type: "text", text: "x" } },
      1,
    );
  for (const name of ["team/review", "team/$(touch ran)", "team/`touch ran`", "team two"])
    keep(project, name);
  keep({ ...project, publicKey: "pk-lf-2" }, "team/others");
  mkdirSync(home.value.experiments, { recursive: true });
  for (const name of ["qa%2Fcapitals", "%", "qa%2F%24(touch%20ran)", `qa${"x".repeat(78)}-0123456789abcd`]) {
    writeFileSync(join(home.value.experiments, `${name}.jsonl`), "{}\n");
  }
}

function runIn(
  shell: string,
  args: readonly string[],
  sandbox: Sandbox,
  env: Record<string, string>,
): string {
  return execFileSync(shell, args, { cwd: sandbox.project, env, encoding: "utf8", timeout: 240_000 });
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
  ["tta-persona prompt get te", ["team/review"]],
  ["tta-persona prompt label t", ["team/review"]],
  ["tta-persona llm --prompt te", ["team/review"]],
  ["tta-persona dataset list q", ["qa/capitals"]],
  ["tta-persona dataset run q", ["qa/capitals"]],
  ["tta-persona llm --persona zo", ["zookeeper"]],
  ["tta-persona tokens record --outcome ab", ["aborted"]],
  ["tta-persona run zip --ta", ["--target"]],
  ["tta-persona run zip --target x --lo", ["--loud"]],
  ["tta-persona run zip --max", ["--max-parallel"]],
  ["tta-persona run --targ", []],
  ["tta-persona run nothing --targ", []],
  ["tta-persona switch backend b", []],
  ["tta-persona history --limit b", []],
  ["tta-persona switch --chatmode zo", ["zoo-mode"]],
  ["tta-persona backend --chatmode zo", ["zoo-mode"]],
  ["tta-persona chatmode show zo", ["zoo-mode"]],
  ["tta-persona persona export --format h", ["hypertool"]],
  ["tta-persona persona create x --from z", ["zookeeper"]],
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
  expect(existsSync(join(sandbox.project, "ran"))).toBe(false);
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
