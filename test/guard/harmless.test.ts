import { describe, expect, test } from "vitest";
import { guardedProject } from "./guarded-project.ts";

const { project, userHome, decide } = guardedProject();

describe("what no rule speaks of is allowed", () => {
  test.each([
    ["src/app/main.ts"],
    ["./src/app/main.ts"],
    [`${project}/src/app/main.ts`],
    ["src/../src/app/main.ts"],
    ["src/new.ts"],
    ["docs/frontend.md"],
    ["docs/the-frontend/a.md"],
    ["frontends/a.ts"],
    ["my-frontend/a.ts"],
    ["environment.ts"],
    ["env"],
    ["src/env.ts"],
    ["docs/a.env"],
    ["docs/infra/notes.md"],
    ["src/data/raw/a.csv"],
    ["data/clean/a.csv"],
    ["data/rawer/a.csv"],
    ["secrets/readme.md"],
    ["docs/secrets/a.json"],
    ["docs/harmless-link/main.ts"],
    ["docs/loop-a"],
    ["src/up/src/app/main.ts"],
    ["/usr/include/stdio.h"],
    ["/proc/self/cwd/src/app/main.ts"],
    ["/proc/cpuinfo"],
    ["/dev/null"],
    [`${userHome}/.bashrc`],
    [`${userHome}/.sshd/config`],
    ["app/(group)/[slug]/page.tsx"],
    ["src/größer.ts"],
    ["src/файл.ts"],
    ["src/a b.ts"],
    [`file://${project}/src/app/main.ts`],
  ])("%s", (path) => {
    for (const tool of ["Read", "Edit", "Write"]) {
      expect(decide(tool, { file_path: path, content: ".env frontend/app.ts" })).toMatchObject({
        decision: "allow",
        rule: null,
      });
    }
  });

  test.each([
    ["**/*.ts"],
    ["*"],
    ["src/**"],
    ["**/main.*"],
    ["*/package.json"],
    ["data/**/*.csv"],
    ["docs/*.md"],
    ["**/*.{ts,tsx}"],
    ["src/*/main.ts"],
  ])("a search for %s", (glob) => {
    expect(decide("Glob", { pattern: glob })).toMatchObject({ decision: "allow" });
    expect(decide("file_search", { query: glob })).toMatchObject({ decision: "allow" });
  });

  test.each([
    ["ls -la"],
    ["npm test -- --run src/app"],
    ["git status && git diff"],
    ["npm run build:web"],
    ["grep -rn environment src"],
    ["echo done > src/out.txt"],
    ["sed -i 's/a/b/g' src/app/main.ts"],
    ["node -e 'console.log(process.env.HOME)'"],
    ["curl https://example.org/infra-docs/index.html"],
    ["git commit -m 'front end: colours'"],
    ["cat <<'EOF' > src/a.ts\nexport const a = 1;\nEOF"],
    ["tar czf /tmp/a.tgz src docs"],
    ["echo no >/dev/stderr; cat </dev/stdin | tee /dev/fd/3"],
    ["printf '%s' $'a\\tb'"],
    [""],
  ])("the command %s", (command) => {
    expect(decide("Bash", { command })).toMatchObject({ decision: "allow" });
  });

  test.each([
    ["Agent", { prompt: "look at frontend/app.ts and .env", description: "x" }],
    ["WebFetch", { url: "https://example.org/frontend/", prompt: "x" }],
    ["TodoWrite", { todos: [{ content: "fix .env", status: "pending" }] }],
    ["mcp__any__thing", { query: "select * from frontend" }],
    ["Edit", { file_path: "src/a.ts", old_string: "import '../frontend/app.ts'", new_string: ".env" }],
  ])("%s, whatever its texts say", (tool, input) => {
    expect(decide(tool, input)).toMatchObject({ decision: "allow" });
  });
});

test("a project below a directory of a restricted name is not shut out as a whole", () => {
  const inside = `${project}/frontend/src`;
  // From its own root, which nothing marks, only what is below counts.
  expect(decide("Read", { file_path: `${project}/src/app/main.ts` }, `${project}/src`).decision).toBe(
    "allow",
  );
  expect(decide("Read", { file_path: "a.ts" }, inside).decision).toBe("deny");
});
