import { describe, expect, test } from "vitest";
import { ownCommand } from "../../src/guard/own-command.ts";
import { guardedProject } from "./guarded-project.ts";

describe("an agent's shell does not change its persona without a person's yes", () => {
  const { decide } = guardedProject();

  test.each([
    ["tta-persona end"],
    ["tta-persona switch devops"],
    ["tta-persona devops"],
    ["tta-persona -"],
    ["tta-persona -- devops"],
    ["tta-persona --quiet end --scope project"],
    ["tta-persona $PERSONA"],
    ["tta-persona undo"],
    ["tta-persona pick"],
    ["tta-persona trust .tta-persona/persona"],
    ["tta-persona guard uninstall --local"],
    ["tta-persona config set apply.onSwitch x"],
    ["tta-persona budget set backend none"],
    ["tta-persona persona create auditor --force"],
    ["npm test && tta-persona end"],
    ["npm test\ntta-persona devops"],
    ["(tta-persona end)"],
    ["echo `tta-persona end`"],
    ["echo $(tta-persona devops)"],
    ["tta-per''sona en\\d"],
    ["TTA_PERSONA_HOME=/x tta-persona devops"],
    ["npx -y tta-persona@latest devops"],
    ["node ./node_modules/tta-persona/bin/tta-persona.cjs end"],
    ["./node_modules/.bin/tta-persona devops"],
    ["/usr/bin/env tta-persona devops"],
    ["sudo -u me tta-persona end"],
    ["echo devops | xargs tta-persona switch"],
    ["if true; then tta-persona devops; fi"],
    ["bash -c 'tta-persona devops'"],
    ["bash -lc 'cd x; tta-persona end'"],
    ['eval "tta-persona devops"'],
    [`python3 -c "import os; os.system('tta-persona end')"`],
    [`node -e "spawnSync('tta-persona', ['guard', 'uninstall'])"`],
    ["bash <<EOF\ntta-persona end\nEOF"],
    ["tta-persona end # -h"],
    ["tta-persona end > --help"],
  ])("%s", (command) => {
    expect(decide("Bash", { command })).toMatchObject({ decision: "ask", rule: "own-persona" });
  });

  test.each([
    ["tta-persona"],
    ["tta-persona current"],
    ["tta-persona status --json"],
    ["tta-persona list"],
    ["tta-persona help switch"],
    ["tta-persona guard log"],
    ["tta-persona guard --explain"],
    ["tta-persona config get llm.model"],
    ["tta-persona budget show backend"],
    ["tta-persona run bug-fix"],
    ["tta-persona tokens record 5 --model x"],
    ["cd tta-persona && npm test"],
    ["cd ~/work/tta-persona; ls"],
    ["git clone https://example.org/x/tta-persona here"],
    ["npm install -g tta-persona && npm test"],
    ["which tta-persona || echo none"],
    ["git commit -m 'tell tta-persona users of it'"],
    ["cat docs/tta-persona-end.md"],
  ])("but may say %s", (command) => {
    expect(decide("Bash", { command }).decision).toBe("allow");
  });
});

test("what it is called is told", () => {
  expect(ownCommand("tta-persona guard uninstall")).toBe("guard uninstall");
  expect(ownCommand("x; tta-persona data")).toBe("switch");
  expect(ownCommand(`${"x ".repeat(200_000)}; tta-persona end`)).toBeDefined();
  expect(ownCommand("x ".repeat(200_000))).toBeUndefined();
});
