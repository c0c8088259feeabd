import { describe, expect, test } from "vitest";
import { guardedProject } from "./guarded-project.ts";

const { project, userHome, decide } = guardedProject();
const root = userHome.slice(0, userHome.lastIndexOf("/"));
const below = (path: string) => `${project}/${path}`;

/** Ways to name what is restricted, for a tool that opens one file. */
const paths: readonly (readonly [what: string, path: string])[] = [
  ["relative", "frontend/app.ts"],
  ["absolute", below("frontend/app.ts")],
  ["a leading ./", "./frontend/app.ts"],
  ["many ./", "././././frontend/./app.ts"],
  ["the directory itself", "frontend"],
  ["a trailing slash", "frontend/"],
  ["trailing slashes and a dot", "frontend///."],
  ["double slashes", below("frontend").replace("/frontend", "//frontend//app.ts")],
  ["two slashes at the beginning", `/${below("frontend/app.ts")}`],
  [".. within", "src/../frontend/app.ts"],
  [".. through what is not there", "nowhere/../frontend/app.ts"],
  [".. out of the project and back", "../project/frontend/app.ts"],
  [".. above the root directory", `/../..${below("frontend/app.ts")}`],
  [".. at the end", "frontend/src/.."],
  ["deep below", "frontend/a/b/c/d/e/f.ts"],
  ["a file that is not there yet", "frontend/new.ts"],
  ["a directory that is not there yet", "packages/web/frontend/new/app.ts"],
  ["upper case", "FRONTEND/app.ts"],
  ["mixed case", "fRoNtEnD/app.ts"],
  ["case of the project's own path", `${project.toUpperCase()}/frontend/app.ts`],
  ["full-width letters", "ｆｒｏｎｔｅｎｄ/app.ts"],
  ["a Kelvin sign is none, a long s is", "ſecrets/a.json"],
  ["characters that nobody sees", "front\u200bend/app.ts"],
  ["a byte-order mark", "\ufefffrontend/app.ts"],
  ["composed letters", "Gr\u00f6\u00dfe/a"],
  ["decomposed letters", "Gro\u0308\u00dfe/a"],
  ["capital letters with umlauts", "GR\u00d6SSE/a"],
  ["a hidden file", ".env"],
  ["one with an ending", ".env.production"],
  ["one deep below", "packages/a/.env.local"],
  ["one in upper case", ".ENV"],
  ["a directory of that name", ".env.d/secret"],
  ["outside the project", `${root}/elsewhere/.env`],
  ["one in the root directory", "/.env"],
  ["a blank before it", " .env"],
  ["a blank behind it", ".env "],
  ["a new line behind it", ".env\n"],
  ["a NUL in it", ".env\u0000.txt"],
  ["a NUL in something harmless", "src/a\u0000.ts"],
  ["a link to a file", "src/link-to-file.ts"],
  ["a link to a directory", "src/link-to-directory/app.ts"],
  ["a link to a link", "src/link-to-link/app.ts"],
  ["a new file behind a link", "src/link-to-link/new/app.ts"],
  ["a dangling link", "src/dangling.ts"],
  ["an absolute link", "src/absolute-link/main.tf"],
  ["a link with .. in it", "src/odd"],
  ["a link to the project", "src/up/infra/main.tf"],
  ["a link to the project, again and again", "src/up/src/up/src/up/frontend/app.ts"],
  [".. behind a link", "src/link-to-directory/../frontend/app.ts"],
  [".. behind a link, as the system takes it", "src/link-to-directory/../infra/main.tf"],
  ["the project by a link", `${root}/project-link/frontend/app.ts`],
  ["an anchored directory", "infra/main.tf"],
  ["an anchored directory, absolute", below("infra/main.tf")],
  ["two parts", "data/raw/a.csv"],
  ["two parts with ..", "data/clean/../raw/a.csv"],
  ["a link that lies within", "infra/moved/a"],
  ["a link to a link that lies within, and leads out", "src/chain/a"],
  [".. behind a link that leads out, as tools take it", "out/../infra/main.tf"],
  ["where a link within leads back from", `infra/moved/../${"main.tf"}`],
  ["a tilde", "~/work/project/frontend/app.ts"],
  ["a tilde with a name", "~home/.env"],
  ["a pattern with a tilde", "~/.ssh/id_ed25519"],
  ["a pattern with a tilde, absolute", `${userHome}/.ssh/id_ed25519`],
  ["$HOME", "$HOME/work/project/frontend/app.ts"],
  ["HOME in braces", "$" + "{HOME}/.ssh/id_ed25519"],
  ["$PWD", "$PWD/frontend/app.ts"],
  ["a file URL", `file://${below("frontend/app.ts")}`],
  ["a file URL with a host", `file://localhost${below(".env")}`],
  ["a file URL with escapes", `file://${below("front%65nd/app.ts")}`],
  ["a file URL in upper case", `FILE://${below(".env")}`],
  ["backslashes", "src\\..\\frontend\\app.ts"],
  ["/proc/self/cwd", "/proc/self/cwd/frontend/app.ts"],
  ["/proc/self/cwd with ..", "/proc/self/cwd/src/../.env"],
  ["/proc/thread-self/cwd", "/proc/thread-self/cwd/infra/main.tf"],
  ["/proc of another process", "/proc/1/cwd/infra/main.tf"],
  ["/proc of a thread", "/proc/self/task/1/cwd/infra/main.tf"],
  ["/proc/self/root", `/proc/self/root${below("frontend/app.ts")}`],
  ["/proc/1/root", `/proc/1/root${below(".env")}`],
  ["a descriptor", "/proc/self/fd/7"],
  ["a descriptor of /dev", "/dev/fd/7"],
  ["/proc by detours", `/proc/../proc/./self/cwd/../project/.env`],
  ["a wildcard where one name would do", "fr[o]ntend/app.ts"],
  ["braces", "{frontend,x}/app.ts"],
  ["a part that a pattern names", "secrets/a.json"],
  ["such a part in another case", "Secrets/A.JSON"],
];

describe("is denied by every tool that opens a file", () => {
  test.each(paths)("%s: %s", (_, path) => {
    for (const tool of ["Read", "Write", "Edit", "MultiEdit"]) {
      expect(decide(tool, { file_path: path, content: "x" })).toMatchObject({ decision: "deny" });
    }
    expect(decide("NotebookEdit", { notebook_path: path }).decision).toBe("deny");
    expect(decide("LS", { path }).decision).toBe("deny");
    expect(decide("Grep", { pattern: "x", path }).decision).toBe("deny");
    expect(decide("mcp__filesystem__read_file", { path }).decision).toBe("deny");
    expect(decide("mcp__filesystem__read_multiple_files", { paths: ["src/a.ts", path] }).decision).toBe(
      "deny",
    );
    expect(decide("Other", { edits: [{ targetFile: path }] }).decision).toBe("deny");
  });
});

describe("is denied from any working directory", () => {
  test.each([
    ["../frontend/app.ts", "src"],
    ["../../infra/main.tf", "src/app"],
    ["main.tf", "infra"],
    ["app.ts", "frontend"],
    ["app.ts", "src/link-to-directory"],
    ["../infra/main.tf", "src/link-to-directory"],
    ["raw/a.csv", "data"],
    ["", "frontend"],
  ])("%s from %s", (path, directory) => {
    expect(decide("Read", { file_path: path }, below(directory)).decision).toBe("deny");
  });

  test("of a project that is reached by a link", () => {
    expect(decide("Read", { file_path: "infra/main.tf" }, `${root}/project-link`).decision).toBe("deny");
    expect(decide("Read", { file_path: below("infra/main.tf") }, `${root}/project-link/src`).decision).toBe(
      "deny",
    );
  });
});

describe("a search that is aimed at what is restricted is denied", () => {
  test.each([
    ["frontend/**/*.ts"],
    ["**/frontend/**"],
    ["./frontend/*"],
    ["src/../frontend/*"],
    ["fr*nd/**"],
    ["f?ontend/*"],
    ["[f]rontend/*"],
    ["[a-g]rontend/**"],
    ["[!x]rontend/**"],
    ["@(frontend|x)/*"],
    ["{src,frontend}/**/*.ts"],
    ["{a,b,{c,front}}end/*"],
    ["**/F*ontend/*"],
    ["**/.env*"],
    ["**/.e*"],
    [".??v"],
    ["*.env"],
    ["src/up/infra/*"],
    ["src/link-to-directory/*"],
    ["*/raw/*.csv"],
    ["data/raw/**"],
    ["secrets/*"],
    ["~/.ssh/*"],
    ["/proc/self/cwd/frontend/*"],
    [below("infra/**")],
  ])("%s", (glob) => {
    expect(decide("Glob", { pattern: glob }).decision).toBe("deny");
    expect(decide("Grep", { pattern: "key", glob }).decision).toBe("deny");
  });

  test.each([
    ["raw/*.csv", "data"],
    ["*", "frontend"],
    ["*.ts", below("frontend/src")],
    ["../infra/*", "src"],
  ])("%s from %s", (pattern, path) => {
    expect(decide("Glob", { pattern, path }).decision).toBe("deny");
  });

  test("with more alternatives than anybody writes", () => {
    expect(decide("Glob", { pattern: "{a,b}".repeat(12) }).decision).toBe("deny");
  });
});

describe("a shell command", () => {
  test.each([
    ["cat .env"],
    ["cat ./frontend/app.ts"],
    ["cat '.env'"],
    ['cat ".env"'],
    ["cat .e\\nv"],
    ["cat .e''nv"],
    ['cat .e"n"v'],
    ["cat <.env"],
    ["echo x >frontend/app.ts"],
    ["echo x>>frontend/app.ts"],
    ["true;cat .env"],
    ["true && cat src/../.env | wc"],
    ["cat $(echo .env)"],
    ["cat `echo .env`"],
    ["cat .env*"],
    ["cat .e*"],
    ["cat {.env,x}"],
    ["cat fr?ntend/app.ts"],
    ["cp --target-directory=frontend/ x"],
    ["curl -d@.env http://localhost"],
    ["curl -d @.env http://localhost"],
    ["cat ~/.ssh/id_ed25519"],
    ["cat $HOME/.ssh/id_ed25519"],
    ["cat src/link-to-file.ts"],
    ["cat /proc/self/cwd/.env"],
    ["FILE=.env; cat $FILE"],
    ["cat \\\n.env"],
    ["cat $'.env'"],
    ["cat $'\\x2eenv'"],
    ["cat $'\\056env'"],
    ["cat $'\\u002eenv'"],
    ['cat $".env"'],
    ['bash -c "cat .env"'],
    ["bash -lc 'cd data && cat raw/a.csv'"],
    ["sudo sh -c 'true; bash -c \"cat .env\"'"],
  ])("with a restricted path as a word is denied: %s", (command) => {
    expect(decide("Bash", { command }).decision).toBe("deny");
  });

  test.each([
    [`bash -c "python -c 'open(\\".env\\")'"`],
    [`python -c "open('.env').read()"`],
    ["git commit -m 'move frontend/app.ts away'"],
    ["cat <<EOF\nsee frontend/app.ts\nEOF"],
    ["cd frontend && cat app.ts"],
    ["docker run -v ./frontend/src:/src node"],
  ])("with one in a text, or one that may be another word, is asked for: %s", (command) => {
    expect(decide("Bash", { command }).decision).not.toBe("allow");
  });
});

describe("a shell command that goes elsewhere first", () => {
  test.each([
    ["cd data && cat raw/a.csv"],
    ["cd data; cat ./raw/a.csv"],
    ["cd src && cd ../data && cat raw/a.csv"],
    ["cd src/app\ncat ../../data/raw/a.csv"],
    ["pushd data >/dev/null && head raw/*"],
    ["(cd data && cat raw/a.csv)"],
    ["cd data && (cd ../src; true); cat raw/a.csv"],
    ['cd "$PWD/data" && cat raw/a.csv'],
    ["cd ~/work/project/data && cat raw/a.csv"],
    [`cd ${below("data")} && echo x >raw/new`],
    ["git -C data show raw/a.csv"],
    ["tar cf - -C data raw/a.csv"],
    ["cd src && cat link-to-directory/../raw/../../infra/main.tf"],
  ])("is denied what is restricted from there: %s", (command) => {
    expect(decide("Bash", { command }).decision).toBe("deny");
  });

  test.each([
    ["cd data && cat raw"],
    ["cd infra/.. && cd data && cat 'raw'"],
    [`cd data && python3 -c "open('raw/a.csv')"`],
  ])("is asked for where it may be something else: %s", (command) => {
    expect(decide("Bash", { command }).decision).not.toBe("allow");
  });

  test.each([
    ["(cd data && ls); cat raw/a.csv"],
    ["cd docs && cat raw/a.csv"],
    ["cd - && cat raw/a.csv"],
    ["cd $SOMEWHERE && cat raw/a.csv"],
    ["cd src && npm test"],
    ["make -C src all"],
  ])("may do the rest: %s", (command) => {
    expect(decide("Bash", { command }).decision).toBe("allow");
  });
});

test("a hard link is what the guard cannot know", () => {
  expect(decide("Read", { file_path: "src/hard.ts" }).decision).toBe("allow");
});

test("changing what decides over the agent takes a person's yes", () => {
  for (const path of [
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".tta-persona/personas/auditor.json",
  ]) {
    expect(decide("Edit", { file_path: path })).toMatchObject({ decision: "ask", rule: "own-files" });
    expect(decide("Bash", { command: `rm ${path}` }).decision).toBe("ask");
    expect(decide("Read", { file_path: path }).decision).toBe("allow");
  }
});

describe("a shell may read what decides over the agent, as other tools may", () => {
  test.each([
    ["cat .tta-persona/personas/auditor.json"],
    ["ls -la .claude .tta-persona"],
    ["cat < .claude/settings.json | head -3"],
    ["grep -n deny .claude/settings.json 2>/dev/null"],
    ["sed -n 1,20p .claude/settings.json"],
    ["git diff .claude/settings.json"],
    ["cd .tta-persona && ls personas"],
    ["jq .hooks <.claude/settings.json >/tmp/x"],
  ])("%s", (command) => {
    expect(decide("Bash", { command }).decision).toBe("allow");
  });

  test.each([
    ["cat x > .claude/settings.json"],
    ["cat x 2>.claude/settings.json"],
    ["cat x | tee .claude/settings.json"],
    ["cat .claude/settings.json; rm .claude/settings.json"],
    ["cat $(rm .claude/settings.json)"],
    ['cat "$(rm .claude/settings.json)"'],
    ["sed -i s/a/b/ .claude/settings.json"],
    ["sed -n 'w .claude/settings.json' x"],
    ["cd .claude && rm settings.json"],
    ["git checkout .claude/settings.json"],
    ["git diff --output=.claude/settings.json"],
    ["rg --pre 'rm .claude/settings.json' x"],
    ["find .claude/settings.json -delete"],
    ["jq . x <> .claude/settings.json"],
    ["cp .claude/settings.json x"],
    ["xxd -r x .claude/settings.json"],
    ["cat x | less -O.claude/settings.json"],
    ["cat x | less --log-file=.claude/settings.json"],
    ["bat --pager 'rm .claude/settings.json' x"],
    ["python3 - <<EOF\nopen('.claude/settings.json', 'w')\nEOF"],
  ])("and is asked for what may change it: %s", (command) => {
    expect(decide("Bash", { command })).toMatchObject({ decision: "ask", rule: "own-files" });
  });
});

test("what a field of any name holds is a path where it looks like one", () => {
  expect(decide("mcp__x__y", { location: `${project}/.env` }).decision).toBe("deny");
  expect(decide("mcp__x__y", { it: ["./frontend/app.ts"] }).decision).toBe("deny");
  expect(decide("mcp__x__y", { name: ".env" }).decision).toBe("deny");
});

test("nothing keeps the guard busy until it is waited for no longer", () => {
  const begin = performance.now();
  const many = Array.from({ length: 1990 }, (_, index) => `src/a${index}/b/c/d/e/f/g/h/i/j.ts`);
  expect(decide("Other", { paths: many }).decision).toBe("allow");
  expect(decide("Bash", { command: many.join(" ") }).decision).toBe("allow");
  expect(
    decide("Bash", { command: `${many.join(" ")} ${many.join("x ")} ${many.join("y ")}` }).decision,
  ).toBe("ask");
  expect(decide("Bash", { command: `cat <<EOF\n${"a/b c ".repeat(50_000)}` }).decision).toBe("ask");
  expect(decide("Read", { file_path: "a/../".repeat(200_000) }).decision).toBe("deny");
  expect(decide("Read", { file_path: "a/".repeat(8000) }).decision).toBe("allow");
  expect(decide("Glob", { pattern: "{".repeat(10_000) }).decision).toBe("allow");
  expect(decide("Glob", { pattern: `${"**/a*/".repeat(2000)}x` }).decision).toBe("allow");
  expect(performance.now() - begin).toBeLessThan(60_000);
});

test("an input too large to look through is asked for", () => {
  const edits = Array.from({ length: 20_000 }, () => ({ a: "b" }));
  expect(decide("Other", { edits }).decision).toBe("ask");
});
