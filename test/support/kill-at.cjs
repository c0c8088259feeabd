/**
 * Preload that kills its own process at a chosen step: `node --require kill-at.cjs …`. Steps are calls that change
 * the file system (see fs-steps.cjs), an HTTP request completed (`request`) and its response arriving (`response`).
 *
 * - `KILL_AT=<k>`: SIGKILL at the k-th step, counting from 1.
 * - `KILL_WHEN=before|after|torn`: torn writes the first half of the buffer, then kills; at other steps than
 *   writeSync it is `before`.
 * - `KILL_ONLY=<regular expression>`: only steps whose `<name>:<path>` matches are counted.
 * - `KILL_LOG=<file>`: appends `<pid> <k> <name>:<last two parts of the path>` before each counted step.
 */
const { appendText, interceptMutations, writeHalf } = require("./fs-steps.cjs");
const http = require("node:http");

const killAt = Number(process.env.KILL_AT ?? 0);
const when = process.env.KILL_WHEN ?? "before";
const only = new RegExp(process.env.KILL_ONLY ?? "");
const log = process.env.KILL_LOG;
let count = 0;

function intercept(step, proceed, args) {
  if (!only.test(`${step.name}:${step.path}`)) return proceed();
  count += 1;
  if (log !== undefined) {
    const shortPath = step.path.split("/").slice(-2).join("/");
    appendText(log, `${process.pid} ${count} ${step.name}:${shortPath}\n`);
  }
  if (count !== killAt) return proceed();
  if (when === "after") proceed();
  if (when === "torn" && step.name === "writeSync") writeHalf(args);
  process.kill(process.pid, "SIGKILL");
}

interceptMutations(intercept);

const { end, emit } = http.ClientRequest.prototype;
http.ClientRequest.prototype.end = function (...args) {
  return intercept(
    { name: "request", path: `${this.method} ${this.path}` },
    () => end.apply(this, args),
    args,
  );
};
http.ClientRequest.prototype.emit = function (event, ...args) {
  const proceed = () => emit.call(this, event, ...args);
  if (event !== "response") return proceed();
  return intercept(
    { name: "response", path: `${args[0].statusCode} ${this.method} ${this.path}` },
    proceed,
    args,
  );
};
