// How long it takes to list and to check a tree of 28 chatmodes among 500 folders and files without any. Asserts nothing.
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDERS = [".tta/chatmodes", ".github/chatmodes", ".augment/chatmodes", "packages/a/.github/chatmodes"];
const PERSONAS = ["backend-engineer", "frontend-engineer", "devops-engineer", "testing-specialist"];

function plant(root) {
  mkdirSync(join(root, ".git"), { recursive: true });
  for (const [index, folder] of FOLDERS.entries()) {
    mkdirSync(join(root, folder), { recursive: true });
    for (let mode = 0; mode < 7; mode++) {
      const persona = PERSONAS[(index + mode) % PERSONAS.length];
      const text = `---\nhypertool_persona: ${persona}\npersona_token_budget: 2000\n---\n${"A line of text.\n".repeat(300)}`;
      writeFileSync(join(root, folder, `mode-${mode}.chatmode.md`), text);
    }
    symlinkSync("nowhere", join(root, folder, "gone.chatmode.md"));
  }
  for (let index = 0; index < 500; index++) {
    mkdirSync(join(root, `src/${index % 25}/${index}`), { recursive: true });
    writeFileSync(join(root, `src/${index % 25}/${index}/index.ts`), "export {};\n");
  }
}

/** @returns name, milliseconds of the whole process (the median of the rounds) and the budget. */
export function measureChatmodes(root, launcher, env, rounds) {
  plant(root);
  return [
    ["chatmode list", ["chatmode", "list"]],
    ["chatmode validate", ["chatmode", "validate"]],
    ["validate", ["validate"]],
  ].map(([name, args]) => {
    const times = [];
    for (let round = -2; round < rounds; round++) {
      const start = process.hrtime.bigint();
      const { status } = spawnSync(process.execPath, [launcher, ...args], {
        cwd: root,
        env,
        stdio: "ignore",
      });
      if (status === null || status > 1) throw new Error(`${name} exited with ${status}`);
      if (round >= 0) times.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
    return [name, times.sort((a, b) => a - b)[times.length >> 1], 300];
  });
}
