import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Failure, must, run } from "../project/command.mjs";
import { canBuildOffline, canImport, installedVersion, parsePyproject } from "../project/python.mjs";
import { git } from "./git.mjs";
import { replaceProjectVersion } from "./pyproject-edit.mjs";
import { isNewerThanPython } from "./versions.mjs";

/** What PEP 517 builds with when a project does not say. */
const DEFAULT_REQUIREMENTS = ["setuptools>=40.8.0"];

/** A Python package with metadata by PEP 621, in the working directory. */
export const pythonPackage = {
  manifest: "pyproject.toml",
  read,
  refusalOf,
  edits,
  pack,
  install,
};

async function read() {
  const { code, stderr } = await run("python3", ["-m", "pip", "--version"], { cwd: "/", quiet: true });
  if (code === 127) throw new Failure("python3 is not in PATH. Install it, with pip.");
  if (code !== 0)
    throw new Failure(`python3 has no pip: ${stderr.trim()}. Install it (Debian: python3-pip).`);
  const { project } = await parsePyproject(readFileSync("pyproject.toml", "utf8"));
  if (project === null) {
    throw new Failure("pyproject.toml has no table [project] (PEP 621). Move name and version there.");
  }
  if (Array.isArray(project.dynamic) && project.dynamic.includes("version")) {
    throw new Failure(
      'pyproject.toml says dynamic = ["version"]: the build decides on the version, so it cannot be bumped here. ' +
        'Write version = "X.Y.Z" into [project] instead.',
    );
  }
  for (const key of ["name", "version"]) {
    if (typeof project[key] !== "string")
      throw new Failure(`[project] in pyproject.toml has no ${key}. Add one.`);
  }
  return { name: project.name, version: project.version };
}

async function refusalOf(version, previous, isToBePublished) {
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    return `${version} is no final release: for a Python package only versions X.Y.Z can be released.`;
  }
  const isNewer = isNewerThanPython(version, previous);
  if (isNewer === undefined) return `pyproject.toml has the version ${previous}, which cannot be compared.`;
  if (!isNewer) return `${version} is not newer than ${previous}, the version in pyproject.toml.`;
  if (isToBePublished && !(await canImport("python3", "twine"))) {
    return "--publish needs twine, which python3 does not have. Install it: python3 -m pip install twine";
  }
  return undefined;
}

async function edits(version) {
  const text = readFileSync("pyproject.toml", "utf8");
  const edited = replaceProjectVersion(text, version);
  // The line was found by its look; a parser says whether it was the right one.
  if (edited === undefined || (await parsePyproject(edited)).project?.version !== version) {
    throw new Failure('The version in pyproject.toml was not found as a line version = "…" under [project].');
  }
  return [{ path: "pyproject.toml", text: edited }];
}

/**
 * Builds it from a copy of what git knows: builds leave files behind, and take stray ones in.
 *
 * @param {string} into an empty directory.
 * @returns {Promise<string>} the path of the wheel.
 */
async function pack(into) {
  const source = mkdtempSync(join(tmpdir(), "tta-persona-build-"));
  try {
    await copyKnownFiles(source);
    // The same sources make the same wheel: https://reproducible-builds.org/specs/source-date-epoch/
    const env = { SOURCE_DATE_EPOCH: await git("log", "-1", "--no-show-signature", "--format=%ct") };
    const { build } = await parsePyproject(readFileSync("pyproject.toml", "utf8"));
    const isOffline = await canBuildOffline(build?.requires ?? DEFAULT_REQUIREMENTS);
    const command = (await canImport("python3", "build.__main__"))
      ? ["build", "--outdir", into, ...(isOffline ? ["--no-isolation"] : []), source]
      : ["pip", "wheel", "--no-deps", ...(isOffline ? ["--no-build-isolation"] : []), "-w", into, source];
    // Not from the project's folder: `-m` would find a module of that name there first.
    await must("The build", "python3", ["-m", ...command], { cwd: into, env });
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
  const [wheel] = readdirSync(into).filter((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Failure("The build has made no wheel.");
  return join(into, wheel);
}

async function copyKnownFiles(to) {
  const known = (await git("ls-files", "-z")).split("\0").filter((path) => path !== "" && existsSync(path));
  // Of the release, and not committed yet.
  const files = existsSync("CHANGELOG.md") ? [...new Set([...known, "CHANGELOG.md"])] : known;
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(file, join(to, file), { recursive: true, verbatimSymlinks: true });
  }
}

/**
 * Installs the wheel where nothing else is.
 *
 * @param {string} wheel
 * @param {{ name: string }} plan
 * @returns {Promise<string>} the version that the installed package reports.
 */
async function install(wheel, { name }) {
  const directory = mkdtempSync(join(tmpdir(), "tta-persona-install-"));
  try {
    const alone = ["--no-deps", "--no-index", "--no-compile", "--target", directory];
    await must("Installing the package", "python3", ["-m", "pip", "install", ...alone, wheel], {
      cwd: directory,
    });
    return await installedVersion(directory, name);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
