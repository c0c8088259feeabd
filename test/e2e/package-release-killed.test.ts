import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { awayFromMidnight } from "../support/away-from-midnight.ts";
import { waitFor } from "../support/wait-for.ts";
import { type NpmRegistry, startNpmRegistry } from "../workflows-built-in/support/npm-registry.ts";
import { npmProject, type SampleProject } from "../workflows-built-in/support/sample-project.ts";
import { countsOf, documentOf, RELEASE, releaseHome, traceLines } from "./release-home.ts";

beforeEach(awayFromMidnight);

const PUBLISHING = [...RELEASE, "--publish", "--json"];

/** Where a run stops until somebody kills it: the first time that a program is called with such arguments. */
interface Stop {
  readonly stage: string;
  readonly program: string;
  /** A pattern of the shell for all arguments. */
  readonly args: string;
  readonly when: "before" | "after";
}

const stops: readonly Stop[] = [
  { stage: "version_bump", program: "node", args: "*main.mjs bump", when: "after" },
  { stage: "quality_validation", program: "npm", args: "pack *", when: "after" },
  { stage: "publish_deploy", program: "git", args: "commit *", when: "after" },
  { stage: "publish_deploy", program: "npm", args: "publish *", when: "before" },
  { stage: "publish_deploy", program: "npm", args: "publish *", when: "after" },
];

/**
 * The directory for PATH that holds such a program; it notes its process in the file `stopped`. Bash, since other
 * shells drop variables like npm's own for tokens.
 */
function stoppingProgram({ root, env }: SampleProject, { program, args, when }: Stop): string {
  const real = execFileSync("sh", ["-c", `command -v ${program}`], { env, encoding: "utf8" }).trim();
  const directory = join(root, "stopping");
  mkdirSync(directory);
  const stop = `echo $$ > '${root}/stopped.new'; mv '${root}/stopped.new' '${root}/stopped'; exec sleep 600`;
  writeFileSync(
    join(directory, program),
    `#!/usr/bin/env bash
case "$*" in
${args.replaceAll(" ", "\\ ")})
  if [ ! -e '${root}/stopped' ]; then
    ${when === "after" ? `'${real}' "$@" || exit` : ":"}
    ${stop}
  fi ;;
esac
exec '${real}' "$@"
`,
  );
  chmodSync(join(directory, program), 0o755);
  return directory;
}

/** All that a release leaves behind. */
function traces(project: SampleProject, registry: NpmRegistry) {
  return {
    files: ["package.json", "package-lock.json", "CHANGELOG.md"].map((path) => project.read(path)),
    changes: project.changes(),
    commits: project.git("log", "--format=%s", "--all"),
    tree: project.git("rev-parse", "v0.3.0^{tree}"),
    tags: project.git("tag"),
    versions: registry.versions("@sample/greeter"),
    puts: registry.putCount(),
    artifact: execFileSync("sha256sum", [
      join(project.directory, ".git/tta-persona/release/v0.3.0/dist/sample-greeter-0.3.0.tgz"),
    ])
      .toString()
      .slice(0, 64),
  };
}

async function prepare() {
  const project = npmProject();
  const registry = await startNpmRegistry();
  return { project, registry, home: await releaseHome(project, registry.env) };
}

describe("tta-persona run package-release, killed and resumed,", () => {
  const known = new Map<string, ReturnType<typeof traces>>();

  /** The traces of a release that nobody has disturbed, today: its changelog tells the day. */
  async function undisturbed() {
    const today = new Date().toISOString().slice(0, 10);
    const before = known.get(today);
    if (before !== undefined) return before;
    const { project, registry, home } = await prepare();
    const result = await home.run(PUBLISHING);
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
    const left = traces(project, registry);
    known.set(today, left);
    return left;
  }

  test("leaves these traces undisturbed", async () => {
    expect(await undisturbed()).toMatchObject({
      changes: [],
      commits: "Release v0.3.0\nMend the greeting\nGreet by name",
      tags: "v0.3.0",
      versions: ["0.3.0"],
      puts: 1,
    });
  });

  test.each(stops)("does nothing twice: killed in $stage, $when $program $args", async (stop) => {
    const { project, registry, home } = await prepare();
    const PATH = [stoppingProgram(project, stop), project.env.PATH].join(delimiter);
    const running = home.spawn(PUBLISHING, { env: { PATH } });
    const stopped = join(project.root, "stopped");
    await waitFor(() => existsSync(stopped), { what: `${stop.program} ${stop.args}` });
    running.child.kill("SIGKILL");
    expect(await running.result).toMatchObject({ signal: "SIGKILL", stdout: "" });

    const resumed = await home.run(["run", "package-release", "--resume", "--json"], { env: { PATH } });
    expect(resumed, resumed.stdout + resumed.stderr).toMatchObject({ code: 0, stderr: "" });
    expect(traces(project, registry)).toEqual(await undisturbed());
    const leftover = Number(readFileSync(stopped, "utf8"));
    await waitFor(() => !isAlive(leftover), { what: "what the killed run left" });

    const document = documentOf(resumed);
    const done = document.stages.filter(({ reused }) => reused).map(({ id }) => id);
    const all = ["version_bump", "quality_validation", "publish_deploy"];
    expect(done).toEqual(all.slice(0, all.indexOf(stop.stage)));

    const roots = home.otlp.spans().filter(({ kind }) => kind === "SERVER");
    const [killed, second] = roots.toSorted((a, b) => a.startMs - b.startMs);
    expect(roots).toHaveLength(2);
    expect(killed).toMatchObject({
      attributes: { "tta.interrupted": true, "workflow.run_id": document.resumes },
      status: { code: "ERROR", message: "interrupted" },
    });
    expect(second).toMatchObject({
      traceId: document.traceId,
      attributes: { "cicd.pipeline.result": "success" },
      links: [{ traceId: killed?.traceId, spanId: killed?.spanId }],
    });
    expect(home.otlp.duplicateSpanIds()).toEqual([]);
    const lines = traceLines(home.otlp.spans().filter(({ traceId }) => traceId === killed?.traceId));
    expect(lines).toContain(`  stage.${stop.stage} error (interrupted)`);
    expect(lines).toContain("    bash (interrupted)");
    // Nobody saw the killed run's end, so it counts as none; the stages it finished do.
    expect(countsOf(home.gateway)).toMatchObject({
      "runs_total success": 1,
      "quality_gate_total version_bump passed": 1,
      "quality_gate_total quality_validation passed": 1,
      "quality_gate_total publish_deploy passed": 1,
    });
    expect(Object.keys(countsOf(home.gateway)).filter((key) => /failed|failure|error/.test(key))).toEqual([]);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
