// `task.mjs <name>`: runs the project's own check of that name, an npm script or a make target. Passes with a note
// where the project has none.
import { existsSync, readFileSync } from "node:fs";
import { Failure, must, print, runMain } from "./command.mjs";

const MAKEFILES = ["GNUmakefile", "makefile", "Makefile"];
/** A script with such a name alone is more often a server that never ends. */
const WANTS_PREFIX = new Set(["backend", "frontend"]);

const [name] = process.argv.slice(2);

await runMain(async () => {
  const scripts = existsSync("package.json") ? (parse("package.json").scripts ?? {}) : {};
  const script = namesOf(":").find((one) => Object.hasOwn(scripts, one));
  if (script !== undefined) {
    await must(`The check ${name}`, "npm", ["run", script]);
    return;
  }
  const makefile = MAKEFILES.find((file) => existsSync(file));
  const rules = makefile === undefined ? "" : readFileSync(makefile, "utf8");
  const target = namesOf("-").find((one) => new RegExp(`^${one}[ \\t]*:(?!=)`, "m").test(rules));
  if (target !== undefined) {
    await must(`The check ${name}`, "make", [target]);
    return;
  }
  print(`not checked: the project has no npm script test:${name} and no make target test-${name}`);
});

function namesOf(separator) {
  return [`test${separator}${name}`, `${name}${separator}test`, ...(WANTS_PREFIX.has(name) ? [] : [name])];
}

function parse(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${error.message}`);
  }
}
