import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";
import { startOtlpServer } from "../support/otlp-server.ts";
import { withFaults } from "../support/preloads.ts";
import { repositoryRoot, type Sandbox } from "../support/run-binary.ts";
import { factsOf, metricOf, readProject, sandboxOf } from "./run-sandbox.ts";
import { defineWorkflow, scripted } from "./workflow-project.ts";

const OFF = { TTA_PERSONA_DELIVERY: "off" };
const READ_ONLY = fileURLToPath(new URL("../cli/read-only-fs.cjs", import.meta.url));
const under = (...words: readonly string[]) => ["exec", "--persona", "backend-engineer", "--", ...words];

/** Runs a shell line in which `$EXEC` stands for the program up to the command; output is kept as bytes. */
async function shell(sandbox: Sandbox, line: string) {
  const launcher = join(repositoryRoot, "bin", "tta-persona.cjs");
  const words = [process.execPath, launcher, ...under()].map((word) => `'${word}'`).join(" ");
  const child = spawn("bash", ["-c", line.replaceAll("$EXEC", words)], {
    cwd: sandbox.project,
    env: { ...sandbox.env, ...OFF },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
  for (const name of ["stdout", "stderr"] as const)
    child[name].on("data", (chunk) => chunks[name].push(chunk));
  const [code] = await once(child, "close");
  return { code, stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) };
}

describe("exec is not there for", { concurrent: true }, () => {
  test("standard input", async (context) => {
    const sandbox = sandboxOf(context);
    const result = await sandbox.run(under("cat"), { env: OFF, stdin: "a\nb" });
    context.expect(result).toMatchObject({ code: 0, stdout: "a\nb", stderr: "" });
  });

  test("standard output and error, byte for byte", async (context) => {
    const sandbox = sandboxOf(context);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    writeFileSync(join(sandbox.project, "bytes"), bytes);
    const { code, stdout, stderr } = await shell(
      sandbox,
      "$EXEC sh -c 'cat bytes; cat bytes bytes >&2; exit 9'",
    );
    context.expect(code).toBe(9);
    context.expect(stdout).toEqual(bytes);
    context.expect(stderr).toEqual(Buffer.concat([bytes, bytes]));
  });

  test("10 MB through pipes", async (context) => {
    const sandbox = sandboxOf(context);
    const bytes = Buffer.alloc(10_000_000, "tta-persona ");
    writeFileSync(join(sandbox.project, "big"), bytes);
    const { code, stdout, stderr } = await shell(sandbox, "cat big | $EXEC cat | cat");
    context.expect({ code, stderr: stderr.toString() }).toEqual({ code: 0, stderr: "" });
    context.expect(sha256(stdout)).toBe(sha256(bytes));
  });

  test("a reader that has enough", async (context) => {
    const sandbox = sandboxOf(context);
    const line = "set -o pipefail; $EXEC yes | head -1; echo $PIPESTATUS >&2";
    const { stdout, stderr } = await shell(sandbox, line);
    context.expect(stdout.toString()).toBe("y\n");
    context.expect(stderr.toString()).toBe("141\n");
  });

  test("arguments, whatever is in them", async (context) => {
    const sandbox = sandboxOf(context);
    const words = [
      "a b",
      "'\"`",
      "x\ny",
      "$(touch hacked)",
      "",
      "--json",
      "--",
      "-h",
      "--persona",
      "*",
      "\\",
      "é😀",
    ];
    const script = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
    const result = await sandbox.run(under("node", "-e", script, "--", ...words), { env: OFF });
    context.expect(result).toMatchObject({ code: 0, stderr: "" });
    context.expect(JSON.parse(result.stdout)).toEqual(words);
    context.expect(readProject(sandbox, "hacked")).toBe("");
  });

  test("the terminal: the command has one, and its size", async (context) => {
    const sandbox = sandboxOf(context);
    const script = "for n in 0 1 2; do [ -t $n ] || exit $((n + 1)); done; : < /dev/tty; echo terminal";
    const result = await sandbox.runTty(under("sh", "-c", script), { env: OFF });
    context.expect(result).toMatchObject({ code: 0, stdout: "terminal\r\n" });
  });

  test("the environment but the persona, and the working directory", async (context) => {
    const sandbox = sandboxOf(context);
    const env = { ...OFF, API_TOKEN: "t\n$(id)", TTA_PERSONA: "data-scientist" };
    const script = 'printf "%s|%s|%s" "$API_TOKEN" "$TTA_PERSONA" "$(pwd)"';
    const result = await sandbox.run(under("sh", "-c", script), { env });
    context.expect(result.stdout).toBe(`t\n$(id)|backend-engineer|${sandbox.project}`);
  });

  test("the stage that it is in: what that was given, and what it hands on", async (context) => {
    const sandbox = sandboxOf(context);
    const exec = `"${process.execPath}" "${join(repositoryRoot, "bin", "tta-persona.cjs")}" exec --persona testing`;
    const inner = 'echo "$TTA_PARAM_TARGET $TTA_OUTPUT_BUILD_TAG" > seen; echo k=v >> "$TTA_OUTPUT"';
    defineWorkflow(sandbox, {
      name: "outer",
      parameters: { target: { type: "string" } },
      stages: [
        scripted("build", 'echo tag=t1 >> "$TTA_OUTPUT"', { outputs: ["tag"] }),
        scripted("test", `${exec} -- bash -c '${inner}'`, { outputs: ["k"] }),
      ],
    });
    const result = await sandbox.run(["run", "outer", "--target", "here"], { env: OFF });
    context.expect(result, result.stdout).toMatchObject({ code: 0 });
    context.expect(readProject(sandbox, "seen")).toBe("here t1\n");
  });
});

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("a clear line for", { concurrent: true }, () => {
  const rows: readonly [string, readonly string[], number, RegExp][] = [
    [
      "a command that is not there",
      under("no-such-command"),
      127,
      /^tta-persona: "no-such-command": there is no such command\n$/,
    ],
    [
      "one that may not be run",
      under("./plain"),
      126,
      /^tta-persona: "\.\/plain": it cannot be run \(EACCES\)\n$/,
    ],
    ["a directory", under("./dir"), 126, /^tta-persona: "\.\/dir": it cannot be run \(EACCES\)\n$/],
    ["no persona", ["exec", "--", "touch", "ran"], 3, /^tta-persona: No persona is active\.\n {2}\S.*\n$/],
    [
      "an unknown persona",
      ["exec", "--persona", "backend-enginer", "--", "touch", "ran"],
      2,
      /"backend-enginer".*\n.*backend-engineer/,
    ],
    [
      "a bad chatmode",
      ["exec", "--persona", "testing", "--chatmode", "Bad Mode", "--", "touch", "ran"],
      2,
      /"Bad Mode" cannot be a chatmode/,
    ],
    [
      "no command",
      ["exec", "--persona", "testing", "--"],
      2,
      /^tta-persona: .*command.*\n {2}See: .*exec --help\n$/,
    ],
    [
      "neither dashes nor a command",
      ["exec", "--persona", "testing"],
      2,
      /^tta-persona: .*command.*\n {2}See: .*exec --help\n$/,
    ],
    [
      "no dashes",
      ["exec", "--persona", "testing", "touch", "ran"],
      2,
      /^tta-persona: The command has to stand behind --\.\n {2}\S.*\n$/,
    ],
    ["words before the dashes", ["exec", "touch", "--", "ran"], 2, /has to stand behind --/],
    ["--json", ["exec", "--json", "--persona", "testing", "--", "touch", "ran"], 2, /exec has no --json/],
  ];
  test.for(rows)("%s", async ([, args, code, text], context) => {
    const sandbox = sandboxOf(context);
    writeFileSync(join(sandbox.project, "plain"), "true\n");
    mkdirSync(join(sandbox.project, "dir"));
    const result = await sandbox.run(args, { env: OFF });
    const { stdout, stderr } = result;
    context.expect(result.code).toBe(code);
    const told = args.includes("--json") && args.indexOf("--json") < args.indexOf("--") ? stdout : stderr;
    context.expect(told).toMatch(text);
    if (told === stderr) context.expect(stdout).toBe("");
    context.expect(await sandbox.run(["current"], { env: OFF })).toMatchObject({ code: 3 });
  });

  test("a script without an interpreter line is run by the shell, as shells do", async (context) => {
    const sandbox = sandboxOf(context);
    writeFileSync(join(sandbox.project, "script"), "echo ran; exit 4\n");
    chmodSync(join(sandbox.project, "script"), 0o755);
    const result = await sandbox.run(under("./script"), { env: OFF });
    context.expect(result).toMatchObject({ code: 4, stdout: "ran\n", stderr: "" });
  });
});

describe("a home that cannot be written", { concurrent: true }, () => {
  const rows = [
    ["read-only", { nodeArgs: ["--require", READ_ONLY], env: {} }, "EROFS"],
    ["full", withFaults("enospc:1+"), "ENOSPC"],
  ] as const;
  const modes = [
    ["off", OFF],
    ["background", { TTA_PERSONA_DELIVERY: "background" }],
    ["foreground", { CI: "true", TTA_PERSONA_DELIVERY_TIMEOUT: "500ms" }],
  ] as const;
  const cells = rows.flatMap(([name, preload, code]) =>
    modes.map(([mode, env]) => [name, mode, preload, env, code] as const),
  );
  test.for(cells)(
    "%s, delivery %s: the command runs, and one line says so",
    async ([, , preload, modeEnv, code], context) => {
      const otlp = await startOtlpServer({ protocol: "http" });
      context.onTestFinished(() => otlp.close());
      const sandbox = sandboxOf(context);
      const env = { ...preload.env, ...modeEnv, OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
      const nodeArgs = [...preload.nodeArgs];
      const result = await sandbox.run(under("sh", "-c", "echo out; touch ran; exit 42"), { nodeArgs, env });
      context.expect(result).toMatchObject({ code: 42, stdout: "out\n" });
      context.expect(result.stderr).toMatch(/^tta-persona: [^\n]+\n$/);
      context.expect(result.stderr).toContain(`not recorded (${code})`);
    },
  );
});

test.concurrent("a command is a session of its own; the active persona stays", async (context) => {
  const sandbox = sandboxOf(context);
  context.expect(await sandbox.run(["switch", "data-scientist"], { env: OFF })).toMatchObject({ code: 0 });
  const args = ["exec", "--persona", "backend", "--chatmode", "pair", "--", "sh", "-c", "exit 5"];
  context.expect(await sandbox.run(args, { env: OFF })).toMatchObject({ code: 5, stderr: "" });
  const current = await sandbox.run(["current"], { env: OFF });
  context.expect(current.stdout).toContain("data-scientist");
  const labels = 'persona="backend-engineer",chatmode="pair"';
  const switches = 'from_persona="none",to_persona="backend-engineer",chatmode="pair"';
  context.expect(await metricOf(sandbox, `hypertool_persona_switches_total{${switches}}`)).toBe(1);
  context.expect(await metricOf(sandbox, `hypertool_persona_duration_seconds_count{${labels}}`)).toBe(1);
  const ofScience = 'persona="data-scientist",chatmode="default"';
  context.expect(await metricOf(sandbox, `hypertool_persona_duration_seconds_count{${ofScience}}`)).toBe(0);

  const active = await sandbox.run(["exec", "--", "sh", "-c", 'echo "$TTA_PERSONA"'], { env: OFF });
  context.expect(active).toMatchObject({ code: 0, stdout: "data-scientist\n" });
  const scopes = factsOf(sandbox)
    .filter(({ type }) => type === "persona.switched")
    .map(({ scope }) => scope);
  context
    .expect(scopes)
    .toMatchObject(
      ["global", /^run:\w+\/exec$/, /^run:\w+\/exec$/].map((one) =>
        typeof one === "string" ? one : context.expect.stringMatching(one),
      ),
    );
});

test.concurrent("a command's duration is that of its session", async (context) => {
  const sandbox = sandboxOf(context);
  const begun = performance.now();
  await sandbox.run(under("sleep", "0.5"), { env: OFF });
  const tookSeconds = (performance.now() - begun) / 1000;
  const sum = 'hypertool_persona_duration_seconds_sum{persona="backend-engineer",chatmode="default"}';
  const seconds = await metricOf(sandbox, sum);
  context.expect(seconds).toBeGreaterThanOrEqual(0.4);
  context.expect(seconds).toBeLessThanOrEqual(tookSeconds);
});
