import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

/** One file below `src`, as the architecture test looks at it. */
export interface SourceFile {
  /** Relative to `src`, such as `journal/append.ts`. */
  readonly path: string;
  /** The folder, such as `journal`. */
  readonly room: string;
  readonly text: string;
  /** What is left to run: no types, no comments. */
  readonly code: string;
  readonly imports: readonly ImportedModule[];
}

export interface ImportedModule {
  /** Of our own modules relative to `src`; else as it is written, such as `node:fs` or `zod`. */
  readonly target: string;
  readonly isOwn: boolean;
  /** Gone when types are stripped: loads nothing. */
  readonly isTypeOnly: boolean;
}

export function readSources(): readonly SourceFile[] {
  const root = fileURLToPath(new URL("../../src", import.meta.url));
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  return paths.sort().map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return parseSource(path, text);
  });
}

export function parseSource(path: string, text: string): SourceFile {
  const { code } = transformSync(text, {
    loader: "ts",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  return { path, room: roomOf(path), text, code, imports: findImports(path, text) };
}

export function roomOf(path: string): string {
  return path.slice(0, Math.max(0, path.indexOf("/")));
}

/** Statements stand at the beginning of a line, as the formatter has them; `import(` may stand anywhere. */
const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm;
const DYNAMIC = /\bimport\s*\(\s*(?:["'`]([^"'`]*)["'`])?/g;

/** @throws for an `import()` whose argument is no text, since nobody can tell what it loads. */
function findImports(path: string, text: string): readonly ImportedModule[] {
  const found: ImportedModule[] = [];
  const add = (specifier: string, isTypeOnly: boolean) => {
    const isOwn = specifier.startsWith(".");
    const target = isOwn ? join(dirname(path), specifier) : specifier;
    found.push({ target, isOwn, isTypeOnly });
  };
  for (const [, type, specifier] of text.matchAll(STATEMENT)) add(specifier ?? "", type !== undefined);
  for (const [call, specifier] of text.matchAll(DYNAMIC)) {
    if (specifier === undefined) throw new Error(`${path}: ${call}…: not a text`);
    add(specifier, false);
  }
  return found;
}
