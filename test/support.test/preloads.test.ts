import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startFaultyServer } from "../support/faulty-server.ts";
import { killAt, logSteps, readSteps, withFaults } from "../support/preloads.ts";
import { waitFor } from "../support/wait-for.ts";

/** Writes `journal/facts`, renames a state file and talks to a server, in the style of an ES module bundle. */
const SCRIPT = `
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { request } from "node:http";
mkdirSync("journal");
const fd = openSync("journal/facts", "a");
try {
  if (writeSync(fd, "0123456789") < 10) writeSync(1, "short");
} catch (error) {
  writeSync(1, error.code);
}
fsyncSync(fd);
closeSync(fd);
writeFileSync("state.tmp", "state");
renameSync("state.tmp", "state");
rmSync("journal/nothing", { force: true });
const call = request(process.argv[2], { method: "PUT" }, (response) => {
  response.resume().on("end", () => writeSync(1, "done"));
});
call.end("x");
`;

const STEPS = [
  "mkdirSync:journal",
  "openSync:journal/facts",
  "writeSync:journal/facts",
  "fsyncSync:journal/facts",
  "openSync:state.tmp",
  "writeSync:state.tmp",
  "renameSync:state",
  "rmSync:journal/nothing",
  "request:PUT /",
  "response:200 PUT /",
  "writeSync:<stdout>",
];

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "preloads-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function prepare(preload: ReturnType<typeof killAt>) {
  const directory = makeDirectory();
  const server = await startFaultyServer();
  onTestFinished(() => server.close());
  const script = join(directory, "script.mjs");
  writeFileSync(script, SCRIPT);
  const child = spawn(process.execPath, [...preload.nodeArgs, script, server.url], {
    cwd: directory,
    env: preload.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const closed = once(child, "close").then(([code, signal]) => ({ code, signal, stdout }));
  const read = (file: string) => readFileSync(join(directory, file), "utf8");
  return { closed, read, server };
}

test("a process lists its steps, each of which can be killed before and after", async () => {
  const log = join(makeDirectory(), "log");
  expect(await (await prepare(logSteps(log))).closed).toMatchObject({ code: 0, stdout: "done" });
  expect(readSteps(log)).toEqual(STEPS);

  const last = STEPS.length;
  const killed = { signal: "SIGKILL" };
  expect(await (await prepare(killAt({ step: last, when: "before" }))).closed).toMatchObject({
    ...killed,
    stdout: "",
  });
  expect(await (await prepare(killAt({ step: last, when: "after" }))).closed).toMatchObject({
    ...killed,
    stdout: "done",
  });
  expect(await (await prepare(killAt({ step: last + 1, when: "before" }))).closed).toMatchObject({ code: 0 });

  const beforeRename = await prepare(killAt({ step: 1, when: "before", only: /^renameSync:/ }));
  expect(await beforeRename.closed).toMatchObject(killed);
  expect(beforeRename.read("state.tmp")).toBe("state");

  const afterRequest = await prepare(killAt({ step: 1, when: "before", only: /^response:/ }));
  expect(await afterRequest.closed).toMatchObject(killed);
  expect(afterRequest.server.requests()).toHaveLength(1);

  const torn = await prepare(killAt({ step: 3, when: "torn" }));
  expect(await torn.closed).toMatchObject(killed);
  expect(torn.read("journal/facts")).toBe("01234");
});

test("a write can be short, fail for want of space, or wait", async () => {
  const short = await prepare(withFaults("short:1:journal/"));
  expect(await short.closed).toMatchObject({ code: 0, stdout: "shortdone" });
  expect(short.read("journal/facts")).toBe("01234");

  const full = await prepare(withFaults("enospc:1"));
  expect(await full.closed).toMatchObject({ code: 0, stdout: "ENOSPCdone" });

  const gate = join(makeDirectory(), "gate");
  const paused = await prepare(withFaults(`pause:writeSync:journal/:${gate}`));
  await waitFor(() => readFileSync(`${gate}.waiting`) !== undefined, { what: "the writer to wait" });
  expect(paused.read("journal/facts")).toBe("");
  writeFileSync(gate, "");
  expect(await paused.closed).toMatchObject({ code: 0, stdout: "done" });
  expect(paused.read("journal/facts")).toBe("0123456789");
});
