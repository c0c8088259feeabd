import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { applyCurrent } from "../../src/apply/apply.ts";
import { mcpClients } from "../../src/apply/clients/mcp-clients.ts";
import { applySplices, personaEdits } from "../../src/apply/persona-argument.ts";
import { targetsNamed } from "../../src/apply/targets.ts";
import { applyHome, leftovers } from "./apply-home.ts";

/** Each file that a switch may have to edit, below a user's directory. */
const places = mcpClients.flatMap(({ name, files }) =>
  files.map(({ base, path, key }) => ({
    client: name,
    key,
    path: base === "user" ? `user/${path}` : `user/work/project/${path}`,
  })),
);

/** A way in which a file may be written; `@` is where the persona stands, before and after. */
interface Layout {
  readonly title: string;
  readonly text: (key: string) => string;
  readonly before: string;
  readonly after: string;
}

const server = (args: string) => `{"command":"npx","args":[${args}]}`;

const layouts: readonly Layout[] = [
  {
    title: "pretty-printed",
    before: "tta-frontend-engineer",
    after: "tta-backend-engineer",
    text: (key) => `{
  "theme": "dark",
  "${key}": {
    "hyper": {
      "command": "npx",
      "args": [
        "-y",
        "@toolprint/hypertool-mcp@latest",
        "--persona",
        "@"
      ]
    }
  }
}
`,
  },
  {
    title: "compact",
    before: "frontend-engineer",
    after: "backend-engineer",
    text: (key) => `{"${key}":{"h":${server('"-y","hypertool-mcp","--persona","@"')}}}`,
  },
  {
    title: "JSONC with comments and trailing commas",
    before: "frontend-engineer",
    after: "backend-engineer",
    text: (key) => `// "hypertool", "--persona", "x"
{
  "${key}": {
    /* "--persona": "y" */
    "h": { "args": ["hypertool", // the package
        "--persona", /* who */ "@",
    ], "command": "npx", },
  },
}
`,
  },
  {
    title: "CRLF",
    before: "frontend-engineer",
    after: "backend-engineer",
    text: (key) =>
      `{\r\n\t"${key}": {\r\n\t\t"h": ${server('\r\n"hypertool-mcp",\r\n"--persona=@"\r\n')}\r\n\t}\r\n}\r\n`,
  },
  {
    title: "a byte order mark, and letters beyond ASCII",
    before: "frontend-engineer",
    after: "backend-engineer",
    text: (key) => `\uFEFF{"name":"Zoë 🦊","${key}":{"h":${server('"hypertool-mcp","-p","@"')}}}`,
  },
  {
    title: "a second server with its own --persona",
    before: "frontend-engineer",
    after: "backend-engineer",
    text: (key) => `{"${key}": {
  "other": ${server('"other-mcp", "--persona", "keep-me"')},
  "h": ${server('"hypertool-mcp", "--persona", "@"')},
  "files": ${server('"server-filesystem", "/home/me/hypertool", "--persona=keep-me-too"')}
}}`,
  },
  {
    title: "npx -p",
    before: "frontend-engineer",
    after: "backend-engineer",
    text: (key) =>
      `{"${key}":{"h":${server('"-p","@toolprint/hypertool-mcp","hypertool-mcp","mcp","-p","@"')}}}`,
  },
  {
    title: "no persona yet, on lines of their own",
    before: "",
    after: ',\n      "--persona",\n      "backend-engineer"',
    text: (key) => `{"${key}":{"h":{"args":[\n      "-y",\n      "hypertool-mcp"@\n    ]}}}`,
  },
  {
    title: "no persona yet, compact",
    before: "",
    after: ',"--persona","backend-engineer"',
    text: (key) => `{"${key}":{"h":${server('"-y","hypertool-mcp"@')}}}`,
  },
  {
    title: "an installed command",
    before: "frontend-engineer",
    after: "backend-engineer",
    text: (key) =>
      `{"${key}":{"h":{"command":"/opt/bin/hypertool-mcp","args":["-p","3000","--persona","@"]}}}`,
  },
];

const filled = (layout: Layout, key: string, value: string) => {
  const text = layout.text(key);
  const at = text.lastIndexOf("@");
  return text.slice(0, at) + value + text.slice(at + 1);
};

describe.each(places)("$path of $client", ({ client, key, path }) => {
  test.each(layouts)("$title: exactly the persona's bytes change", async (layout) => {
    const user = applyHome();
    const file = user.write(path, filled(layout, key, layout.before));
    chmodSync(file, 0o640);
    user.activate("backend-engineer");
    const { results } = await user.apply(client);
    expect(results).toMatchObject([{ client, file, outcome: "changed", reload: expect.any(String) }]);
    expect(readFileSync(file, "utf8")).toBe(filled(layout, key, layout.after));
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(leftovers(user.root)).toEqual([]);
    // Read back by the same eyes.
    expect((await user.apply(client)).results).toMatchObject([{ outcome: "already", reload: null }]);
  });

  const valid = filled(layouts[1] as Layout, key, "frontend-engineer");

  test("a symlink stays one, and its target is edited in its own directory", async () => {
    const user = applyHome();
    const real = user.write("dotfiles/mcp.json", valid);
    const file = join(user.root, path);
    mkdirSync(dirname(file), { recursive: true });
    symlinkSync(real, file);
    user.activate("backend-engineer");
    expect((await user.apply(client)).results).toMatchObject([{ file, outcome: "changed" }]);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, "utf8")).toBe(valid.replace("frontend-engineer", "backend-engineer"));
  });

  test("missing: nothing is made", async () => {
    const user = applyHome();
    user.activate("backend-engineer");
    expect((await user.apply(client)).results).toMatchObject([{ outcome: "skipped", reason: "missing" }]);
    expect(lstatSync(join(user.root, path), { throwIfNoEntry: false })).toBeUndefined();
  });

  test.each<[title: string, content: string, message: RegExp]>([
    ["broken", `{\n  "${key}": {,}\n}`, /:2:\d+: /],
    ["empty", "", /:1:1: /],
    ["no object", "[1]", /:1:1: not an object/],
    [
      "nothing behind --persona",
      `{"${key}":{"h":${server('"hypertool-mcp","--persona"')}}}`,
      /:1:\d+: no persona/,
    ],
    [
      "a number behind --persona",
      `{"${key}":{"h":${server('"hypertool","--persona",7')}}}`,
      /no persona stands/,
    ],
    [
      "a line for a shell",
      `{"${key}":{"h":${server('"-p","hypertool","-c","hypertool --persona x"')}}}`,
      /a shell/,
    ],
    ["no args", `{"${key}":{"h":{"command":"hypertool-mcp"}}}`, /without args/],
  ])("%s: refused with its place, and left as it is", async (_, content, message) => {
    const user = applyHome();
    const file = user.write(path, content);
    user.activate("backend-engineer");
    expect((await user.apply(client)).results).toMatchObject([
      { file, outcome: "refused", message: expect.stringMatching(message) },
    ]);
    expect(readFileSync(file, "utf8")).toBe(content);
  });

  test.each<[title: string, reason: string, make: (file: string) => void]>([
    ["read-only", "read-only", (file) => chmodSync(file, 0o444)],
    ["with a second name", "hard-link", (file) => linkSync(file, `${file}.other`)],
    [
      "a link that leads nowhere",
      "dangling-link",
      (file) => {
        renameSync(file, `${file}.away`);
        symlinkSync("/nowhere/at/all", file);
      },
    ],
    [
      "a directory",
      "no-file",
      (file) => {
        renameSync(file, `${file}.away`);
        mkdirSync(file);
      },
    ],
  ])("%s: refused", async (_, reason, make) => {
    const user = applyHome();
    const file = user.write(path, valid);
    make(file);
    user.activate("backend-engineer");
    expect((await user.apply(client)).results).toMatchObject([{ file, outcome: "refused", reason }]);
  });

  test("no Hypertool in it: skipped", async () => {
    const user = applyHome();
    const content = `{"${key}":{"x":${server('"x-mcp","--persona","mine"')}}}`;
    const file = user.write(path, content);
    user.activate("backend-engineer");
    expect((await user.apply(client)).results).toMatchObject([
      { file, outcome: "skipped", reason: "no-hypertool" },
    ]);
    expect(readFileSync(file, "utf8")).toBe(content);
  });

  test("a server that the user named", async () => {
    const user = applyHome();
    const content = `{"${key}":{"mine":${server('"run","-p","frontend-engineer","--persona","frontend-engineer"')}}}`;
    const file = user.write(path, content);
    user.activate("backend-engineer");
    const places = { ...user.context.places, serverNames: ["mine"] };
    const { results } = await applyCurrent({ ...user.context, places }, targetsNamed([client]));
    expect(results).toMatchObject([{ outcome: "changed" }]);
    // Without a package before it, -p may be npx's.
    expect(readFileSync(file, "utf8")).toBe(
      content.replace('"--persona","frontend-engineer"', '"--persona","backend-engineer"'),
    );
  });
});

test("bytes that are no text in UTF-8 are refused, since they would not survive", async () => {
  const user = applyHome();
  const bytes = Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  const file = user.write("user/.cursor/mcp.json", bytes);
  user.activate("backend-engineer");
  expect((await user.apply("cursor")).results).toMatchObject([{ outcome: "refused" }]);
  expect(readFileSync(file)).toEqual(bytes);
});

test("all or nothing: one file that cannot be edited leaves all as they are", async () => {
  const user = applyHome();
  const good = user.write("user/.cursor/mcp.json", '{"mcpServers":{"h":{"args":["hypertool","-p","x"]}}}');
  user.write("user/.gemini/settings.json", "{");
  user.activate("backend-engineer");
  const { results } = await user.apply("cursor", "gemini");
  expect(results).toMatchObject([
    { client: "cursor", outcome: "failed", reason: "nothing-written" },
    { client: "gemini", outcome: "refused" },
  ]);
  expect(readFileSync(good, "utf8")).toContain('"x"');
});

test("two clients that share a file by a link change it once, and both say so", async () => {
  const user = applyHome();
  const real = user.write("user/.cursor/mcp.json", '{"mcpServers":{"h":{"args":["hypertool","-p","x"]}}}');
  mkdirSync(join(user.userHome, ".gemini"));
  symlinkSync(real, join(user.userHome, ".gemini/settings.json"));
  user.activate("backend-engineer");
  const { results } = await user.apply("cursor", "gemini");
  expect(results.map(({ outcome }) => outcome)).toEqual(["changed", "already"]);
  expect(readFileSync(real, "utf8")).toContain('"-p","backend-engineer"');
});

test("a file of the project is looked for up to its repository, and no further", async () => {
  const user = applyHome();
  const content = '{"mcpServers":{"h":{"args":["hypertool","-p","x"]}}}';
  const outside = user.write("user/work/.mcp.json", content);
  const inside = user.write("user/work/project/.mcp.json", content);
  const deep = join(user.project, "src/deep");
  mkdirSync(deep, { recursive: true });
  user.activate("backend-engineer");
  const places = { ...user.context.places, cwd: deep };
  const { results } = await applyCurrent({ ...user.context, places }, targetsNamed(["claude-code"]));
  expect(results).toMatchObject([{ file: inside, outcome: "changed" }]);
  expect(readFileSync(outside, "utf8")).toBe(content);
});

test.each([
  ["a word behind another package", "npx", ["-y", "server-filesystem", "hypertool"]],
  ["a word behind an argument of another package", "npx", ["@x/server-git", "--", "a", "hypertool"]],
  ["a value of an option", "other", ["--workspace", "hypertool", "--persona", "mine"]],
  ["a value of a short option", "uvx", ["mcp-git", "-r", "hypertool-mcp", "--persona=mine"]],
  ["a persona", "npx", ["-y", "other-mcp", "--persona", "@x/hypertool"]],
])("a server of others with Hypertool's name as %s is left alone", (_, command, args) => {
  const text = JSON.stringify({ mcpServers: { x: { command, args } } });
  expect(personaEdits(text, "mcpServers", [], "backend-engineer")).toEqual({
    ok: true,
    value: { servers: [], splices: [] },
  });
});

test.each([
  ["npx", ["-p", "@toolprint/hypertool-mcp", "hypertool-mcp", "@"]],
  ["npx", ["--registry", "https://npm.example", "-y", "hypertool-mcp", "@"]],
  ["npx", ["-y", "@smithery/cli", "run", "@toolprint/hypertool-mcp", "@"]],
  ["npx", ["-y", "@toolprint/hypertool-mcp", "@", "--name", "hypertool"]],
  ["npx", ["-y", "@toolprint/hypertool-mcp", "mcp", "run", "@", "hypertool"]],
  ["cmd", ["/c", "npx", "-y", "hypertool-mcp", "@"]],
  ["pnpm", ["dlx", "hypertool-mcp", "@"]],
  ["docker", ["run", "-i", "--rm", "-e", "TOKEN", "hypertool-mcp", "@"]],
  ["op", ["run", "--env-file=x", "--", "npx", "-y", "hypertool-mcp", "@"]],
  ["timeout", ["60", "npx", "hypertool-mcp", "@"]],
])("Hypertool is known as what %s starts with %j", (command, words) => {
  const text = (persona: string) => {
    const args = words.flatMap((word) => (word === "@" ? ["--persona", persona] : [word]));
    return JSON.stringify({ mcpServers: { x: { command, args } } });
  };
  const edits = personaEdits(text("old"), "mcpServers", [], "new");
  expect(edits.ok && applySplices(text("old"), edits.value.splices)).toBe(text("new"));
});
