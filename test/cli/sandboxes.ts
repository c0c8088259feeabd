import { cpSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { jsonShapes } from "../../src/cli/json-shapes.ts";
import { createSandbox, type RunResult, type Sandbox } from "../support/run-binary.ts";

/** A sandbox that lives as long as the test. */
export function sandboxOfTest(): Sandbox {
  const sandbox = createSandbox();
  onTestFinished(() => sandbox.dispose());
  return sandbox;
}

/** Another home with the same content, for the `env` of a run. */
export function copyOfHome(sandbox: Sandbox, name: string): { readonly TTA_PERSONA_HOME: string } {
  const copy = join(sandbox.userHome, name);
  if (existsSync(sandbox.home)) cpSync(sandbox.home, copy, { recursive: true });
  return { TTA_PERSONA_HOME: copy };
}

/** The one document on stdout, checked against its documented shape. */
export function documentOf({ stdout }: RunResult): Record<string, unknown> {
  const document = JSON.parse(stdout) as Record<string, unknown>;
  const shape = jsonShapes.get(String(document.schema));
  if (shape === undefined) throw new Error(`undocumented schema: ${String(document.schema)}`);
  return shape.parse(document) as Record<string, unknown>;
}

/** Every file below a directory with its content. */
export function contentsOf(directory: string): Record<string, string> {
  if (!existsSync(directory)) return {};
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const path = join(directory, name);
      return [name, statSync(path).isFile() ? readFileSync(path, "utf8") : "directory"];
    }),
  );
}
