import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sandboxOfTest } from "../cli/sandboxes.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";

const server = (...args: readonly string[]) => ({ command: "npx", args });
const hypertool = (...args: readonly string[]) =>
  server("-y", "-p", "x", "@toolprint/hypertool-mcp@1.2.3", ...args);
const other = { ...server("other", "--persona", "mine"), env: { TOKEN: "secret" } };

/** A sandbox with clients that say what they were given, and a configuration of the project. */
function prepare(config: unknown = { mcpServers: { tools: hypertool("--persona", "x"), other } }): Sandbox {
  const sandbox = sandboxOfTest();
  const text = typeof config === "string" ? config : JSON.stringify(config);
  writeFileSync(join(sandbox.project, ".mcp.json"), text);
  for (const name of ["claude", "copilot", "client"]) {
    const file = join(sandbox.userHome, name);
    writeFileSync(
      file,
      `#!/bin/sh\nfor a; do echo "$a"; done\ncat "$TTA_MCP_CONFIG"\nstat -c %a "$TTA_MCP_CONFIG" >&2\n`,
    );
    chmodSync(file, 0o755);
  }
  return sandbox;
}

const run = (sandbox: Sandbox, client: string, ...args: readonly string[]) =>
  sandbox.run([
    ...["exec", "--persona", "testing", "--mcp-config", "--"],
    join(sandbox.userHome, client),
    ...args,
  ]);

const leftIn = ({ home }: Sandbox) => readdirSync(join(home, "state/mcp"));

test("a client gets its flag and the project's servers with the persona's; nothing stays behind", async () => {
  const sandbox = prepare();
  const { code, stdout, stderr } = await run(sandbox, "claude", "-p", "hello");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "600\n" });
  const [flag, p, hello, ...config] = stdout.split("\n");
  expect([flag, p, hello]).toEqual([expect.stringMatching(/^--mcp-config=\/.*\.json$/), "-p", "hello"]);
  expect(JSON.parse(config.join("\n"))).toEqual({
    mcpServers: { tools: hypertool("--persona", "testing-specialist"), other },
  });
  expect(leftIn(sandbox)).toEqual([]);
  const copilot = await run(sandbox, "copilot");
  expect(copilot.stdout).toMatch(/^--additional-mcp-config=@\/.*\.json\n/);
});

test("others get it where they want it, or are told of it", async () => {
  const sandbox = prepare();
  const placed = await run(sandbox, "client", "--config", "@{mcp-config}");
  expect(placed.stdout).toMatch(/^--config\n@\/.*\.json\n\{/);
  expect(placed.stderr).toBe("600\n");
  const told = await run(sandbox, "client");
  expect(told.stderr).toMatch(/^tta-persona: The MCP configuration is in TTA_MCP_CONFIG/);
});

test.each([
  ["the long form in one word", hypertool("--persona=old"), hypertool("--persona=testing-specialist")],
  ["the short form", hypertool("-p", "old", "run"), hypertool("-p", "testing-specialist", "run")],
  ["none", hypertool("mcp", "run"), hypertool("mcp", "run", "--persona", "testing-specialist")],
  ["an old name", hypertool("--persona", "tta-old"), hypertool("--persona", "tta-testing-specialist")],
  [
    "a program of its own",
    { command: "/usr/bin/hypertool-mcp", args: ["--persona", "old"] },
    { command: "/usr/bin/hypertool-mcp", args: ["--persona", "testing-specialist"] },
  ],
])("the persona is set in %s", async (_, before, after) => {
  const sandbox = prepare(
    `\ufeff// mine\n{"servers": {"tools": ${JSON.stringify(before)}, /* https://x */},}`,
  );
  const { stdout } = await run(sandbox, "client");
  expect(JSON.parse(stdout)).toEqual({ mcpServers: { tools: after } });
});

test.each([
  ["has no Hypertool server", { mcpServers: { other } }],
  ["has no Hypertool server", { servers: [] }],
  ["mcp.json:1:3: close bracket expected", "[1"],
  ["mcp.json:1:1: not an object", "[1]"],
])("a configuration that %s is refused, and nothing run", async (message, config) => {
  const sandbox = prepare(config);
  const { code, stdout, stderr } = await run(sandbox, "client");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
});

test("without one in the project the user's is taken, and without any that is said", async () => {
  const sandbox = prepare();
  const exec = (...args: readonly string[]) =>
    sandbox.run(["exec", "--persona", "data", ...args, "--", join(sandbox.userHome, "client")], {
      cwd: sandbox.userHome,
    });
  const { code, stderr } = await exec("--mcp-config");
  expect(code).toBe(2);
  expect(stderr).toContain(".mcp.json");
  mkdirSync(join(sandbox.userHome, ".config/mcp"), { recursive: true });
  const config = { mcpServers: { mine: hypertool() } };
  writeFileSync(join(sandbox.userHome, ".config/mcp/mcp_settings.json"), JSON.stringify(config));
  expect((await exec("--mcp-config")).stdout).toContain('"mine"');
  expect((await exec("--mcp-config", join(sandbox.project, ".mcp.json"))).stdout).toContain('"tools"');
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s leaves no file behind", async (signal) => {
  const sandbox = prepare();
  const marker = join(sandbox.userHome, "started");
  const running = sandbox.spawn([
    ...["exec", "--persona", "data", "--mcp-config", "--", "sh", "-c"],
    `cat "$TTA_MCP_CONFIG" > ${marker}; exec sleep 60`,
  ]);
  await waitFor(() => existsSync(marker) && readFileSync(marker, "utf8").includes("}\n"), {
    what: "the command",
  });
  expect(leftIn(sandbox)).toHaveLength(1);
  running.child.kill(signal);
  await running.result;
  expect(leftIn(sandbox)).toEqual([]);
});

test("what a killed one left behind goes with the next, and that of a living one stays", async () => {
  const sandbox = prepare();
  const start = (name: string) => {
    const marker = join(sandbox.userHome, name);
    const running = sandbox.spawn([
      ...["exec", "--persona", "data", "--mcp-config", "--", "sh", "-c"],
      `touch ${marker}; exec sleep 60`,
    ]);
    return waitFor(() => existsSync(marker), { what: name }).then(() => running);
  };
  const killed = await start("killed");
  killed.child.kill("SIGKILL");
  await waitFor(() => killed.child.signalCode !== null, { what: "its death" });
  const [old] = leftIn(sandbox);
  await start("living");
  expect(leftIn(sandbox)).toHaveLength(1);
  const [living = ""] = leftIn(sandbox);
  expect(living).not.toBe(old);
  await run(sandbox, "client");
  expect(leftIn(sandbox)).toEqual([living]);
  expect(statSync(join(sandbox.home, "state/mcp", living)).mode & 0o777).toBe(0o600);
});
