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
    [">/dev/null tta-persona devops"],
    ["2>&1 >/dev/null tta-persona end"],
    ["&>/dev/null tta-persona devops"],
    ["<in A=1 >>out tta-persona devops"],
    ["cat <<EOF\nx\nEOF\ntta-persona devops"],
    ["cat <<-'EOF' >x\n\tx\n\tEOF\ntta-persona devops"],
    ["cat <<EOF; tta-persona devops\nx\nEOF"],
    ["echo $((1<<2))\ntta-persona devops"],
    ["bash <<EOF\ntta-persona devops\nEOF"],
    ["command -p tta-persona devops"],
    ["for i in 1; do tta-persona devops; done"],
    ["TTA_PERSONA=devops-engineer claude -p x"],
    ["A=1 TTA_PERSONA_HOME=/tmp/x claude"],
    ["env -i TTA_PERSONA=devops agent"],
    ["/usr/bin/env A=1 TTA_PERSONA_SHELL=1-x agent"],
    ["env -u TTA_PERSONA claude"],
    ["env --unset=TTA_PERSONA claude"],
    ["unset TTA_PERSONA; claude"],
    ["export TTA_PERSONA='devops-engineer' && claude"],
    ["bash -c 'TTA_PERSONA=x claude'"],
    ["npm test && TTA_PERSONA=x codex exec y"],
    ["pnpm -C sub exec tta-persona devops"],
    ["npx -p tta-persona tta-persona devops"],
    ["echo tta-persona end | sh"],
    ["bash -c \"$(echo 'tta-persona end')\""],
    ["eval $(echo tta-persona end)"],
    ["bash <(echo tta-persona end)"],
    ["bash <<< 'tta-persona end'"],
    ['git commit -m "$(tta-persona devops)"'],
    ["cat <<EOF\n$(tta-persona devops)\nEOF"],
    ["cat <<EOF | bash\ntta-persona end\nEOF"],
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
    ["npm install tta-persona"],
    ["npm install tta-persona zod"],
    ["npm i -D tta-persona init"],
    ["yarn add --dev tta-persona vitest"],
    ["npx tta-persona list"],
    ["cat docs/tta-persona.md"],
    ["git log -- bin/tta-persona.cjs"],
    ["git add bin/tta-persona.cjs trust"],
    ["git mv tta-persona init"],
    ["rg tta-persona"],
    ["rg -n 'tta-persona (switch|end)' docs"],
    ["grep -rn tta-persona trust docs | head -5"],
    ["git commit -m 'Document tta-persona switch'"],
    [
      'git commit -m "$(cat <<\'EOF\'\nSay what "tta-persona end" does, and `tta-persona trust`\n\nIt\'s new.\nEOF\n)"',
    ],
    ["cat > notes.md <<'EOF'\nRun tta-persona switch backend.\nEOF"],
    ["cat <<'EOF' | tee notes.md\ntta-persona end\nEOF"],
    ["echo 'then: tta-persona end' >> notes.md"],
    ["echo $TTA_PERSONA"],
    ["grep -rn TTA_PERSONA= src"],
    ["export TTA_PERSONA"],
    ["TTA_PERSONA_EXTRA=1 npm test"],
  ])("but may say %s", (command) => {
    expect(decide("Bash", { command }).decision).toBe("allow");
  });
});

test("what it is called is told", () => {
  expect(ownCommand("tta-persona guard uninstall")).toBe("tta-persona guard uninstall");
  expect(ownCommand("x; tta-persona data")).toBe("tta-persona switch");
  expect(ownCommand("TTA_PERSONA_HOME=/x claude")).toBe("TTA_PERSONA_HOME");
  expect(ownCommand(`${"x ".repeat(200_000)}; tta-persona end`)).toBeDefined();
  expect(ownCommand("x ".repeat(200_000))).toBeUndefined();
});
