import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { repositoryRoot } from "../support/run-binary.ts";

interface Edits {
  replaceString(text: string, path: readonly string[], value: string): string;
  replaceProjectVersion(text: string, version: string): string | undefined;
  hasSection(text: string, version: string): boolean;
  addSection(text: string | undefined, section: { version: string; date: string; entries: string }): string;
  parseSemver(text: string): object | undefined;
  compareSemver(a: object | undefined, b: object | undefined): number;
  isNewerThanPython(version: string, present: string): boolean | undefined;
}

const load = (name: string) =>
  import(pathToFileURL(`${repositoryRoot}/workflows/package-release/${name}.mjs`).href) as Promise<Edits>;
const [{ replaceString }, { replaceProjectVersion }, { addSection, hasSection }, versions] =
  await Promise.all(
    ["json-edit", "pyproject-edit", "changelog", "versions"].map(load) as [
      Promise<Edits>,
      Promise<Edits>,
      Promise<Edits>,
      Promise<Edits>,
    ],
  );

describe("a value in a JSON text", () => {
  test("is replaced, and nothing else, in any document and layout", () => {
    const key = fc.oneof(fc.constantFrom("version", "", "packages", '"', "\\"), fc.string());
    const document = fc.dictionary(key, fc.jsonValue());
    fc.assert(
      fc.property(
        document,
        document,
        fc.string(),
        fc.constantFrom(0, 2, "\t"),
        (before, inner, value, indent) => {
          const make = (version: string) =>
            JSON.stringify(
              { ...before, packages: { ...inner, "": { version } }, version: "outer" },
              null,
              indent,
            );
          expect(replaceString(make("inner"), ["packages", "", "version"], value)).toBe(make(value));
        },
      ),
    );
  });

  test("is the last one of equal keys, and may be missing", () => {
    expect(replaceString('{"a": "1", "a" : "2"}', ["a"], "3")).toBe('{"a": "1", "a" : "3"}');
    expect(replaceString('\uFEFF{"b": {"a": "1"}}\r\n', ["a"], "3")).toBe('\uFEFF{"b": {"a": "1"}}\r\n');
  });
});

describe("the version in a pyproject.toml", () => {
  test("is the one under [project]", () => {
    const text =
      '[tool.x]\nversion = "1"\n\n[ project ] # here\r\nversion="0.1.0" # c\r\n[project.urls]\nversion = "u"\n';
    expect(replaceProjectVersion(text, "0.3.0")).toBe(text.replace('"0.1.0"', '"0.3.0"'));
  });

  test("may be missing", () => {
    expect(replaceProjectVersion('[project]\nname = "x"\n[tool.poetry]\nversion = "1"\n', "2.0.0")).toBe(
      undefined,
    );
  });
});

describe("a changelog", () => {
  const section = { version: "0.3.0", date: "2026-01-02", entries: "- New" };
  const added = "## [0.3.0] - 2026-01-02\n\n- New\n";

  test.each([
    ["there is none", undefined, `# Changelog\n\n${added}`],
    ["it has only a title", "# Changes\n", `# Changes\n\n${added}`],
    [
      "it has sections",
      "# Changes\n\nText.\n\n## 0.2.0\n- Old\n",
      `# Changes\n\nText.\n\n${added}\n## 0.2.0\n- Old\n`,
    ],
    [
      "nothing is unreleased",
      "# C\n\n## [Unreleased]\n\n## 0.2.0\n",
      `# C\n\n## [Unreleased]\n\n${added}\n## 0.2.0\n`,
    ],
    ["it ends with Unreleased", "# C\n\n## Unreleased", `# C\n\n## Unreleased\n\n${added}`],
    [
      "something is unreleased",
      "# C\n\n## [Unreleased]\n\n### Fixed\n- A bug\n\n## 0.2.0\n",
      `# C\n\n## [Unreleased]\n\n${added}\n### Fixed\n- A bug\n\n## 0.2.0\n`,
    ],
  ])("gets its section where it belongs when %s", (_, text, expected) => {
    expect(addSection(text, section)).toBe(expected);
  });

  test("keeps its line ends, and has the section then", () => {
    const text = addSection("# C\r\n\r\n## 0.2.0\r\n", section);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    expect(hasSection(text, "0.3.0")).toBe(true);
  });

  test("takes any text as it is", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(undefined, "# C\n\n## 0.2.0\n", "## Unreleased\n"),
        (entries, text) => {
          expect(addSection(text, { ...section, entries: `x${entries}x` })).toContain(`\n\nx${entries}x\n`);
        },
      ),
    );
  });

  test.each([
    ["## [0.3.0] - 2026-01-01", true],
    ["## v0.3.0", true],
    ["## 0.3.0 (2026)", true],
    ["## [0.3.0](https://example.com)", true],
    ["## 0.3.01", false],
    ["## 0x3.0", false],
    ["## [0.3.0-rc.1]", false],
    ["### 0.3.0", false],
  ])("with %j has the section: %s", (line, expected) => {
    expect(hasSection(`# C\n\n${line}\n`, "0.3.0")).toBe(expected);
  });
});

describe("versions", () => {
  test("are ordered as semver.org says", () => {
    // https://semver.org/#spec-item-11
    const ordered = [
      "0.9.9",
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
      "1.0.1",
      "1.2.0",
      "1.10.0",
      "99999999999999999999.0.0",
    ];
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) {
        expect(Math.sign(versions.compareSemver(versions.parseSemver(a), versions.parseSemver(b)))).toBe(
          Math.sign(i - j),
        );
      }
    }
  });

  test.each([
    ["1.0.0", "0.9", true],
    ["1.0.0", "1.0", false],
    ["1.0.0", "1.0rc1", true],
    ["1.0.0", "1.0.0.dev1", true],
    ["1.0.0", "1.0.0.post1", false],
    ["1.0.0", "2024.1", false],
    ["1.0.0", "1!0.1", undefined],
    ["1.0.0", "soon", undefined],
  ])("%s is newer than Python's %s: %s", (version, present, expected) => {
    expect(versions.isNewerThanPython(version, present)).toBe(expected);
  });
});
