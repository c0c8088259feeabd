/**
 * Preload under which the file system denies things to its own process, whoever the user is. `DENY` is one of these:
 *
 * - `read:<part of path>`: such a path may not be opened, nor asked about with `access` (EACCES).
 * - `change:<file>`: as soon as that file exists nothing can be changed (EROFS).
 */
const fs = require("node:fs");
const { interceptMutations, original } = require("./fs-steps.cjs");

const [kind, ...rest] = (process.env.DENY ?? "").split(":");
const subject = rest.join(":");

function denied(code, text, syscall, path) {
  return Object.assign(new Error(`${code}: ${text}, ${syscall} '${path}'`), { code, syscall, path });
}

if (kind === "read") {
  for (const name of ["accessSync", "openSync"]) {
    const call = fs[name];
    fs[name] = (path, ...more) => {
      if (String(path).includes(subject)) {
        throw denied("EACCES", "permission denied", name.replace("Sync", ""), path);
      }
      return call(path, ...more);
    };
  }
}

if (kind === "change") {
  interceptMutations((step, proceed) => {
    const isStandardStream = step.name === "writeSync" && step.fd <= 2;
    if (isStandardStream || !original.existsSync(subject)) return proceed();
    throw denied("EROFS", "read-only file system", step.name.replace("Sync", ""), step.path);
  });
}
