import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure, print, run } from "../project/command.mjs";
import { parseSemver } from "./versions.mjs";

/** EX_TEMPFAIL of sysexits.h: the stage is tried again after it. */
export const TRY_AGAIN = 75;
const UNREACHABLE =
  /\b(?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|E50[0234]|ERR_SOCKET_TIMEOUT)\b/;
const SEEN_WITHIN_MS = 30_000;
/** npm's own three attempts would take minutes. */
const IMPATIENT = ["--fetch-retries=0", "--fetch-timeout=30000"];

/** The registry of npm that the project's settings name. */
export const npmRegistry = { dryRun, publish, isPublished };

/** @param {{ plan: { version: string }, artifact: string }} release */
async function dryRun({ plan, artifact }) {
  if (manifest().private === true) {
    print('package.json says "private": true: there is nothing to try at a registry.');
    return;
  }
  await npmPublish([...IMPATIENT, "--dry-run"], plan.version, artifact);
}

/** Publishes the tarball, unless the registry has this very one already. */
async function publish({ plan, artifact }) {
  if (await has(plan, artifact)) {
    print(`The registry has ${plan.name} ${plan.version} already.`);
    return;
  }
  try {
    await npmPublish([], plan.version, artifact);
  } catch (error) {
    // It may have taken the package and lost its answer, or known of it when it was asked before.
    if (!(error instanceof Failure) || !(await has(plan, artifact).catch(() => false))) throw error;
    print(`The registry has ${plan.name} ${plan.version} all the same.`);
  }
}

/** @returns {Promise<boolean>} whether the registry shows the package, which may take it a moment. */
async function isPublished({ plan, artifact }) {
  for (const deadline = Date.now() + SEEN_WITHIN_MS; Date.now() < deadline; await sleep(500)) {
    if (await has(plan, artifact)) return true;
  }
  return false;
}

async function has({ name, version }, artifact) {
  const view = ["view", `${name}@${version}`, "dist.integrity", "--json", ...IMPATIENT, ...ownRegistry(name)];
  const { code, stdout, stderr } = await run("npm", view, { quiet: true });
  if (/\bE404\b/.test(stdout + stderr)) return false;
  if (code !== 0) throw failureOf("The registry cannot be asked what it has", stdout + stderr);
  if (stdout.trim() === "") return false;
  const integrity = `sha512-${createHash("sha512").update(readFileSync(artifact)).digest("base64")}`;
  if (JSON.parse(stdout) === integrity) return true;
  throw new Failure(`The registry has another ${name} ${version} than the one that was checked here.`);
}

async function npmPublish(options, version, artifact) {
  const args = ["publish", artifact, ...options, ...distTag(version)];
  print(`$ npm ${args.join(" ")}`);
  const { code, stdout, stderr } = await run("npm", args);
  if (code !== 0) throw failureOf("npm publish failed", stdout + stderr);
}

/** npm wants a tag for a prerelease, or everybody would get it as the latest. */
function distTag(version) {
  const [first] = parseSemver(version).prerelease;
  if (first === undefined || manifest().publishConfig?.tag !== undefined) return [];
  return ["--tag", /^[a-z][a-z-]*$/i.test(first) ? first : "next"];
}

/** `npm publish` reads publishConfig, `npm view` does not. */
function ownRegistry(name) {
  const { publishConfig = {} } = manifest();
  const key = `${name.split("/")[0]}:registry`;
  return [key, "registry"]
    .filter((one) => publishConfig[one] !== undefined)
    .map((one) => `--${one}=${publishConfig[one]}`);
}

function failureOf(what, output) {
  const lines = output.split("\n").filter((line) => /^npm (?:error|ERR!)/.test(line));
  const reason = lines.slice(0, 3).join("\n") || output.trim().slice(-500);
  return new Failure(`${what}:\n${reason}`, UNREACHABLE.test(output) ? TRY_AGAIN : 1);
}

function manifest() {
  return JSON.parse(readFileSync("package.json", "utf8").replace(/^\uFEFF/, ""));
}
