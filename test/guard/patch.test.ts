import { describe, expect, test } from "vitest";
import { guardedProject } from "./guarded-project.ts";

const { project, decide } = guardedProject();

const patch = (...lines: readonly string[]) => ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");
const adding = (path: string) => patch(`*** Add File: ${path}`, "+see frontend/app.ts");

/** Each touches a restricted file in one of the ways that there are. */
const restricted: readonly (readonly [what: string, patch: string])[] = [
  ["adds one", adding("frontend/new.ts")],
  ["adds one, by its absolute path", adding(`${project}/frontend/new.ts`)],
  ["adds one with a plain name", patch("*** Add File: frontend", "+x")],
  ["adds one with a blank in its name", adding("frontend/a b.ts")],
  ["updates one", patch("*** Update File: .env", "@@", "-A=1", "+A=2")],
  ["deletes one", patch("*** Delete File: infra/main.tf")],
  ["moves one there", patch("*** Update File: src/a.ts", "*** Move to: frontend/a.ts", "@@", " x")],
  ["moves one from there", patch("*** Update File: frontend/a.ts", "*** Move to: src/a.ts", "@@", " x")],
  ["adds another one before", patch("*** Add File: src/a.ts", "+x", "*** Delete File: .env")],
  ["indents what names it", patch("*** Add File: src/a.ts", "+x", "  *** Update File: .env", "@@", "+x")],
  ["has lines that end as in Windows", adding("src/../.env").replaceAll("\n", "\r\n")],
];

/** None touches a restricted file, whatever its lines say. */
const harmless: readonly (readonly [what: string, patch: string])[] = [
  ["adds one", adding("src/new.ts")],
  ["moves one", patch("*** Update File: src/a.ts", "*** Move to: docs/a.ts", "@@", "-x", "+.env")],
  ["adds lines of a patch", patch("*** Add File: docs/patches.md", "+*** Update File: .env")],
  [
    "changes lines of a patch",
    patch("*** Update File: docs/patches.md", "@@", " *** Add File: .env", "-*** Delete File: .env", "+x"),
  ],
];

/** How agents hand a patch over. */
const tools: readonly (readonly [what: string, tool: string, input: (text: string) => object])[] = [
  ["Codex, to a hook", "apply_patch", (command) => ({ command })],
  ["Codex, as a function", "apply_patch", (input) => ({ input })],
  ["Copilot", "applyPatch", (input) => ({ input, explanation: "x" })],
  ["opencode", "patch", (patchText) => ({ patchText })],
  ["a list of arguments", "applypatch", (text) => ({ command: ["apply_patch", text] })],
  ["a server", "mcp__files__apply_patch", (patch) => ({ patch })],
];

const shells: readonly (readonly [what: string, command: (text: string) => string | readonly string[]])[] = [
  ["a list of arguments", (text) => ["apply_patch", text]],
  ["a here-document", (text) => `apply_patch <<'EOF'\n${text}\nEOF\n`],
  ["a here-document that is expanded", (text) => `applypatch << EOF\n${text}\nEOF`],
  ["a shell's list of arguments", (text) => ["bash", "-lc", `apply_patch <<'EOF'\n${text}\nEOF`]],
  ["an argument", (text) => `apply_patch "${text}"`],
];

describe("a patch of what is restricted is denied", () => {
  describe.each(restricted)("that %s", (_, text) => {
    test.each(tools)("by %s", (_, tool, input) => {
      expect(decide(tool, { ...input(text) })).toMatchObject({
        decision: "deny",
        rule: expect.stringContaining("restrictedPaths: "),
      });
    });

    test.each(shells)("in a shell, by %s", (_, command) => {
      expect(decide("shell", { command: command(text) }).decision).toBe("deny");
    });
  });

  test.each([
    ["a shell within the shell", `bash -lc "apply_patch <<'EOF'\n${adding("frontend/a.ts")}\nEOF"`],
    ["a text", `apply_patch "$(cat <<'EOF'\n${adding("frontend/a.ts")}\nEOF\n)"`],
    ["a pipe", `cat <<'EOF' | apply_patch\n${adding("frontend/a.ts")}\nEOF`],
    ["a runner", `timeout 5 apply_patch <<'EOF'\n${adding("frontend/a.ts")}\nEOF`],
    ["an argument with escapes", `apply_patch $'${adding("frontend/a.ts").replaceAll("\n", "\\n")}'`],
    ["a shell that goes there", `bash -lc "cd data && apply_patch <<'EOF'\n${adding("raw/a")}\nEOF"`],
    ["where it goes first", `cd data && apply_patch <<'EOF'\n${adding("raw/new.csv")}\nEOF`],
  ])("by %s", (_, command) => {
    expect(decide("Bash", { command }).decision).toBe("deny");
  });

  test("from where a tool is told to begin", () => {
    const text = adding("raw/new.csv");
    expect(decide("shell", { command: ["apply_patch", text], workdir: "data" }).decision).toBe("deny");
    expect(decide("apply_patch", { input: text, workdir: "data" }).decision).toBe("deny");
    expect(decide("apply_patch", { input: text }, `${project}/data`).decision).toBe("deny");
    expect(decide("apply_patch", { input: text, workdir: "docs" }).decision).toBe("allow");
    expect(decide("shell", { command: ["apply_patch", text], workdir: "docs" }).decision).toBe("allow");
  });
});

describe("a patch of other files is allowed", () => {
  describe.each(harmless)("that %s", (_, text) => {
    test.each(tools.filter(([what]) => what !== "a server"))("by %s", (_, tool, input) => {
      expect(decide(tool, { ...input(text) })).toMatchObject({ decision: "allow" });
    });

    test.each(shells)("in a shell, by %s", (_, command) => {
      expect(decide("shell", { command: command(text) }).decision).toBe("allow");
    });
  });

  test("but in a shell a substitution in it is looked at", () => {
    const text = patch("*** Add File: src/a.ts", "+$(cat .env)");
    expect(decide("Bash", { command: `apply_patch <<EOF\n${text}\nEOF` }).decision).not.toBe("allow");
    expect(decide("Bash", { command: `apply_patch <<'EOF'\n${text}\nEOF` }).decision).toBe("allow");
  });
});

test("a patch of what decides over the agent is asked for", () => {
  const text = patch("*** Update File: .claude/settings.json", "@@", "+x");
  for (const [, tool, input] of tools) {
    expect(decide(tool, { ...input(text) })).toMatchObject({ decision: "ask", rule: "own-files" });
  }
  for (const [, command] of shells) {
    expect(decide("shell", { command: command(text) })).toMatchObject({ decision: "ask", rule: "own-files" });
  }
});

test("a patch may tell of commands that change the persona", () => {
  const text = patch("*** Add File: docs/a.md", "+tta-persona switch devops");
  for (const [, command] of shells)
    expect(decide("shell", { command: command(text) }).decision).toBe("allow");
});

test("a patch in what another tool writes is text", () => {
  for (const content of [adding(".env"), `See:\n\n${adding(".env")}`]) {
    expect(decide("Write", { file_path: "docs/patches.md", content }).decision).toBe("allow");
    expect(
      decide("Edit", { file_path: "docs/patches.md", old_string: "", new_string: content }).decision,
    ).toBe("allow");
    expect(decide("mcp__notes__create", { content }).decision).toBe("allow");
  }
});

test("of several files in one input each counts", () => {
  for (const [tool, input] of [
    ["MultiEdit", (path: string) => ({ edits: [{ file_path: "src/a.ts" }, { file_path: path }] })],
    ["multi_replace_string_in_file", (filePath: string) => ({ replacements: [{ filePath }] })],
    ["multiReplaceString", (filePath: string) => ({ replacements: [{ filePath: "a.ts" }, { filePath }] })],
    ["replace", (path: string) => ({ file_path: path, old_string: "a", new_string: "b" })],
    ["write_file", (path: string) => ({ file_path: path, content: "x" })],
    ["create_files", (path: string) => ({ files: [{ path: "src/a.ts" }, { path }] })],
  ] as const) {
    expect(decide(tool, input("frontend/a.ts")), tool).toMatchObject({ decision: "deny" });
    expect(decide(tool, input("src/b.ts")), tool).toMatchObject({ decision: "allow" });
  }
});
