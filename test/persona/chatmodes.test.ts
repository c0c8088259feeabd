import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { yamlText } from "../../src/core/yaml-text.ts";
import { loadCatalogue } from "../../src/persona/catalogue.ts";
import { resolveChatmode } from "../../src/persona/chatmode.ts";
import { loadChatmodes } from "../../src/persona/chatmodes.ts";
import { checkChatmodes } from "../../src/persona/check-chatmodes.ts";
import { configuredServers } from "../../src/persona/mcp-servers.ts";
import { plant } from "../support/tree.ts";
import { chatmodeTree } from "./chatmode-tree.ts";
import { placesIn } from "./places-in.ts";

const persona = (name: string) => `---\npersona: ${name}\n---\n`;

function checked(root: string, cwd = root) {
  const { chatmodes, findings } = loadChatmodes(cwd);
  const catalogue = loadCatalogue({ ...placesIn(root), cwd });
  const all = [...findings, ...checkChatmodes(chatmodes, catalogue, configuredServers([root], undefined))];
  return all.map(({ code, file, line, column }) => {
    const place = line === undefined ? "" : `:${line}:${column}`;
    return `${code} ${file.slice(root.length + 1)}${place}`;
  });
}

test("a tree of 28 chatmodes: each is found once, and nothing else is", () => {
  const root = plant(chatmodeTree);
  const { chatmodes, findings } = loadChatmodes(root);
  const broken = findings.filter(
    ({ file, severity }) => severity === "error" && file.endsWith(".chatmode.md"),
  );
  expect(chatmodes.length + broken.length).toBe(28);
  const files = chatmodes.map(({ file }) => file.slice(root.length + 1));
  expect(new Set(files).size).toBe(files.length);
  expect(files.filter((file) => /node_modules|\.git\/|dist|generated|loop|README/.test(file))).toEqual([]);
  expect(files).toContain("packages/platform/deep/er/.tta/chatmodes/only-here.chatmode.md");
});

test("what is wrong with that tree, and where", () => {
  const root = plant(chatmodeTree);
  const found = checked(root);
  expect(found.filter((one) => !/clash|no-persona|no-frontmatter/.test(one)).sort()).toEqual([
    "chatmode-broken packages/context/.github/chatmodes/broken.chatmode.md:3:1",
    "chatmode-budget-drift .tta/chatmodes/devops-engineer.chatmode.md:3:23",
    "chatmode-invalid packages/platform/.tta/chatmodes/wrong.chatmode.md:2:23",
    "chatmode-invalid-name packages/platform/.github/chatmodes/My Mode.chatmode.md",
    "chatmode-unknown-persona packages/context/.github/chatmodes/misnamed.chatmode.md:2:20",
    "dangling-link .github/chatmodes/gone.chatmode.md",
    "dangling-link packages/platform/.augment/chatmodes",
  ]);
  const count = (code: string) => found.filter((one) => one.startsWith(`${code} `)).length;
  // 4 names of `.tta`, 3 of which are in `.github`; then two packages' folders with the same six.
  expect(count("chatmode-name-clash")).toBe(3 + 6 + 6);
  expect(count("chatmode-no-frontmatter")).toBe(6);
  expect(count("chatmode-no-persona")).toBe(6);
});

test("a link to another chatmode's file is no clash when it is of the same name", () => {
  const root = plant({
    ".git/HEAD": "",
    ".tta/chatmodes/a.chatmode.md": persona("backend-engineer"),
    ".github/chatmodes": { linkTo: "../.tta/chatmodes" },
  });
  expect(loadChatmodes(root).chatmodes.map(({ shadowedBy }) => shadowedBy)).toEqual([undefined, undefined]);
});

test("of equal names the nearest above counts, then the order of the folders", () => {
  const root = plant({
    ".git/HEAD": "",
    ".github/chatmodes/a.chatmode.md": persona("backend-engineer"),
    ".augment/chatmodes/a.chatmode.md": persona("data-scientist"),
    "pkg/.augment/chatmodes/a.chatmode.md": persona("devops-engineer"),
    "other/.tta/chatmodes/a.chatmode.md": persona("testing-specialist"),
  });
  const found = (cwd: string) => {
    const resolution = resolveChatmode("a", loadChatmodes(join(root, cwd)).chatmodes);
    return resolution.kind === "found" ? resolution.chatmode.declares?.persona?.value : resolution.kind;
  };
  expect(found("")).toBe("backend-engineer");
  expect(found("pkg")).toBe("devops-engineer");
  mkdirSync(join(root, "pkg/src/deep"), { recursive: true });
  expect(found("pkg/src/deep")).toBe("devops-engineer");
  expect(found("other")).toBe("testing-specialist");
});

test("packages below that disagree are ambiguous, and those that agree are not", () => {
  const root = plant({
    ".git/HEAD": "",
    "one/.tta/chatmodes/a.chatmode.md": persona("backend-engineer"),
    "two/.tta/chatmodes/a.chatmode.md": persona("devops-engineer"),
    "one/.tta/chatmodes/b.chatmode.md": persona("tta-backend-engineer"),
    "two/.tta/chatmodes/b.chatmode.md": persona("backend-engineer"),
  });
  const { chatmodes } = loadChatmodes(root);
  expect(resolveChatmode("a", chatmodes)).toMatchObject({ kind: "ambiguous", candidates: [{}, {}] });
  expect(resolveChatmode("b", chatmodes)).toMatchObject({ kind: "found" });
  expect(resolveChatmode("c", chatmodes)).toEqual({ kind: "unknown", suggestions: [] });
});

test("the older keys, lists of tools in every form, and keys that are nearly right", () => {
  const root = plant({
    ".tta/chatmodes/old.chatmode.md":
      "---\nmode: agent\nmodel: gpt-5\ndescription: |\n  Two\n  lines\ntools: [a, b]\ncognitive_focus: x\n---\n",
    ".tta/chatmodes/text.chatmode.md": "---\ntools: a, b\nhypertool_personna: x\n---\n",
  });
  const [old, text] = loadChatmodes(root).chatmodes;
  expect(old?.declares).toEqual({
    mode: "agent",
    model: "gpt-5",
    description: "Two\nlines\n",
    tools: ["a", "b"],
    misspelt: [],
  });
  expect(text?.declares).toEqual({
    tools: ["a", "b"],
    misspelt: [{ value: "hypertool_personna", meant: "hypertool_persona", line: 3, column: 1 }],
  });
});

test("servers are compared with what clients are configured with, comments and all", () => {
  const root = plant({
    ".git/HEAD": "",
    ".tta/chatmodes/a.chatmode.md":
      "---\npersona: backend-engineer\nsecurity:\n  allowed_mcp_servers:\n    - git\n    - serena\n---\n",
  });
  expect(checked(root)).toEqual([]);
  mkdirSync(join(root, ".vscode"));
  writeFileSync(join(root, ".vscode/mcp.json"), '{\n  // ours\n  "servers": { "git": {}, },\n}');
  expect(checked(root)).toEqual(["unknown-server .tta/chatmodes/a.chatmode.md:6:7"]);
  writeFileSync(join(root, ".mcp.json"), '{"mcpServers": {"serena": {}}}');
  expect(checked(root)).toEqual([]);
});

test.skipIf(process.getuid?.() === 0)("a folder that may not be read is told, not passed over", () => {
  const root = plant({ ".git/HEAD": "", ".tta/chatmodes/a.chatmode.md": persona("backend-engineer") });
  chmodSync(join(root, ".tta/chatmodes"), 0);
  expect(checked(root)).toEqual(["unreadable .tta/chatmodes"]);
  chmodSync(join(root, ".tta/chatmodes"), 0o700);
});

test("a folder's folder that is a link to nowhere is told too", () => {
  const root = plant({
    ".git/HEAD": "",
    ".tta": { linkTo: "gone" },
    ".github/chatmodes": { linkTo: "gone" },
  });
  expect(checked(root)).toEqual(["dangling-link .tta", "dangling-link .github/chatmodes"]);
});

test("a file in place of a folder, and a folder in place of a file", () => {
  const root = plant({ ".git/HEAD": "", ".tta/chatmodes": "x", ".github/chatmodes/a.chatmode.md/x": "y" });
  expect(checked(root)).toEqual([
    "unreadable .tta/chatmodes",
    "chatmode-broken .github/chatmodes/a.chatmode.md",
  ]);
});

test("a tree that is too large is searched in part, and says so", () => {
  const root = plant({ ".git/HEAD": "", ".tta/chatmodes/a.chatmode.md": persona("backend-engineer") });
  for (let index = 0; index < 72; index += 1) {
    for (let inner = 0; inner < 70; inner += 1)
      mkdirSync(join(root, `d${index}/e${inner}`), { recursive: true });
  }
  expect(checked(root)).toEqual(["chatmodes-incomplete "]);
});

test("whatever a file holds, it is read or told with its place, and nothing falls", () => {
  const root = plant({ ".git/HEAD": "", ".tta/chatmodes/a.chatmode.md": "" });
  const file = join(root, ".tta/chatmodes/a.chatmode.md");
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string()));
  const value = fc.oneof(
    scalar,
    fc.dictionary(fc.constantFrom("restricted_paths", "allowed_mcp_servers"), scalar),
  );
  const keys = fc.constantFrom(
    "hypertool_persona",
    "persona",
    "persona_token_budget",
    "security",
    "mode",
    "tools",
    "x",
  );
  const frontmatter = fc.oneof(fc.string(), fc.dictionary(keys, value).map(yamlText));
  fc.assert(
    fc.property(frontmatter, (text) => {
      writeFileSync(file, `---\n${text}\n---\n`);
      const { chatmodes, findings } = loadChatmodes(root);
      expect(chatmodes.length + new Set(findings.map((one) => one.file)).size).toBe(1);
      checkChatmodes(chatmodes, loadCatalogue(placesIn(root)), new Set());
      const lines = text.split("\n").length + 3;
      for (const { line = 1 } of findings) expect(line).toBeLessThanOrEqual(lines);
    }),
  );
});
