import { describe, expect, test } from "vitest";
import { guardedProject } from "./guarded-project.ts";

const { project, decide } = guardedProject();

describe("a grep through directories that would read what is restricted is denied", () => {
  test.each([
    ["grep -r x ."],
    ["grep -rn x"],
    ["grep -R x ."],
    ["grep -inr --color=always x ./"],
    ["grep --recursive x ."],
    ["egrep -r 'x|y' ."],
    ["/usr/bin/grep -r x data"],
    [`grep -r x ${project}`],
    ["grep -r x ~/work"],
    ["grep -r x src data"],
    ["grep -r x docs/../data"],
    ["grep x data -r"],
    ["grep -re x data"],
    ["grep -r -e x -A 3 -m1 data"],
    ["grep -r --regexp=x data"],
    ["grep -r -- -x data"],
    ["grep -r --include=*.ts x ."],
    ["grep -r --include '*.csv' x ."],
    ["grep -r --include=*.{ts,csv} x ."],
    ["grep -r --exclude='*.md' --exclude-dir=docs x ."],
    ["cd data && grep -r x"],
    ["cd data; grep -r x . | head -3"],
    ["echo $(grep -r x data)"],
    ["if grep -rq x data; then echo y; fi"],
    ["LC_ALL=C sudo grep -r x data"],
    ['bash -lc "cd data && grep -r x ."'],
    ["grep -r x src || grep -r x data"],
  ])("%s", (command) => {
    expect(decide("Bash", { command })).toMatchObject({
      decision: "deny",
      rule: expect.stringContaining("restrictedPaths: "),
      reason: expect.stringContaining("The search would read it: search elsewhere"),
    });
  });

  test("from where the shell is told to begin", () => {
    expect(decide("shell", { command: ["bash", "-lc", "grep -r x ."], workdir: "data" }).decision).toBe(
      "deny",
    );
    expect(decide("shell", { command: ["bash", "-lc", "grep -r x ."], workdir: "src" }).decision).toBe(
      "allow",
    );
  });
});

describe("one that would not, or of which that is not known, is allowed", () => {
  test.each([
    ["grep x README.md"],
    ["grep -n x *"],
    ["ls | grep r"],
    ["grep -e -r src/app/main.ts"],
    ["grep -A 3 x src/app/main.ts"],
    ["grep -rn x src docs"],
    ["grep -r . src"],
    ["grep -rn x src/app/main.ts"],
    ["grep -r x nowhere"],
    ["grep -r --include='*.md' x ."],
    ["grep -r --exclude-dir={frontend,infra,raw} --exclude='.env*' x ."],
    ["grep -r --exclude-dir=frontend --exclude-dir=infra --exclude-dir raw/ --exclude=.env x ."],
    ["grep -r --exclude-dir=./src x ."],
    ["grep -r --exclude-from docs/list x ."],
    ["grep -r --max-count 1 x src"],
    ["grep -r x $SOMEWHERE"],
    ["grep -r x $(pwd)"],
    ["grep -r $(cat docs/pattern) src"],
    ["grep -r x `pwd`"],
    ["grep -r x src/*"],
    ["cd $SOMEWHERE && grep -r x ."],
    ["cd - && grep -r x"],
    ["cd docs && grep -r x ."],
    ["cd docs && grep -r x ../src"],
    ["(cd docs); grep -r x src"],
    ["ssh host grep -r x data"],
    ["docker run image bash -c 'grep -r x .'"],
    ["git grep x"],
    ["echo 'grep -r x .'"],
    ["cat <<'EOF' > docs/a.md\ngrep -r x .\nEOF"],
    ["rg x"],
  ])("%s", (command) => {
    expect(decide("Bash", { command })).toMatchObject({ decision: "allow" });
  });
});

test("one through more than is looked through is asked for, unless more is known", () => {
  let now = 0;
  const slow = { now: () => (now += 1500) };
  const run = (command: string) => decide("Bash", { command }, project, slow);
  expect(run("grep -r x src")).toMatchObject({ decision: "ask", rule: "search-too-large" });
  expect(run("grep -r x src; cat .env")).toMatchObject({ decision: "deny" });
});
