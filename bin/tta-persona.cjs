#!/usr/bin/env node
"use strict";
// Runs the hot commands from one small bundle, a switch that changes files of agent tools from a second one, and
// everything else from the full program.
//
// Compiling the bundle would take half of all the time that a hot command may take, so V8's compiled form of it is
// kept in a cache of the user's. It is bound to the bundle's content and the version of Node; whatever
// is wrong with it, it is not used, and made anew.
const fs = process.getBuiltinModule("node:fs");
const { Script } = process.getBuiltinModule("node:vm");

const PIECE_BYTES = 16 * 1024;
const programDir = `${__dirname}/../dist`;
const argv = process.argv.slice(2);
// The guard is asked before each step of an agent, and has a bundle of its own, so that neither weighs on the other.
const isReading = argv[0] === "current" || argv[0] === "prompt";
const hot = argv[0] === "guard" ? load("guard", "guard") : load("hot", isReading ? "read" : "switch");
// `performance.timeOrigin` says the same and loads eleven modules for it.
const startedAt = Date.now() - process.uptime() * 1000;
const code = hot.exports.runHot(argv, startedAt, programDir);
if (code === "apply") {
  const apply = load("apply", "apply");
  void apply.exports.runApply(argv, startedAt, programDir).then((done) => finish(done, apply));
} else {
  finish(code, hot);
}

/** @param code undefined: the full program decides. */
function finish(code, { exports, keep }) {
  if (code === undefined) {
    require("../dist/cli.cjs");
    return;
  }
  if (exports.wasTypical?.() !== false) keep();
  // All is written by now. Tearing the heap down would take as long as reading the code did, and the exit event half
  // of that; only what was preloaded can wait for it.
  if (process.listenerCount("exit") > 0) process.exit(code);
  process.reallyExit(code);
}

/** @param form what is compiled depends on what ran, so each has a cache of its own. */
function load(name, form) {
  const filename = `${programDir}/${name}.cjs`;
  const source = fs.readFileSync(filename, "utf8");
  const cache = cacheFile(form, source.slice(-17, -1));
  const cachedData = cache === undefined ? undefined : read(cache);
  const script = new Script(source, { filename, cachedData });
  const module = { exports: {} };
  script.runInThisContext()(module);
  const isKept = cachedData !== undefined && !script.cachedDataRejected;
  return {
    exports: module.exports,
    keep: () => (isKept || cache === undefined ? undefined : write(cache, script.createCachedData())),
  };
}

function cacheFile(form, contentHash) {
  const { TTA_PERSONA_HOME, XDG_CACHE_HOME, HOME } = process.env;
  const parent = TTA_PERSONA_HOME || XDG_CACHE_HOME || (HOME && `${HOME}/.cache`);
  if (!parent?.startsWith("/")) return undefined;
  return `${parent}/${TTA_PERSONA_HOME ? "cache" : "tta-persona"}/${form}-${contentHash}-${process.version}-${process.arch}`;
}

/**
 * V8 checks the version, not the bytes, and crashes on wrong ones. So the file holds them twice: comparing the two
 * takes little time, where adding up a checksum of every byte would take what the cache gains. The second half is
 * compared in pieces, for memory that was never used costs more than reading does.
 */
function read(path) {
  try {
    // By the calls that the command itself makes later: each one costs most when it is first used.
    const fd = fs.openSync(path, "r");
    const { size, uid, mode } = fs.fstatSync(fd);
    const half = size / 2;
    const data = Buffer.allocUnsafeSlow(half);
    fs.readSync(fd, data, 0, half, 0);
    // It is code that will run: nobody else may have written it.
    let isGood = size > 0 && uid === process.getuid() && (mode & 0o022) === 0;
    const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    for (let at = 0; isGood && at < half; at += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, half - at);
      fs.readSync(fd, piece, 0, length, half + at);
      isGood = data.compare(piece, 0, length, at, at + length) === 0;
    }
    fs.closeSync(fd);
    return isGood ? data : undefined;
  } catch {
    return undefined;
  }
}

function write(path, data) {
  const temporary = `${path}.${process.pid}`;
  try {
    const directory = path.slice(0, path.lastIndexOf("/"));
    // A home that was removed must not come back for this.
    if (!process.env.TTA_PERSONA_HOME) ensure(directory.slice(0, directory.lastIndexOf("/")));
    ensure(directory);
    fs.writeFileSync(temporary, Buffer.concat([data, data]), { mode: 0o600, flag: "wx", flush: true });
    fs.renameSync(temporary, path);
    removeOlder(directory, path.slice(directory.length + 1));
  } catch {
    // A full disk or a read-only home: only the next start takes longer.
    discard(temporary);
  }
}

/** Those that older versions of the program left for the same form and Node.js. */
function removeOlder(directory, kept) {
  const [form, hash] = kept.split("-", 2);
  const end = kept.slice(form.length + 1 + hash.length);
  for (const name of fs.readdirSync(directory)) {
    if (name !== kept && name.startsWith(`${form}-`) && name.endsWith(end)) discard(`${directory}/${name}`);
  }
}

function ensure(directory) {
  if (!fs.existsSync(directory)) fs.mkdirSync(directory, { mode: 0o700 });
}

function discard(path) {
  try {
    fs.unlinkSync(path);
  } catch {
    // It is not there.
  }
}
