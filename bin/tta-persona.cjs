#!/usr/bin/env node
"use strict";
// Runs the hot commands from one small bundle, and everything else from the full program.
//
// Compiling the bundle would take half of all the time that a hot command may take, so V8's compiled form of it is
// kept in a cache of the user's. It is bound to the bundle's content and the version of Node; whatever
// is wrong with it, V8 rejects it and compiles anew.
const fs = require("node:fs");
const { Script } = require("node:vm");

const programDir = `${__dirname}/../dist`;
const argv = process.argv.slice(2);
const { run, keep } = load(`${programDir}/hot.cjs`);
// `performance.timeOrigin` says the same and loads eleven modules for it.
const startedAt = Date.now() - process.uptime() * 1000;
const code = run(argv, startedAt, programDir);
if (code === undefined) {
  void import("../dist/cli.mjs");
} else {
  process.exitCode = code;
  keep();
}

function load(filename) {
  const source = fs.readFileSync(filename, "utf8");
  const cache = cacheFile(source.slice(-17, -1));
  const cachedData = cache === undefined ? undefined : read(cache);
  const script = new Script(source, { filename, cachedData });
  const hot = { exports: {} };
  script.runInThisContext()(hot);
  const isKept = cachedData !== undefined && !script.cachedDataRejected;
  return {
    run: hot.exports.runHot,
    keep: () => (isKept || cache === undefined ? undefined : write(cache, script.createCachedData())),
  };
}

/** What is compiled depends on what ran, so reading and switching have a cache each. */
function cacheFile(contentHash) {
  const { TTA_PERSONA_HOME, XDG_CACHE_HOME, HOME } = process.env;
  const parent = TTA_PERSONA_HOME || XDG_CACHE_HOME || (HOME && `${HOME}/.cache`);
  if (!parent?.startsWith("/")) return undefined;
  const form = argv[0] === "current" || argv[0] === "prompt" ? "read" : "switch";
  return `${parent}/${TTA_PERSONA_HOME ? "cache" : "tta-persona"}/${form}-${contentHash}-${process.version}-${process.arch}`;
}

function read(path) {
  try {
    return fs.existsSync(path) ? fs.readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}

function write(path, data) {
  const temporary = `${path}.${process.pid}`;
  try {
    fs.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    const fd = fs.openSync(temporary, "w", 0o600);
    const written = fs.writeSync(fd, data);
    fs.fsyncSync(fd);
    fs.closeSync(fd);
    if (written === data.length) fs.renameSync(temporary, path);
    else fs.unlinkSync(temporary);
  } catch {
    // A full disk or a read-only home: only the next start takes longer.
  }
}
