import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { type SettingKey, settingKeys } from "../src/config/keys.ts";
import { commandNames } from "../src/core/command-names.ts";
import { environmentVariables } from "../src/core/environment.ts";
import { ExitCode } from "../src/core/errors.ts";
import { anchorsOf } from "./support/markdown.ts";
import { repositoryRoot } from "./support/run-binary.ts";

const readme = readFileSync(join(repositoryRoot, "README.md"), "utf8");
const manifest = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
};

const documents = readdirSync(join(repositoryRoot, "docs")).map((name) => `docs/${name}`);

/** Rows below the table's head, cells trimmed. */
function tableUnder(heading: string): string[][] {
  const [, section = ""] = readme.split(`\n${heading}\n`);
  const lines = section.split(/\n#{2,3} /)[0]?.split("\n") ?? [];
  const rows = lines.filter((line) => line.startsWith("|")).slice(2);
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const code = (text: string | undefined) => (text === undefined ? "" : `\`${text}\``);

describe("the README", () => {
  test("has every setting, its variable, its default and what it is for", () => {
    const keys: readonly SettingKey[] = settingKeys;
    expect(tableUnder("### Settings")).toEqual(
      keys.map(({ key, env, default: value, doc }) => [code(key), code(env), code(value), doc]),
    );
  });

  test("has every environment variable", () => {
    expect(tableUnder("### Environment")).toEqual(
      environmentVariables.map(({ name, doc }) => [code(name), doc]),
    );
  });

  test("has every exit code", () => {
    const codes = tableUnder("## Exit codes").map(([cell]) => cell);
    expect(codes).toEqual([...Object.values(ExitCode).map((value) => code(String(value))), "`128+n`"]);
  });

  test("has every command", () => {
    const named = tableUnder("## Commands").map(([cell = ""]) => /^`tta-persona ([a-z-]+)/.exec(cell)?.[1]);
    const commands = named.filter((name) => name !== undefined);
    expect([...new Set(commands)].sort()).toEqual(commandNames.filter((name) => name !== "help").toSorted());
  });

  test("leads to every document", () => {
    const linked = new Set([...readme.matchAll(/\]\((docs\/[\w-]+\.md)/g)].map(([, path]) => path));
    expect(documents.filter((path) => !linked.has(path))).toEqual([]);
  });

  test("names scripts that there are, and the Node.js that is needed", () => {
    const scripts = [...readme.matchAll(/\bnpm run ([a-z:]+)/g)].map(([, name = ""]) => name);
    expect(scripts.filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
    expect(readme).toContain(manifest.engines.node.replace(">=", ""));
  });
});

describe.each(["README.md", ...documents])("%s", (path) => {
  const text = readFileSync(join(repositoryRoot, path), "utf8");

  test("links to what is there", () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
    const broken = links.filter((link) => !/^https?:/.test(link) && !isThere(link));
    expect(broken).toEqual([]);
  });

  function isThere(link: string): boolean {
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    if (!existsSync(join(repositoryRoot, target))) return false;
    return (
      anchor === undefined || anchorsOf(readFileSync(join(repositoryRoot, target), "utf8")).includes(anchor)
    );
  }

  test("names files that are there", () => {
    const named = [...text.matchAll(/`((?:src|test|scripts|bin|docs|personas|bench)\/[\w./-]+)`/g)];
    const missing = named.filter(([, file = ""]) => !existsSync(join(repositoryRoot, file)));
    expect(missing.map(([, file]) => file)).toEqual([]);
  });
});
