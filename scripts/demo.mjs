// The main job with nothing configured: a few switches in a home of their own, then what they left behind.
// Every line after a `$` is run as it stands there, by sh, with the built program as `tta-persona`.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createDemoPackage } from "./demo-package.mjs";

const PAUSE_MS = 300;

/** The run, and for each of its three stages itself, its switch and its process. */
const RELEASE_SPANS = 10;

const launcher = fileURLToPath(new URL("../bin/tta-persona.cjs", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "tta-persona-demo-"));

const print = (text = "") => process.stdout.write(`${text}\n`);
const wantsColor = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
const sgr = (code) => (text) => (wantsColor ? `\u001b[${code}m${text}\u001b[0m` : text);
const bold = sgr(1);
const dim = sgr(2);

/** Nothing of the surroundings gets in: no settings, no backend, no CI. */
function sealedEnvironment() {
  const bin = join(root, "bin");
  const home = join(root, "home");
  for (const path of [bin, home]) mkdirSync(path);
  symlinkSync(launcher, join(bin, "tta-persona"));
  return {
    PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: home,
    TMPDIR: root,
    LANG: process.env.LANG ?? "C.UTF-8",
    ...(wantsColor ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }),
  };
}

/** Runs one line in the shell; its output goes straight through. */
async function run(line, env, cwd = root) {
  print(`${dim("$")} ${bold(line)}`);
  const child = spawn("sh", ["-c", line], { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve(exitCode ?? signal));
  });
  print();
  if (code !== 0) throw new Error(`the command above ended with ${code}`);
}

/** An OTLP backend of its own, which keeps what it gets: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
async function startReceiver() {
  const requests = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const isTraces = request.method === "POST" && request.url === "/v1/traces";
      if (isTraces) requests.push(JSON.parse(Buffer.concat(chunks).toString("utf8")));
      response.writeHead(isTraces ? 200 : 404, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    resourceSpans: () => requests.flatMap((request) => request.resourceSpans ?? []),
    close: () => server.close(),
  };
}

function attributeValue(value) {
  return value.stringValue ?? value.intValue ?? value.doubleValue ?? value.boolValue ?? JSON.stringify(value);
}

function attribute(owner, key) {
  const found = owner.attributes?.find((one) => one.key === key);
  return found === undefined ? undefined : attributeValue(found.value);
}

/** Prints spans below their parents. @returns how many there were. */
function printTraces(resourceSpans) {
  const spans = resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, resource }))),
  );
  const byStart = (a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano));
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const roots = spans.filter(({ parentSpanId }) => !ids.has(parentSpanId)).sort(byStart);
  const printSpan = (span, indent) => {
    const ms = Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6;
    const attributes = (span.attributes ?? [])
      .filter(({ key }) => !key.startsWith("cicd."))
      .map(({ key, value }) => `${key}=${attributeValue(value)}`);
    print(`${indent}└─ ${bold(span.name)}  ${ms.toFixed(1)} ms  ${dim(attributes.join(" "))}`);
    const children = spans.filter(({ parentSpanId }) => parentSpanId === span.spanId).sort(byStart);
    for (const child of children) printSpan(child, `${indent}   `);
  };
  for (const span of roots) {
    const service = attribute(span.resource, "service.name");
    print(`trace ${span.traceId}  ${dim(`${service} ${attribute(span.resource, "service.version")}`)}`);
    printSpan(span, "");
  }
  return spans.length;
}

async function demo() {
  const env = sealedEnvironment();
  const switches = [
    "tta-persona backend",
    "tta-persona switch testing --chatmode tdd",
    "tta-persona switch -",
  ];
  print("Three switches, with nothing configured:\n");
  for (const line of switches) {
    await run(line, env);
    await sleep(PAUSE_MS);
  }
  print("Who is active, and who was:\n");
  await run("tta-persona current", env);
  await run("tta-persona history", env);

  print("A release of a small npm package in a git repository, each stage under its persona:\n");
  const project = join(root, "demo-greeting");
  createDemoPackage(project, env);
  await run("tta-persona run package-release --version 0.3.0", env, project);
  await run("git log --oneline --decorate && cat CHANGELOG.md", env, project);
  await run("tta-persona runs show", env, project);

  print("What Prometheus would see:\n");
  await run(
    "tta-persona metrics | grep -E '(switches|runs|gate)_total.* [1-9]|stage_duration_seconds_(sum|count)'",
    env,
  );

  print("Nothing was sent anywhere so far. A backend that comes later still gets all of it:\n");
  const receiver = await startReceiver();
  try {
    await run(
      `OTEL_EXPORTER_OTLP_ENDPOINT=${receiver.url} OTEL_EXPORTER_OTLP_PROTOCOL=http/json tta-persona flush`,
      env,
    );
  } finally {
    receiver.close();
  }
  print("The traces that arrived there:\n");
  const received = printTraces(receiver.resourceSpans());
  const expected = switches.length + RELEASE_SPANS;
  if (received !== expected) throw new Error(`${expected} spans expected, ${received} received`);

  print("\nNext:");
  print("  npm install -g .                 make tta-persona a command of this machine");
  print("  tta-persona list                 the personas there are");
  print("  tta-persona config set pushgateway.url http://localhost:9091");
  print("  tta-persona doctor               what is configured, and whether it can be reached");
}

try {
  await demo();
} catch (error) {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
