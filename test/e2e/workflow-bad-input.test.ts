import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "vitest";
import { denying, maxRssTo, withFaults } from "../support/preloads.ts";
import { createSandbox, type RunOptions, type RunResult, type Sandbox } from "../support/run-binary.ts";
import { filesBelow, writeWorkflow } from "./project-workflows.ts";
import { after, refusals, touch } from "./workflow-refusals.ts";

function begin(context: TestContext): Sandbox {
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  return sandbox;
}

/** What is said, without a stack trace: what, where, what to do. */
function refusedWith(
  context: TestContext,
  { code, stdout, stderr }: RunResult,
  message: RegExp,
  hint: RegExp,
) {
  const [first = "", second = "", ...more] = stderr.trimEnd().split("\n");
  context.expect(first).toMatch(/^tta-persona: /);
  context.expect(first.replace("tta-persona: ", "")).toMatch(message);
  context.expect(second).toMatch(hint);
  context.expect({ code, stdout, more }).toEqual({ code: 2, stdout: "", more: [] });
}

function nothingTouched(context: TestContext, { home, project }: Sandbox) {
  const left = ["runs", "journal", "blobs"].filter((name) => existsSync(join(home, name)));
  context.expect([left, existsSync(join(project, "touched"))]).toEqual([[], false]);
}

test.concurrent.for(refusals)("refused before anything is touched: $name", async (refusal, context) => {
  const sandbox = begin(context);
  const { stages = [touch], more, args = [], options, prepare, message, hint } = refusal;
  writeWorkflow(sandbox, "w", stages, more);
  prepare?.(sandbox);
  refusedWith(context, await sandbox.run(["run", "w", ...args], options), message, hint);
  nothingTouched(context, sandbox);
});

const { concurrent } = test;

concurrent("a name with parts of a path is no workflow", async (context) => {
  const sandbox = begin(context);
  const file = writeWorkflow(sandbox, "w", [touch]);
  for (const name of ["../w", "./w", file, ".tta-persona/workflows/w"]) {
    const result = await sandbox.run(["run", name]);
    refusedWith(context, result, /^There is no workflow ".*"\.$/, /workflow list/);
  }
  refusedWith(context, await sandbox.run(["workflow", "init", "../x"]), /cannot be the name/, /kebab-case/);
  context.expect(existsSync(join(sandbox.project, "..", "x.yaml"))).toBe(false);
  nothingTouched(context, sandbox);
});

concurrent("what would replace a built-in workflow is not run unless it is trusted", async (context) => {
  const sandbox = begin(context);
  const file = writeWorkflow(sandbox, "bug-fix", [touch]);
  const message = /^\/.*\/bug-fix\.yaml would replace the built-in workflow bug-fix\.$/;
  refusedWith(
    context,
    await sandbox.run(["run", "bug-fix"]),
    message,
    /tta-persona trust \/.*\/bug-fix\.yaml/,
  );
  nothingTouched(context, sandbox);
  context.expect((await sandbox.run(["trust", file])).code).toBe(0);
  context.expect((await sandbox.run(["run", "bug-fix"])).code).toBe(0);
  writeWorkflow(sandbox, "bug-fix", [touch, { ...after, id: "more" }]);
  refusedWith(context, await sandbox.run(["run", "bug-fix"]), message, /tta-persona trust/);
  context.expect((await sandbox.run(["run", "bug-fix"], { env: { TTA_PERSONA_TRUST: "1" } })).code).toBe(0);
});

interface StageError {
  readonly type: string;
  readonly message: string;
}

async function errorsOf(sandbox: Sandbox, options: RunOptions = {}) {
  const { code, stdout, stderr } = await sandbox.run(["run", "w", "--json"], options);
  const stages: readonly { id: string; result: string; error: StageError | null }[] =
    JSON.parse(stdout).stages;
  const errors = Object.fromEntries(stages.map(({ id, result, error }) => [id, [result, error?.message]]));
  return { code, stderr, errors };
}

concurrent("what a stage does wrong is told of that stage", async (context) => {
  const sandbox = begin(context);
  const file = '"$TTA_OUTPUT"';
  writeWorkflow(sandbox, "w", [
    { id: "no_pair", run: `echo "a=1" >> ${file}; echo "just words" >> ${file}` },
    { id: "too_big", run: `{ printf a=; head -c 2097152 /dev/zero | tr '\\0' x; } >> ${file}` },
    { id: "binary", run: `printf 'a=\\377\\376\\n' >> ${file}` },
    { id: "with_nul", run: `printf 'a=x\\0y\\n' >> ${file}` },
    { id: "a_directory", run: `rm -f ${file}; mkdir ${file}` },
    { id: "silent", run: "true", outputs: ["kind"] },
    { id: "long_value", run: `{ printf a=; head -c 262144 /dev/zero | tr '\\0' x; echo; } >> ${file}` },
    { id: "too_long", needs: ["long_value"], run: "true" },
    { id: "nowhere", workingDirectory: "gone", run: "true" },
    { id: "in_a_file", workingDirectory: ".tta-persona/workflows/w.yaml", run: "true" },
    { id: "no_agent", agent: { prompt: "Do it." } },
    { id: "by_hand", manual: { checklist: ["look at it"] } },
    { id: "reads", run: "read -r line && exit 7; cat | wc -c | grep -qx 0" },
    { id: "tty", run: "if echo hello > /dev/tty; then exit 8; fi" },
  ]);
  const { code, stderr, errors } = await errorsOf(sandbox);
  context.expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  context.expect(errors).toEqual({
    no_pair: ["failure", "Line 2 of what the stage wrote to $TTA_OUTPUT is no key=value pair."],
    too_big: ["failure", "The stage wrote more than 1 MiB to $TTA_OUTPUT."],
    binary: ["failure", "What the stage wrote to $TTA_OUTPUT is not UTF-8."],
    with_nul: ["failure", "Line 1 of what the stage wrote to $TTA_OUTPUT has a value with a NUL byte."],
    a_directory: ["failure", "What the stage wrote to $TTA_OUTPUT cannot be read (not a file)."],
    silent: ["failure", "did not hand on kind (through $TTA_OUTPUT)"],
    long_value: ["success", undefined],
    too_long: [
      "error",
      "The value of TTA_OUTPUT_LONG_VALUE_A is longer than the 128 KiB that an environment variable may have.",
    ],
    nowhere: ["error", `the working directory ${sandbox.project}/gone cannot be used (ENOENT)`],
    in_a_file: ["error", `${sandbox.project}/.tta-persona/workflows/w.yaml is no directory`],
    no_agent: [
      "error",
      'no agent is configured; set one with: tta-persona config set agent.command "claude -p"',
    ],
    by_hand: ["failure", "not confirmed: look at it; nobody is there to ask, and --yes was not given"],
    reads: ["success", undefined],
    tty: ["success", undefined],
  });
});

concurrent("what is no text in a stage's output does not spoil its log", async (context) => {
  const sandbox = begin(context);
  const bytes = "head -c 65536 /dev/urandom; printf '\\0\\377\\n'";
  writeWorkflow(sandbox, "w", [{ id: "noise", run: `echo before; ${bytes}; echo; echo after; exit 1` }]);
  const { code, stdout, stderr } = await sandbox.run(["run", "w"]);
  context.expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  context.expect(stdout).toContain("\nafter\n");
  const [, log = ""] = filesBelow(join(sandbox.home, "blobs"))[0] ?? [];
  context.expect(log).toMatch(/^before\n/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  context.expect(log).not.toMatch(/[\0-\x08\x0b-\x1a]/);
});

concurrent("more values than a program can be given", async (context) => {
  const sandbox = begin(context);
  const value = "head -c 120000 /dev/zero | tr '\\0' x; echo";
  const run = `for key in a b c d e f g h; do printf "$key="; ${value}; done >> "$TTA_OUTPUT"`;
  // Linux gives a quarter of the stack's limit, and never more than 6 MiB.
  const many = Array.from({ length: 8 }, (_, index) => ({ id: `many_${index}`, run }));
  writeWorkflow(sandbox, "w", [...many, { id: "all", needs: many.map(({ id }) => id), run: "true" }]);
  const { code, errors } = await errorsOf(sandbox);
  const message = "bash cannot be run: parameters, outputs and variables are too long for it (E2BIG)";
  context.expect([code, errors.all]).toEqual([1, ["error", message]]);
});

concurrent("a shell that is not there", async (context) => {
  const sandbox = begin(context);
  const bin = join(sandbox.project, "bin");
  mkdirSync(bin);
  symlinkSync("/bin/sh", join(bin, "sh"));
  writeWorkflow(sandbox, "w", [
    { id: "bash", run: "true" },
    { id: "sh", run: { script: ": > by-sh", shell: "sh" } },
  ]);
  const { code, errors } = await errorsOf(sandbox, { env: { PATH: bin } });
  context.expect(code).toBe(1);
  context.expect(errors).toEqual({
    bash: ["error", "there is no bash in PATH (ENOENT)"],
    sh: ["success", undefined],
  });
});

concurrent("200 MB of output: memory and log stay bounded", async (context) => {
  const sandbox = begin(context);
  const flood = "head -c 200000000 /dev/zero | tr '\\0' x | fold -w 200";
  writeWorkflow(sandbox, "w", [{ id: "flood", run: `echo first; ${flood}; echo; echo last` }]);
  const rss = join(sandbox.project, "rss");
  const result = await sandbox.run(["run", "w"], {
    ...maxRssTo(rss),
  });
  context.expect(result).toMatchObject({ code: 0, stderr: "" });
  context.expect(Number(readFileSync(rss, "utf8")) / 1024).toBeLessThan(256);
  const [[, log] = ["", ""]] = filesBelow(join(sandbox.home, "blobs"));
  context.expect(log.length).toBeLessThanOrEqual(10 * 1024 * 1024);
  context.expect(log).toMatch(/^first\nx{200}\n/);
  context.expect(log).toMatch(/\n\[… \d+ lines, 1\d{8} bytes left out\]\nx{200}\n/);
  context.expect(log.trimEnd()).toMatch(/\nlast$/);
});

/** The second stage finds the trouble there, and the one behind it too. */
const troubled = (exit: number) => [
  { id: "first", run: 'echo "key=value" >> "$TTA_OUTPUT"; touch trouble' },
  { id: "second", needs: ["first"], run: 'test "$TTA_OUTPUT_FIRST_KEY" = value; echo works' },
  {
    id: "third",
    needs: ["second"],
    run: `echo "the end"; exit ${exit}`,
    gates: [{ name: "ok", run: "true" }],
  },
];

concurrent.for([0, 1])("a home that fills up while a run ends with %i", async (exit, context) => {
  const sandbox = begin(context);
  writeWorkflow(sandbox, "w", troubled(exit));
  // Writes before that are the run's record and the beginning of its first stage.
  const faults = withFaults("enospc:6+:/home/");
  const { code, stdout, stderr } = await sandbox.run(["run", "w"], faults);
  context.expect(stderr).toBe("tta-persona: not recorded (ENOSPC)\n");
  context.expect(code).toBe(exit);
  context.expect(stdout).toContain("✓ second");
  context.expect(stdout).toContain(exit === 0 ? "✓ w done" : "failed: exit code 1");
  if (exit === 1) context.expect(stdout).toContain("the end");
});

concurrent.for([0, 1])("a home that becomes read-only while a run ends with %i", async (exit, context) => {
  const sandbox = begin(context);
  writeWorkflow(sandbox, "w", troubled(exit));
  const trouble = denying(`change:${join(sandbox.project, "trouble")}`);
  const { code, stdout, stderr } = await sandbox.run(["run", "w"], trouble);
  const [first, ...more] = stderr.trimEnd().split("\n");
  context.expect(first).toBe("tta-persona: not recorded (EROFS)");
  context
    .expect(more.join())
    .toMatch(exit === 0 ? /^tta-persona: what is not needed any more .*\(EROFS\)$/ : /^$/);
  context.expect(code).toBe(exit);
  context.expect(stdout).toContain("✓ second");
});

concurrent("a workflow that has changed when a run is resumed", async (context) => {
  const sandbox = begin(context);
  const { project } = sandbox;
  const build = { id: "build", run: 'echo once >> built; echo "kind=library" >> "$TTA_OUTPUT"' };
  const old = { id: "old", run: "echo once >> old" };
  writeWorkflow(sandbox, "w", [build, old, { id: "ship", needs: ["build", "old"], run: "exit 3" }]);
  context.expect((await sandbox.run(["run", "w"])).code).toBe(1);
  const ship = { id: "ship", needs: ["build", "fresh"], run: 'echo "$TTA_OUTPUT_BUILD_KIND" > shipped' };
  writeWorkflow(sandbox, "w", [build, { id: "fresh", run: "echo once >> fresh" }, ship]);
  context.expect(await sandbox.run(["run", "w", "--resume"])).toMatchObject({ code: 0, stderr: "" });
  const made = ["built", "old", "fresh", "shipped"].map((name) => readFileSync(join(project, name), "utf8"));
  context.expect(made).toEqual(["once\n", "once\n", "once\n", "library\n"]);
  // The stage that was kept from the first run is gone from what is shown, and nothing is left to resume.
  const shown = await sandbox.run(["runs", "show", "--json"]);
  context
    .expect(JSON.parse(shown.stdout).stages.map(({ id }: { id: string }) => id))
    .toEqual(["build", "fresh", "ship"]);
  context.expect(readdirSync(join(sandbox.home, "runs"))).toEqual([]);
});

concurrent("a script that a stage before has taken away", async (context) => {
  const sandbox = begin(context);
  const file = writeWorkflow(sandbox, "w", [
    { id: "takes", run: 'rm "$TTA_WORKFLOW_DIR/later.sh"' },
    { id: "later", needs: ["takes"], run: { file: "later.sh" } },
  ]);
  const script = join(dirname(file), "later.sh");
  writeFileSync(script, "true");
  chmodSync(script, 0o600);
  const { code, errors } = await errorsOf(sandbox);
  context.expect(code).toBe(1);
  context.expect(errors.later).toEqual(["error", `the script ${script} cannot be read (ENOENT)`]);
});
