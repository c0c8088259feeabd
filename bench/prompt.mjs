// What a prompt pays for `tta_persona_prompt` in the real shells: milliseconds per call, of many in one shell, over the
// same loop without it. Shells that are not there are left out.
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const CALLS = 500;
const BUDGET_MS = 2;

/** A loop that prints how many nanoseconds it took. */
const loops = {
  bash: (call) =>
    `a=\${EPOCHREALTIME/[.,]/}; for ((i = 0; i < ${CALLS}; i++)); do ${call}; done; b=\${EPOCHREALTIME/[.,]/}; echo $(((b - a) * 1000))`,
  zsh: (call) =>
    `zmodload zsh/datetime; a=$EPOCHREALTIME; for ((i = 0; i < ${CALLS}; i++)) do ${call}; done; b=$EPOCHREALTIME; printf '%.0f\\n' $(((b - a) * 1e9))`,
  fish: (call) =>
    `set a (date +%s%N); for i in (seq ${CALLS}); ${call}; end; set b (date +%s%N); math $b - $a`,
};

const init = {
  bash: 'eval "$(tta-persona shell-init bash)"',
  zsh: 'eval "$(tta-persona shell-init zsh)"',
  fish: "tta-persona shell-init fish | source",
};

const setVariable = "tta_persona_prompt -v shown '[' '] '";
const substitution = {
  bash: 'shown="$(tta_persona_prompt)"',
  zsh: 'shown="$(tta_persona_prompt)"',
  fish: "set shown (tta_persona_prompt)",
};

/** @returns rows of name, milliseconds and budget. */
export function measurePrompt(root, launcher) {
  const bin = join(root, "prompt-bin");
  const home = join(root, "prompt-home");
  const deep = join(root, "d/e/e/p/e/r/a/n/d/d");
  const project = join(root, "project/a/b/c");
  for (const directory of [bin, deep, project]) mkdirSync(directory, { recursive: true });
  spawnSync("ln", ["-s", launcher, join(bin, "tta-persona")]);
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: root, TTA_PERSONA_HOME: home };
  const run = (file, args, cwd) => {
    const { status, stdout, stderr } = spawnSync(file, args, { cwd, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`${file} ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  run("tta-persona", ["switch", "backend"], deep);
  // Among as many others as there may be before the list is made shorter.
  for (let other = 0; other < 98; other++) {
    appendFileSync(join(home, "state/projects"), `data-scientist\t${root}/other/${other}\n`);
  }
  run("tta-persona", ["switch", "data", "--scope", "project"], join(root, "project"));

  const nanoseconds = (shell, before, call, cwd) => {
    const { error, stdout } = spawnSync(shell, ["-c", `${init[shell]}; ${before} ${loops[shell](call)}`], {
      cwd,
      env,
      encoding: "utf8",
    });
    return error === undefined ? Number(stdout.trim().split("\n").at(-1)) : undefined;
  };
  const own = "tta-persona switch testing --scope shell > /dev/null;";
  const rows = [];
  for (const shell of Object.keys(loops)) {
    for (const [name, before, call, cwd] of [
      ["10 directories deep", "", setVariable, deep],
      ["one of 99 projects", "", setVariable, project],
      ["the shell's own", own, setVariable, deep],
      ["in $(…), 10 directories deep", "", substitution[shell], deep],
    ]) {
      const bare = nanoseconds(shell, before, "true", cwd);
      if (bare === undefined) continue;
      const ms = (nanoseconds(shell, before, call, cwd) - bare) / CALLS / 1e6;
      rows.push([`${shell}, ${name}`, ms, BUDGET_MS]);
    }
  }
  return rows;
}
