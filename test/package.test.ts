import { execFile } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "./support/run-binary.ts";

const execute = promisify(execFile);
const MAX_PACKED_BYTES = 3_000_000;

const manifest = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as {
  readonly version: string;
  readonly files: readonly string[];
  readonly dependencies?: object;
};

interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

describe("the package, installed globally in an empty prefix", () => {
  const root = mkdtempSync(join(tmpdir(), "tta-persona-package-"));
  const prefix = join(root, "prefix");
  const userHome = join(root, "user");
  /** Whoever installs it finds the same Node.js; nothing else of this checkout is in sight. */
  const env = {
    PATH: [join(prefix, "bin"), dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
    HOME: userHome,
    TMPDIR: root,
    npm_config_cache: join(root, "cache"),
    npm_config_update_notifier: "false",
  };
  let report: PackReport;

  beforeAll(async () => {
    for (const directory of [prefix, userHome]) mkdirSync(directory);
    // Without its scripts, or it would build anew under the other tests.
    const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", root];
    const { stdout } = await execute("npm", pack, { cwd: repositoryRoot, env });
    [report] = JSON.parse(stdout) as [PackReport];
    // Offline: it must not want anything that is not in it.
    const install = ["install", "--global", "--prefix", prefix, "--offline", "--no-audit", "--no-fund"];
    await execute("npm", [...install, join(root, report.filename)], { cwd: root, env });
  });

  afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

  const run = (...args: string[]) => execute("tta-persona", args, { cwd: userHome, env });

  test("holds what `files` says, and everything that runs", () => {
    const paths = report.files.map(({ path }) => path);
    const listed = [...manifest.files, "package.json"];
    const foreign = paths.filter((path) => !listed.some((one) => path === one || path.startsWith(`${one}/`)));
    expect(foreign).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining([
        "LICENSE",
        "README.md",
        "alerts/alertmanager.yaml",
        "alerts/alerts.yaml",
        "alerts/recording-rules.yaml",
        "bin/tta-persona.cjs",
        "dist/cli.cjs",
        "dist/deliver.cjs",
        "dist/hot.cjs",
      ]),
    );
    expect(paths.filter((path) => /\.(?:ts|tgz|map)$|(?:^|\/)tests?\//.test(path))).toEqual([]);
  });

  test("is small enough to install in a CI job", () => {
    expect(report.size).toBeLessThan(MAX_PACKED_BYTES);
  });

  test("brings no other package along", () => {
    expect(manifest.dependencies).toBeUndefined();
    expect(readdirSync(join(prefix, "lib/node_modules"))).toEqual(["tta-persona"]);
    expect(readdirSync(join(prefix, "lib/node_modules/tta-persona"))).not.toContain("node_modules");
  });

  test("puts the command into the path, through a link", async () => {
    expect(lstatSync(join(prefix, "bin/tta-persona")).isSymbolicLink()).toBe(true);
    expect(await run("--version")).toEqual({ stdout: `${manifest.version}\n`, stderr: "" });
  });

  test("switches for a user who has nothing yet, and measures it", async () => {
    const switched = await run("switch", "backend-engineer");
    expect(switched.stdout).toContain("backend-engineer");
    expect(switched.stderr).toBe("");
    expect(await run("current")).toEqual({ stdout: "backend-engineer\n", stderr: "" });

    const metrics = await run("metrics");
    expect(metrics.stdout).toContain(
      'hypertool_persona_switches_total{from_persona="none",to_persona="backend-engineer",chatmode="default"} 1\n',
    );
    expect(metrics.stdout).toContain(`hypertool_build_info{version="${manifest.version}"} 1\n`);
  });

  test.skipIf(process.platform !== "linux")("keeps its data where XDG says, for the user alone", async () => {
    await run("switch", "backend-engineer");
    const data = join(userHome, ".local/share/tta-persona");
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, "journal/00000001.jsonl")).mode & 0o777).toBe(0o600);
  });
});
