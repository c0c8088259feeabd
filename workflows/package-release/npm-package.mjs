import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture, Failure, must, print, run } from "../project/command.mjs";
import { git } from "./git.mjs";
import { replaceString } from "./json-edit.mjs";
import { listed } from "./release.mjs";
import { compareSemver, parseSemver } from "./versions.mjs";

const BIN_TIMEOUT_MS = 10_000;

/** An npm package, in the working directory. */
export const npmPackage = {
  manifest: "package.json",
  read,
  refusalOf,
  edits,
  pack,
  install,
};

async function read() {
  const { code } = await run("npm", ["--version"], { quiet: true });
  if (code !== 0) throw new Failure("npm is not in PATH. It comes with Node.js.");
  const manifest = parse("package.json");
  for (const key of ["name", "version"]) {
    if (typeof manifest[key] !== "string") throw new Failure(`package.json has no "${key}". Add one.`);
  }
  return { name: manifest.name, version: manifest.version };
}

/** Why this version cannot be released after that one; undefined when it can. */
function refusalOf(version, previous, isToBePublished) {
  if (isToBePublished && parse("package.json").private === true) {
    return 'package.json says "private": true, so npm would not publish it. Release without --publish, or remove that.';
  }
  const present = parseSemver(previous);
  if (present === undefined) return `package.json has the version ${previous}, which is not a semver.`;
  if (compareSemver(parseSemver(version), present) > 0) return undefined;
  return `${version} is not newer than ${previous}, the version in package.json.`;
}

/** The files that name the version, with the new one. */
async function edits(version) {
  const texts = ["package.json", "package-lock.json", "npm-shrinkwrap.json"].filter((path) =>
    existsSync(path),
  );
  return texts.map((path) => {
    parse(path);
    const text = replaceString(readFileSync(path, "utf8"), ["version"], version);
    return {
      path,
      text: path === "package.json" ? text : replaceString(text, ["packages", "", "version"], version),
    };
  });
}

/**
 * Builds and packs it.
 *
 * @param {string} into an empty directory.
 * @returns {Promise<string>} the path of the tarball.
 */
async function pack(into) {
  await must("The build", "npm", ["run", "build", "--if-present"]);
  await must("Packing", "npm", ["pack", "--pack-destination", into]);
  const [file] = readdirSync(into).filter((name) => name.endsWith(".tgz"));
  if (file === undefined) throw new Failure("npm pack has made no tarball.");
  await requireKnownFiles(join(into, file));
  return join(into, file);
}

/** What neither git nor .gitignore knows got there by accident, such as the report of the tests just run. */
async function requireKnownFiles(tarball) {
  const unknown = new Set((await git("ls-files", "--others", "--exclude-standard", "-z")).split("\0"));
  const packed = (await capture("tar", ["-tzf", tarball]))
    .split("\n")
    .map((path) => path.replace(/^[^/]*\//, ""));
  // The changelog is the release's own, and not committed yet.
  const stray = packed.filter((path) => unknown.has(path) && path !== "CHANGELOG.md");
  if (stray.length === 0) return;
  throw new Failure(
    `The package would hold files that git does not know: ${listed(stray)}. ` +
      'Add them to .gitignore, or list in "files" of package.json what belongs to the package.',
  );
}

/**
 * Installs the tarball where nothing else is.
 *
 * @param {string} tarball
 * @param {{ name: string, version: string }} plan
 * @returns {Promise<string>} the version that the installed package has.
 */
async function install(tarball, { name, version }) {
  const directory = mkdtempSync(join(tmpdir(), "tta-persona-install-"));
  try {
    writeFileSync(join(directory, "package.json"), '{"private": true}\n');
    // Scripts of dependencies have no business in a release's environment.
    const quiet = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
    await must("Installing the package", "npm", ["install", ...quiet, tarball], { cwd: directory });
    const installed = join(directory, "node_modules", name);
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    await checkCommands(manifest, directory, version);
    return manifest.version;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A command that answers `--version` by another version has been packed from something old. */
async function checkCommands({ name, bin }, directory, version) {
  const commands = typeof bin === "string" ? [name.replace(/^@[^/]*\//, "")] : Object.keys(bin ?? {});
  const home = join(directory, "home");
  mkdirSync(home);
  for (const command of commands) {
    const { code, stdout } = await run(join(directory, "node_modules/.bin", command), ["--version"], {
      cwd: directory,
      env: { HOME: home },
      quiet: true,
      timeoutMs: BIN_TIMEOUT_MS,
    });
    const reported = /^(?:\S+[ /@])?v?(\d+\.\d+\.\d+\S*)$/.exec(stdout.trim())?.[1];
    if (code !== 0 || reported === undefined) {
      print(`${command} --version does not tell a version.`);
    } else if (reported !== version) {
      throw new Failure(`${command} --version says ${reported}, and the package is ${version}.`);
    } else {
      print(`${command} --version says ${reported}.`);
    }
  }
}

function parse(path) {
  let value;
  try {
    value = JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${error.message}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new Failure(`${path} is not a JSON object.`);
}
