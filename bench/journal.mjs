import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";

const SEGMENT_BYTES = 8 * 1024 * 1024;
const personas = ["backend-engineer", "frontend-engineer", "testing-specialist"];

/** Writes a journal as many commands would have left it: sealed segments, the last one open. */
export function writeJournal(dir, facts) {
  mkdirSync(dir, { mode: 0o700 });
  const start = Date.now() - facts * 1000;
  let segment = 1;
  let fd = openSegment(dir, segment);
  let bytes = 0;
  let batch = "";
  for (let i = 0; i < facts; i++) {
    batch += `\n${JSON.stringify(fact(i, start + i * 1000))}\n`;
    if (batch.length < 1_000_000 && i < facts - 1) continue;
    bytes += writeSync(fd, batch);
    batch = "";
    if (bytes < SEGMENT_BYTES) continue;
    const next = openSegment(dir, segment + 1);
    writeSync(fd, '\n{"seal":1}\n');
    // On disk before anything is measured: what is still on its way there would slow down whoever calls fsync.
    fsyncSync(fd);
    closeSync(fd);
    fd = next;
    segment += 1;
    bytes = 0;
  }
  fsyncSync(fd);
  closeSync(fd);
}

function openSegment(dir, segment) {
  return openSync(`${dir}/${String(segment).padStart(8, "0")}.jsonl`, "wx", 0o600);
}

function fact(i, ts) {
  const hex = (digits) => (i + 1).toString(16).padStart(digits, "0");
  return {
    v: 1,
    id: hex(32),
    ts,
    type: "persona.switched",
    scope: "global",
    trace: { traceId: hex(32), spanId: hex(16), sampled: true },
    resource: { "service.name": "tta-persona", "service.version": "0.1.0", "host.name": "bench" },
    owner: { host: "bench", boot: "00000000-0000-0000-0000-000000000000/1", pid: 1, start: "1" },
    data: {
      persona: personas[i % personas.length],
      chatmode: "default",
      startedAt: ts - 50,
      idleTimeoutMs: 28_800_000,
    },
  };
}
