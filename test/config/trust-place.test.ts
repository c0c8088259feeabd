import fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isTrusted, trustFile } from "../../src/config/trust.ts";
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
