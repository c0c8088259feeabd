import fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isTrusted, trustFile, trustOf } from "../../src/config/trust.ts";
import { resolveHome } from "../../src/core/home.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

function project() {
  const root = temporaryDirectory();
  const env = { TTA_PERSONA_HOME: join(root, "home") };
  const home = resolveHome(env, "linux");
  if (!home.ok) throw new Error(home.error.message);
  fs.mkdirSync(join(root, "project"));
  const file = join(root, "project", "w.yaml");
  fs.writeFileSync(file, "name: w\n");
  return { root, env, home: home.value, file };
}

test("trust is bound to the place: neither a copy has it, nor what a link leads to now", () => {
  const { root, env, home, file } = project();
  fs.symlinkSync(join(root, "project"), join(root, "link"));
  const linked = join(root, "link", "w.yaml");
  trustFile(home, linked);
  expect([isTrusted(home, env, file), isTrusted(home, env, linked)]).toEqual([true, true]);
  const copy = join(root, "w.yaml");
  fs.copyFileSync(file, copy);
  expect(isTrusted(home, env, copy)).toBe(false);
});

test("trust of a project's file is not that of another project whose file is a link to it", () => {
  const { root, env, home } = project();
  const personaOf = (name: string) => {
    fs.mkdirSync(join(root, name, ".tta-persona"), { recursive: true });
    return join(root, name, ".tta-persona", "persona");
  };
  const [own, other] = [personaOf("project"), personaOf("other")];
  fs.writeFileSync(own, "auditor\n");
  fs.symlinkSync(own, other);
  trustFile(home, own);
  expect([own, other].map((file) => trustOf(home, env, file))).toEqual(["trusted", "never"]);
  // A folder that is a link is no different, and the project itself may be one.
  fs.mkdirSync(join(root, "third"));
  fs.symlinkSync(join(root, "project", ".tta-persona"), join(root, "third", ".tta-persona"));
  fs.symlinkSync(join(root, "project"), join(root, "link"));
  const through = (name: string) => trustOf(home, env, join(root, name, ".tta-persona", "persona"));
  expect([through("third"), through("link")]).toEqual(["never", "trusted"]);

  trustFile(home, other);
  expect([through("other"), through("third")]).toEqual(["trusted", "never"]);
  fs.writeFileSync(own, "tester\n");
  expect([through("project"), through("other")]).toEqual(["changed", "changed"]);
});

test("a link to nothing was never trusted, unless it was when there was something", () => {
  const { root, env, home } = project();
  const folder = join(root, "project", ".tta-persona");
  fs.mkdirSync(join(folder, "shared"), { recursive: true });
  const [file, target] = [join(folder, "persona"), join(folder, "shared", "persona")];
  fs.symlinkSync("shared/persona", file);
  trustFile(home, join(root, "project", "w.yaml"));
  expect(trustOf(home, env, file)).toBe("never");
  fs.writeFileSync(target, "auditor\n");
  trustFile(home, file);
  expect(trustOf(home, env, file)).toBe("trusted");
  fs.rmSync(join(folder, "shared"), { recursive: true });
  expect(() => trustOf(home, env, file)).toThrow("ENOENT");
});
