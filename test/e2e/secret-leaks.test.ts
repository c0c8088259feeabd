import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "vitest";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { startFaultyServer } from "../support/faulty-server.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import type { RunOptions, RunResult, Sandbox } from "../support/run-binary.ts";
import { configuredSandbox } from "./delivery-home.ts";
import { bodies, leaks, secretsOf } from "./leaks.ts";
import { filesBelow, writeWorkflow } from "./project-workflows.ts";
import { githubToken, KNOWN_VALUES, printedSecrets } from "./secret-shapes.ts";

interface Scene {
  readonly sandbox: Sandbox;
  run(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Everything that is kept, sent or shown up to now, by place. */
  places(): ReadonlyMap<string, string>;
  logs(): string;
}

const SUMMARY = "step-summary.md";

async function begin(context: TestContext, agent = ""): Promise<Scene> {
  const gateway = await startFakePushgateway();
  context.onTestFinished(() => gateway.close());
  // What a backend refuses goes to the dead letters.
  const otlp = await startOtlpServer({
    protocol: "http",
    isPoison: ({ attributes }) => JSON.stringify(attributes).includes("refused"),
  });
  context.onTestFinished(() => otlp.close());
  const sandbox = configuredSandbox({
    delivery: { mode: "foreground" },
    pushgateway: {
      url: gateway.url,
      scrapeInterval: "1ms",
      username: "ann",
      password: KNOWN_VALUES.password,
    },
    otlp: {
      endpoint: otlp.url,
      protocol: "http/json",
      headers: `authorization=Bearer%20${KNOWN_VALUES.header}`,
    },
    ...(agent === "" ? {} : { agent: { command: agent } }),
  });
  context.onTestFinished(() => sandbox.dispose());
  const shown = new Map<string, string>();
  return {
    sandbox,
    async run(args, options = {}) {
      const env = {
        GITHUB_ACTIONS: "true",
        GITHUB_STEP_SUMMARY: join(sandbox.project, SUMMARY),
        ...options.env,
      };
      const result = await sandbox.run(args, { ...options, env });
      shown.set(`output of ${args.join(" ").slice(0, 40)} (${shown.size})`, result.stdout + result.stderr);
      return result;
    },
    places: () =>
      new Map([
        ...shown,
        ...filesBelow(sandbox.home).filter(([file]) => !/\/home\/(?:runs\/|config\.json)/.test(file)),
        ["summary", readFileSync(join(sandbox.project, SUMMARY), "utf8")],
        ["OTLP", bodies(otlp.requests())],
        [
          "Pushgateway",
          gateway
            .requests()
            .map(({ path }) => path)
            .join("\n") + bodies(gateway.requests()),
        ],
      ]),
    logs: () =>
      filesBelow(join(sandbox.home, "blobs"))
        .map(([, text]) => text)
        .join("\n"),
  };
}

function writeText({ sandbox }: Scene, name: string, text: string) {
  writeFileSync(join(sandbox.project, name), text);
}

const { concurrent } = test;
const SOME = githubToken("some");

concurrent("what a stage prints is masked wherever it goes", async (context) => {
  const scene = await begin(context);
  const { sandbox } = scene;
  writeText(scene, "printed", printedSecrets.map(({ printed }) => printed).join(""));
  const handOver = { id: "hand_over", run: `echo "token=${KNOWN_VALUES.output}" >> "$TTA_OUTPUT"` };
  const printing = { needs: ["hand_over"], env: { DEPLOY_PASSWORD: KNOWN_VALUES.stageEnvironment } };
  const stages = [
    handOver,
    // In one write, and in many that cut every secret in two.
    { id: "fails", ...printing, run: "cat printed; dd if=printed bs=7 status=none >&2; exit 3" },
    { id: "refused", ...printing, run: "dd if=printed bs=11 status=none; cat printed >&2; exit 4" },
    { id: "succeeds", ...printing, run: "cat printed; tac printed >/dev/null" },
  ];
  const parameters = { parameters: { "session-token": { type: "string" }, note: { type: "string" } } };
  writeWorkflow(scene.sandbox, "leaky", stages, parameters);
  const env = { SERVICE_API_KEY: KNOWN_VALUES.environment };
  const given = ["--session-token", KNOWN_VALUES.parameter, "--note", SOME];
  const failed = await scene.run(["run", "leaky", ...given], { env });
  context.expect(failed.code).toBe(1);
  for (const args of [
    ["runs", "show"],
    ["runs", "show", "--json"],
    ["runs", "logs"],
    ["runs", "list"],
    ["status"],
  ]) {
    context.expect((await scene.run(args)).code).toBe(0);
  }
  const secrets = { ...secretsOf(printedSecrets), note: SOME };
  context.expect(leaks(scene.places(), secrets)).toEqual([]);
  const deadLetters = filesBelow(join(sandbox.home, "state")).filter(([file]) => file.includes("dead"));
  context.expect(deadLetters.map(([, text]) => text).join()).toContain("refused");

  // What stands around them is still there, on both streams.
  const logs = scene.logs();
  const missing = printedSecrets.flatMap(({ name, kept }) =>
    kept.filter((text) => logs.split(text).length - 1 < 5).map((text) => `${name}: ${text}`),
  );
  context.expect(missing).toEqual([]);

  const [id = ""] = readdirSync(join(sandbox.home, "runs"));
  const kept = join(sandbox.home, "runs", id);
  const modes = [kept, ...readdirSync(kept, { recursive: true }).map((name) => join(kept, String(name)))].map(
    (path) => [statSync(path).isDirectory(), statSync(path).mode & 0o777] as const,
  );
  context.expect(modes.filter(([isDirectory, mode]) => mode !== (isDirectory ? 0o700 : 0o600))).toEqual([]);

  // It goes on, succeeds, and nothing is left of it but what is masked.
  const mended = stages.map((stage) => ({ ...stage, run: stage.run.replace(/; exit \d/, "") }));
  writeWorkflow(scene.sandbox, "leaky", mended, parameters);
  const resumed = await scene.run(["run", "leaky", "--resume", "--json"], { env });
  context.expect(resumed.code).toBe(0);
  context.expect(readdirSync(join(sandbox.home, "runs"))).toEqual([]);
  context.expect(leaks(scene.places(), secrets)).toEqual([]);
});

concurrent("gates, outputs and errors of a stage tell no secret", async (context) => {
  const scene = await begin(context);
  const refusing = await startFaultyServer({ handler: () => ({ status: 401, body: SOME }) });
  context.onTestFinished(() => refusing.close());
  const closed = await startFaultyServer({ behaviour: "refuse" });
  context.onTestFinished(() => closed.close());
  const secrets = {
    "JSON value": "value-of-json-gate",
    "regex group": "group-of-a-pattern",
    output: "output-behind-a-gate",
    "gate's script": "printed-by-a-gate",
    "query URL": "pa55-of-prometheus",
    "directory's name": githubToken("dir"),
    "gate's bound": githubToken("bound"),
    "long value": githubToken("long"),
    token: SOME,
    trace: "pa55-of-set-x",
    condition: "printed-by-a-condition",
    item: githubToken("item"),
  };
  writeText(
    scene,
    "report.json",
    JSON.stringify({ api: { token: secrets["JSON value"] }, note: "x".repeat(300_000) }),
  );
  writeText(scene, "settings.txt", `user=ann\npassword=${secrets["regex group"]}\n`);
  const value = (gate: string, check: object) => ({ name: gate, value: check });
  const query = (name: string, server: string) => {
    const url = server.replace("://", `://ann:${secrets["query URL"]}@`);
    return { name, promql: { query: "up", url, min: 1, deadline: "1500ms", interval: "50ms" } };
  };
  const gates = [
    value("json", { json: "report.json", path: "api.token", min: 1 }),
    value("pattern", { file: "settings.txt", pattern: "password=(\\S+)", equals: "x" }),
    value("whole", { file: "settings.txt", pattern: "password=\\S+", equals: "x" }),
    value("output", { output: "token", min: 1 }),
    value("bound", { output: "plain", equals: secrets["gate's bound"] }),
    value("long", { json: "report.json", path: "note", min: 1 }),
    { name: "script", run: `echo 'PASSWORD=${secrets["gate's script"]}' >&2; false` },
    query("query", refusing.url),
    query("closed", closed.url),
  ];
  writeWorkflow(scene.sandbox, "gates", [
    {
      id: "gated",
      run: `echo "token=${secrets.output}" >> "$TTA_OUTPUT"; echo plain=1 >> "$TTA_OUTPUT"`,
      gates,
    },
    { id: "nowhere", workingDirectory: secrets["directory's name"], run: "true" },
    { id: "traced", run: `set -x\n: login --password ${secrets.trace}\nexit 9` },
    {
      id: "retried",
      run: `echo "Authorization: token ${SOME}" >&2; exit 9`,
      retry: { attempts: 2, delay: "1ms" },
    },
    { id: "bad_output", run: `echo "no pair ${SOME}" >> "$TTA_OUTPUT"` },
    { id: "conditional", when: { run: `echo ${secrets.condition} >&2; false` }, run: "true" },
    { id: "by_hand", manual: { checklist: [`revoke ${secrets.item}`] } },
    { id: "refused", run: `echo "$(cat settings.txt)" >&2; exit 1` },
  ]);
  const result = await scene.run(["run", "gates"]);
  context.expect(result.code).toBe(1);
  await scene.run(["runs", "show"]);
  await scene.run(["runs", "show", "--json"]);
  await scene.run(["runs", "logs"]);
  await scene.run(["run", "gates", "--resume", "--json"]);
  context.expect(leaks(scene.places(), secrets)).toEqual([]);
  // It is still said what was wrong.
  context.expect(result.stdout).toMatch(/gate json: \*\*\* is no number/);
  context.expect(result.stdout).toMatch(/gate pattern: the value is \*\*\*, not x/);
  context.expect(result.stdout).toMatch(/gate whole: the value is password=\*\*\*, not x/);
  context.expect(result.stdout).toMatch(/gate bound: the value is 1, not \*\*\*/);
  context.expect(result.stdout).toMatch(/gate query: no value \(http 401\) within/);
  context.expect(result.stdout).toMatch(/gate closed: no value \(connection refused\) within/);
  context.expect(result.stdout).toMatch(/gate long: x{100}… is no number/);
  context.expect(result.stdout).toMatch(/nowhere.*working directory .*\*\*\* cannot be used \(ENOENT\)/);
});

concurrent("a failing agent and commands under a persona tell no secret", async (context) => {
  const scene = await begin(context, "./agent --api-key agents-own-key");
  const secrets = {
    "agent's key": "agents-own-key",
    prompt: githubToken("prompt"),
    printed: githubToken("agent"),
    argument: "argument-of-a-command",
    shape: githubToken("argument"),
    program: "written-before-a-command",
    environment: "of-the-callers-shell",
    flag: githubToken("flag"),
    repository: "password-of-a-repository",
    plan: githubToken("plan"),
    semver: githubToken("semver"),
    file: githubToken("file"),
  };
  const agent = join(scene.sandbox.project, "agent");
  writeFileSync(agent, `#!/bin/sh\necho "using $2" >&2; echo "key ${secrets.printed}"; exit 5\n`, {
    mode: 0o755,
  });
  writeWorkflow(scene.sandbox, "asks", [{ id: "ask", agent: { prompt: `Use ${secrets.prompt}.` } }], {
    parameters: { version: { type: "semver" } },
  });
  writeWorkflow(scene.sandbox, "lost", [{ id: "lost", run: { file: `scripts/${secrets.file}.sh` } }]);
  const env = { DEPLOY_TOKEN: secrets.environment };
  const asked = await scene.run(["run", "asks"], { env });
  context.expect(asked.code).toBe(1);
  context.expect(asked.stdout).toContain("exit code 5");
  const wrong = ["--version", secrets.semver];
  context.expect((await scene.run(["run", "asks", ...wrong])).code).toBe(2);
  context.expect((await scene.run(["run", "asks", `--vresion=${secrets.flag}`])).code).toBe(2);
  context.expect((await scene.run(["run", "asks", secrets.flag])).code).toBe(2);
  context.expect((await scene.run(["run", "lost"])).code).not.toBe(0);
  const under = ["exec", "--persona", "backend-engineer", "--"];
  const command = [...under, "sh", "-c", "exit 6", "sh", "--password", secrets.argument, secrets.shape];
  context.expect((await scene.run(command, { env })).code).toBe(6);
  context.expect((await scene.run([...under, `API_TOKEN=${secrets.program}`, "true"])).code).toBe(127);
  context.expect((await scene.run([...under, `./${secrets.shape}`])).code).toBe(127);
  // What CI systems tell of the repository holds the job's own password.
  const repository = `https://ci:${secrets.repository}@example.org/x.git`;
  for (const job of [
    { GITLAB_CI: "true", CI_REPOSITORY_URL: repository },
    { JENKINS_URL: "http://ci", BUILD_ID: "1", GIT_URL: repository },
  ]) {
    const ci = { CI: "true", GITHUB_ACTIONS: undefined, ...job };
    context.expect((await scene.run([...under, "true"], { env: ci })).code).toBe(0);
  }
  const push = { id: "push", run: `push --token ${secrets.plan} origin` };
  writeWorkflow(scene.sandbox, "planned", [push]);
  const plan = await scene.run(["run", "planned", "--dry-run"]);
  context.expect(plan.stdout).toContain("push --token *** origin");
  await scene.run(["runs", "logs"]);
  await scene.run(["runs", "show"]);
  context.expect(leaks(scene.places(), secrets)).toEqual([]);
});
