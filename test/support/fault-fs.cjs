/**
 * Preload that makes the file system fail or wait in its own process: `node --require fault-fs.cjs …`. `FAULT` is
 * one or more of these, separated by `;`. Writes to standard output and error are never counted.
 *
 * - `short:<k>[:<part of path>]`: the k-th writeSync writes and returns only half.
 * - `enospc:<k>[:<part of path>]`: the k-th writeSync throws ENOSPC; with `<k>+` so does each one after it.
 * - `pause:<function>:<part of path>:<file>`: before such a call, creates `<file>.waiting` and blocks the whole
 *   process until `<file>` exists.
 */
const { interceptMutations, original, writeHalf } = require("./fs-steps.cjs");

const POLL_MS = 5;
const sleepCell = new Int32Array(new SharedArrayBuffer(4));

const faults = (process.env.FAULT ?? "").split(";").filter(Boolean).map(parseFault);

function parseFault(text) {
  const [kind, ...parts] = text.split(":");
  if (kind === "pause") {
    const [name, part, ...file] = parts;
    return (step) => {
      if (step.name === name && step.path.includes(part)) waitForFile(file.join(":"));
    };
  }
  const [k, ...part] = parts;
  const isLasting = k.endsWith("+");
  const first = Number.parseInt(k, 10);
  let count = 0;
  return (step) => {
    if (step.name !== "writeSync" || step.fd <= 2 || !step.path.includes(part.join(":"))) return undefined;
    count += 1;
    return count === first || (isLasting && count > first) ? kind : undefined;
  };
}

function waitForFile(file) {
  if (original.existsSync(file)) return;
  original.closeSync(original.openSync(`${file}.waiting`, "w"));
  while (!original.existsSync(file)) Atomics.wait(sleepCell, 0, 0, POLL_MS);
}

function noSpaceLeft() {
  const error = new Error("ENOSPC: no space left on device, write");
  return Object.assign(error, { errno: -28, code: "ENOSPC", syscall: "write" });
}

interceptMutations((step, proceed, args) => {
  const shown = faults.map((fault) => fault(step));
  if (shown.includes("enospc")) throw noSpaceLeft();
  return shown.includes("short") ? writeHalf(args) : proceed();
});
