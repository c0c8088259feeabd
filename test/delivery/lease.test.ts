import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { currentOwner, type Owner } from "../../src/core/owner.ts";
import {
  askHandover,
  clearHandover,
  holdsLease,
  type LeaseRecord,
  mayAskHandover,
  passHandover,
  passLease,
  readHandover,
  readLease,
  releaseLease,
  takeLease,
} from "../../src/delivery/lease.ts";
import { bundleScript, startScript } from "../support/node-script.ts";
import { withFaults } from "../support/preloads.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { waitFor } from "../support/wait-for.ts";

const me = currentOwner();
/** Of the same host, boot and pid, but started at another time. */
const dead: Owner = { ...me, start: "1" };
const record = (owner: Owner = me, version = "1.0.0", deliveryHash = "a"): LeaseRecord => ({
  owner,
  version,
  deliveryHash,
});
const leaseDirectory = () => `${temporaryDirectory()}/lease`;

/** Writes what a holder that died has left behind. */
function leaveBehind(dir: string, owner: Owner, generation = 1) {
  fs.mkdirSync(dir, { recursive: true });
  fs.symlinkSync(JSON.stringify(record(owner)), `${dir}/${generation}`);
}

/**
 * Takes part in rounds: as soon as `<dir>/go` names a round, tries to take the lease `<dir>/<round>` and prints
 * the round and the generation, if it got one. Holds what it has until it is killed.
 */
const RACER = `
  import fs from "node:fs";
  import { currentOwner } from "./src/core/owner.ts";
  import { takeLease } from "./src/delivery/lease.ts";
  const [dir = "", rounds = "1"] = process.argv.slice(2);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const record = { owner: currentOwner(), version: "1.0.0", deliveryHash: "a" };
  fs.writeSync(1, "ready\\n");
  for (let round = 1; round <= Number(rounds); round++) {
    while (!fs.existsSync(dir + "/go-" + round)) Atomics.wait(cell, 0, 0, 1);
    const generation = takeLease(dir + "/" + round, record);
    fs.writeSync(1, round + " " + (generation ?? "none") + "\\n");
  }
  setInterval(() => {}, 1000);
`;

describe("a lease", () => {
  test("is free until it is taken, and free again when it is released", () => {
    const dir = leaseDirectory();
    expect(readLease(dir)).toEqual({ kind: "free" });
    const first = takeLease(dir, record());
    expect(first).toBe(1);
    expect(readLease(dir)).toEqual({ kind: "held", generation: 1, record: record() });
    expect(takeLease(dir, record())).toBeUndefined();
    releaseLease(dir, 1);
    expect(readLease(dir)).toEqual({ kind: "free" });
    expect(takeLease(dir, record())).toBe(2);
  });

  test("leaves one link behind, however often it changes hands", () => {
    const dir = leaseDirectory();
    for (let i = 1; i <= 20; i++) releaseLease(dir, takeLease(dir, record()) ?? 0);
    expect(fs.readdirSync(dir)).toEqual(["20"]);
  });

  test("is held by its owner in its generation only", () => {
    const dir = leaseDirectory();
    takeLease(dir, record());
    expect(holdsLease(dir, 1, me)).toBe(true);
    expect(holdsLease(dir, 1, dead)).toBe(false);
    releaseLease(dir, 1);
    expect(holdsLease(dir, 1, me)).toBe(false);
    takeLease(dir, record());
    expect(holdsLease(dir, 1, me)).toBe(false);
    expect(holdsLease(dir, 2, me)).toBe(true);
  });

  test("of an older generation cannot be released any more", () => {
    const dir = leaseDirectory();
    leaveBehind(dir, dead);
    takeLease(dir, record());
    releaseLease(dir, 1);
    expect(readLease(dir)).toMatchObject({ kind: "held", generation: 2 });
  });

  test("passes to a process that the holder names", () => {
    const dir = leaseDirectory();
    takeLease(dir, record());
    const child = { ...me, pid: process.ppid, start: currentOwner(process.ppid).start };
    passLease(dir, 1, record(child));
    expect(holdsLease(dir, 1, me)).toBe(false);
    expect(holdsLease(dir, 1, child)).toBe(true);
    expect(takeLease(dir, record())).toBeUndefined();
  });

  test("of a dead holder is free, and the next takes the next generation", () => {
    const dir = leaseDirectory();
    leaveBehind(dir, dead, 7);
    expect(readLease(dir)).toEqual({ kind: "free" });
    expect(takeLease(dir, record())).toBe(8);
    expect(fs.readdirSync(dir)).toEqual(["8"]);
  });

  test.each([
    ["another host", { ...dead, host: "elsewhere" }],
    ["a sandbox with pids of its own", { ...dead, boot: `${me.boot.split("/")[0]}/1` }],
  ])("of a holder on %s is never taken", (_, owner) => {
    const dir = leaseDirectory();
    leaveBehind(dir, owner);
    expect(readLease(dir).kind).toBe("held");
    expect(takeLease(dir, record())).toBeUndefined();
  });

  test("that nobody can read is free", () => {
    const dir = leaseDirectory();
    fs.mkdirSync(dir);
    fs.symlinkSync("no record", `${dir}/3`);
    expect(readLease(dir)).toEqual({ kind: "free" });
    expect(takeLease(dir, record())).toBe(4);
  });

  test("is not mistaken for a link that a slow process made too late", () => {
    const dir = leaseDirectory();
    leaveBehind(dir, me, 5);
    leaveBehind(dir, dead, 4);
    expect(readLease(dir)).toMatchObject({ kind: "held", generation: 5 });
  });
});

describe("30 processes that race", () => {
  const ROUNDS = 8;

  test("have one winner each time, also over a dead holder", async () => {
    const dir = temporaryDirectory();
    const script = bundleScript(dir, "racer", RACER);
    for (let round = 2; round <= ROUNDS; round += 2) leaveBehind(`${dir}/${round}`, dead);
    const racers = Array.from({ length: 30 }, () => startScript(script, [dir, String(ROUNDS)]));
    try {
      await waitFor(() => racers.every((racer) => racer.lines().includes("ready")), {
        what: "the racers to be ready",
      });
      for (let round = 1; round <= ROUNDS; round++) {
        fs.writeFileSync(`${dir}/go-${round}`, "");
        const results = () =>
          racers.flatMap((racer) => racer.lines().filter((line) => line.startsWith(`${round} `)));
        await waitFor(() => results().length === racers.length, { what: `round ${round}`, intervalMs: 2 });
        const won = results().filter((line) => !line.endsWith("none"));
        expect(won).toEqual([`${round} ${round % 2 === 0 ? 2 : 1}`]);
        const holder = racers.find((racer) => racer.lines().includes(won[0] ?? ""));
        expect(readLease(`${dir}/${round}`)).toMatchObject({ record: { owner: { pid: holder?.pid } } });
      }
    } finally {
      for (const { child } of racers) child.kill("SIGKILL");
      await Promise.all(racers.map(({ closed }) => closed));
    }
  });

  test("one that was slow to take a generation that has come and gone has taken nothing", async () => {
    const dir = temporaryDirectory();
    const lease = `${dir}/1`;
    leaveBehind(lease, dead);
    const gate = `${dir}/gate`;
    const slow = startScript(
      bundleScript(dir, "racer", RACER),
      [dir, "1"],
      withFaults(`pause:symlinkSync:${lease}/2:${gate}`),
    );
    try {
      fs.writeFileSync(`${dir}/go-1`, "");
      await waitFor(() => fs.existsSync(`${gate}.waiting`), { what: "it to be about to take the lease" });
      releaseLease(lease, takeLease(lease, record()) ?? 0);
      expect(takeLease(lease, record())).toBe(3);
      fs.writeFileSync(gate, "");
      await waitFor(() => slow.lines().includes("1 none"), { what: "it to see that it came too late" });
      expect(readLease(lease)).toEqual({ kind: "held", generation: 3, record: record() });
      expect(fs.readdirSync(lease)).toEqual(["3"]);
    } finally {
      slow.child.kill("SIGKILL");
      await slow.closed;
    }
  });

  test("a holder that is stopped keeps it; one that was killed does not", async () => {
    const dir = temporaryDirectory();
    const holder = startScript(bundleScript(dir, "racer", RACER), [dir, "1"]);
    try {
      fs.writeFileSync(`${dir}/go-1`, "");
      await waitFor(() => holder.lines().includes("1 1"), { what: "the lease to be taken" });
      holder.child.kill("SIGSTOP");
      await waitFor(() => / T /.test(fs.readFileSync(`/proc/${holder.pid}/stat`, "utf8")), {
        what: "it to stop",
      });
      expect(readLease(`${dir}/1`).kind).toBe("held");
      expect(takeLease(`${dir}/1`, record())).toBeUndefined();
    } finally {
      holder.child.kill("SIGKILL");
      await holder.closed;
    }
    expect(readLease(`${dir}/1`).kind).toBe("free");
    expect(takeLease(`${dir}/1`, record())).toBe(2);
  });
});

describe("a handover", () => {
  test.each([
    ["a newer version", "1.1.0", "a", true],
    ["a newer version with other settings", "2.0.0", "b", true],
    ["the same version with other settings", "1.0.0", "b", true],
    ["the same in everything", "1.0.0", "a", false],
    ["an older version", "0.9.9", "a", false],
    ["an older version with other settings", "0.9.9", "b", false],
  ])("may be asked for by %s: %s %s → %s", (_, version, hash, may) => {
    expect(mayAskHandover(record(me, version, hash), record())).toBe(may);
  });

  test("is asked for while the asker lives, and withdrawn by nobody else", () => {
    const dir = leaseDirectory();
    const other = currentOwner(process.ppid);
    expect(readHandover(dir)).toBeUndefined();
    expect(askHandover(dir, record(me, "2.0.0"))).toBe(true);
    expect(askHandover(dir, record(me, "2.0.0"))).toBe(true);
    expect(readHandover(dir)).toEqual(record(me, "2.0.0"));
    expect(readLease(dir)).toEqual({ kind: "free" });
    expect(askHandover(dir, record(other, "3.0.0"))).toBe(false);
    expect(readHandover(dir)).toEqual(record(me, "2.0.0"));
    passHandover(dir, record(other, "2.0.0"));
    clearHandover(dir);
    expect(readHandover(dir)).toEqual(record(other, "2.0.0"));
    passHandover(dir, record(me, "2.0.0"));
    clearHandover(dir);
    expect(readHandover(dir)).toBeUndefined();
  });

  test("that a dead process asked for is no request, and the next one takes its place", () => {
    const dir = leaseDirectory();
    expect(askHandover(dir, record(dead))).toBe(true);
    expect(readHandover(dir)).toBeUndefined();
    expect(askHandover(dir, record())).toBe(true);
    expect(readHandover(dir)).toEqual(record());
  });
});
