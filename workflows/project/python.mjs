import { existsSync } from "node:fs";
import { join } from "node:path";
import { capture, Failure, run } from "./command.mjs";

/**
 * The interpreter that the project's own packages are in: of a virtual environment beside it, else of PATH.
 *
 * @param {string} directory
 */
export function projectPython(directory) {
  const own = join(directory, ".venv/bin/python");
  return existsSync(own) ? own : "python3";
}

/**
 * @param {string} python
 * @param {string} name of a module.
 */
export async function canImport(python, name) {
  const code = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)";
  // Not in the project: a folder `build` there would pass for the package of that name.
  return (await run(python, ["-c", code, name], { cwd: "/", quiet: true })).code === 0;
}

/** Python before 3.11 has no parser of TOML of its own, but pip brings one. */
const READ_PYPROJECT = `
import json, sys
try:
    import tomllib
except ImportError:
    try:
        import tomli as tomllib
    except ImportError:
        from pip._vendor import tomli as tomllib
try:
    data = tomllib.loads(sys.stdin.buffer.read().decode("utf-8"))
except ValueError as error:
    sys.exit(str(error))
json.dump({"project": data.get("project"), "build": data.get("build-system")}, sys.stdout, default=str)
`;

/**
 * What a pyproject.toml says, by a real TOML parser.
 *
 * @param {string} text
 * @returns {Promise<{ project: Record<string, unknown> | null, build: Record<string, unknown> | null }>}
 */
export async function parsePyproject(text) {
  const { code, stdout, stderr } = await run("python3", ["-c", READ_PYPROJECT], {
    cwd: "/",
    input: text,
    quiet: true,
  });
  if (code !== 0) throw new Failure(`pyproject.toml cannot be read: ${stderr.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout);
}

/**
 * Tells whether a wheel can be built with what this interpreter has, that is without a package index. setuptools
 * needs the package `wheel` before 70.1.
 */
const CAN_BUILD = `
import re, sys
from importlib import metadata
def release(name):
    return tuple(int(part) for part in re.findall(r"\\d+", metadata.version(name))[:2])
try:
    for requirement in sys.argv[1:]:
        name = re.match(r"[A-Za-z0-9._-]+", requirement).group()
        if release(name) < (70, 1) and name.lower() == "setuptools":
            metadata.version("wheel")
except metadata.PackageNotFoundError:
    sys.exit(1)
`;

/** @param {readonly string[]} requirements of the table `build-system`. */
export async function canBuildOffline(requirements) {
  return (await run("python3", ["-c", CAN_BUILD, ...requirements], { cwd: "/", quiet: true })).code === 0;
}

/**
 * The version that a package reports which was installed into a directory.
 *
 * @param {string} directory
 * @param {string} name
 */
export function installedVersion(directory, name) {
  const code = `
import re, sys
from importlib import metadata
plain = lambda name: re.sub(r"[-_.]+", "-", name).lower()
found = [d.version for d in metadata.distributions(path=[sys.argv[1]]) if plain(d.metadata["Name"]) == plain(sys.argv[2])]
print(found[0] if found else "")
`;
  return capture("python3", ["-c", code, directory, name], { cwd: "/" });
}
