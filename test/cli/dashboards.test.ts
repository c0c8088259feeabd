import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { DashboardsPushJson } from "../../src/cli/dashboard-shapes.ts";
import { type FakeGrafana, type FakeGrafanaOptions, startFakeGrafana } from "../support/fake-grafana.ts";
import { repositoryRoot, type Sandbox } from "../support/run-binary.ts";
import { contentsOf, documentOf, sandboxOfTest } from "./sandboxes.ts";

const shipped = readdirSync(join(repositoryRoot, "dashboards"))
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => {
    const text = readFileSync(join(repositoryRoot, "dashboards", name), "utf8");
    return { name, text, ...(JSON.parse(text) as { uid: string; title: string; panels: readonly object[] }) };
  });

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = sandboxOfTest();
});

test("list names what there is", async () => {
  expect(shipped.map(({ uid }) => uid).sort()).toEqual([
    "tta-persona-llm-cost",
    "tta-persona-overview",
    "tta-persona-workflows",
  ]);
  const { stdout } = await sandbox.run(["dashboards", "list"]);
  for (const { uid, title } of shipped) expect(stdout).toMatch(new RegExp(`^${uid} +.*${title}$`, "m"));
  expect((await sandbox.run(["dashboards"])).stdout).toBe(stdout);
  const { dashboards } = documentOf(await sandbox.run(["dashboards", "list", "--json"]));
  expect((dashboards as { uid: string }[]).map(({ uid }) => uid)).toEqual(shipped.map(({ uid }) => uid));
});

describe("export", () => {
  test("writes the files as they are, again without harm, and over others with --force only", async () => {
    const output = join(sandbox.project, "grafana/dashboards");
    const first = await sandbox.run(["dashboards", "export", "--output", "grafana/dashboards"]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain(`Wrote ${output}/persona-overview.json\n`);
    expect(contentsOf(output)).toEqual(Object.fromEntries(shipped.map(({ name, text }) => [name, text])));

    const again = await sandbox.run(["dashboards", "export", "--output", output, "--json"]);
    expect((documentOf(again).files as { outcome: string }[]).map(({ outcome }) => outcome)).toEqual(
      shipped.map(() => "unchanged"),
    );

    writeFileSync(join(output, "llm-cost.json"), "mine");
    const refused = await sandbox.run(["dashboards", "export", "--output", output, "--json"]);
    expect(refused.code).toBe(2);
    expect(documentOf(refused)).toMatchObject({
      error: { reason: "file-exists", message: `${output}/llm-cost.json is there with another content.` },
    });
    expect(readFileSync(join(output, "llm-cost.json"), "utf8")).toBe("mine");

    const forced = await sandbox.run(["dashboards", "export", "--output", output, "--force"]);
    expect(forced.stdout).toContain(`Replaced ${output}/llm-cost.json\n`);
    expect(contentsOf(output)).toEqual(Object.fromEntries(shipped.map(({ name, text }) => [name, text])));
  });

  test("tells of a place that it cannot write to", async () => {
    writeFileSync(join(sandbox.project, "file"), "");
    const result = await sandbox.run(["dashboards", "export", "--output", "file/below"]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining("Choose a directory") });
  });
});

describe("push", () => {
  async function grafanaOfTest(options: FakeGrafanaOptions = {}): Promise<FakeGrafana> {
    const grafana = await startFakeGrafana(options);
    onTestFinished(() => grafana.close());
    return grafana;
  }

  const push = (grafana: Pick<FakeGrafana, "url" | "token">, ...args: string[]) =>
    sandbox.run(["dashboards", "push", "--grafana", grafana.url, ...args], {
      env: { GRAFANA_TOKEN: grafana.token },
    });

  async function outcomes(grafana: FakeGrafana, ...args: string[]) {
    const document = documentOf(await push(grafana, "--json", ...args)) as unknown as DashboardsPushJson;
    return Object.fromEntries(document.dashboards.map(({ uid, outcome }) => [uid, outcome]));
  }

  test("creates them, changes nothing the second time, and puts back what was changed there", async () => {
    const grafana = await grafanaOfTest();
    const first = await push(grafana);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    for (const { uid, title } of shipped) {
      expect(first.stdout).toContain(`Created ${title}  ${grafana.url}/d/${uid}\n`);
    }
    expect(grafana.writes()).toBe(shipped.length);
    for (const { uid, text } of shipped) {
      const { dashboard, message, folderUid } = grafana.dashboards.get(uid) ?? {};
      expect(dashboard).toEqual({ preload: false, ...JSON.parse(text), id: expect.any(Number), version: 1 });
      expect({ message, folderUid }).toEqual({
        message: expect.stringMatching(/^tta-persona \d/),
        folderUid: "",
      });
    }

    const second = await push(grafana);
    expect(second.stdout).toMatch(/^(?:Already so: .*\n){3}$/);
    expect(grafana.writes()).toBe(shipped.length);

    grafana.edit("tta-persona-overview", { title: "Changed by hand" });
    expect(await outcomes(grafana)).toEqual({
      "tta-persona-llm-cost": "unchanged",
      "tta-persona-overview": "updated",
      "tta-persona-workflows": "unchanged",
    });
    expect(grafana.dashboards.get("tta-persona-overview")?.dashboard).toMatchObject({
      title: shipped.find(({ uid }) => uid === "tta-persona-overview")?.title,
      version: 3,
    });

    const workflows = shipped.find(({ uid }) => uid === "tta-persona-workflows");
    grafana.edit("tta-persona-workflows", { panels: [...(workflows?.panels ?? []), { title: "Mine" }] });
    expect(await outcomes(grafana)).toMatchObject({ "tta-persona-workflows": "updated" });
  });

  test("makes the folder once, moves what lies elsewhere, and leaves it there without --folder", async () => {
    const grafana = await grafanaOfTest({ prefix: "/grafana" });
    const below = { ...grafana, url: `${grafana.url}/grafana/` };
    await push(below);
    const moved = await push(below, "--folder", "AI personas");
    expect(moved.stdout).toContain('Created the folder "AI personas"\nUpdated ');
    expect([...grafana.folders]).toEqual([["ai-personas", "AI personas"]]);
    const again = documentOf(await push(below, "--folder", "AI personas", "--json"));
    expect(again).toMatchObject({
      version: "13.2.3",
      folder: { uid: "ai-personas", title: "AI personas", created: false },
      dashboards: shipped.map(({ uid, title }) => ({ uid, title, outcome: "unchanged" })),
    });
    grafana.edit("tta-persona-overview", { title: "Changed" });
    expect(await outcomes(below)).toMatchObject({ "tta-persona-overview": "updated" });
    expect([...grafana.dashboards.values()].map(({ folderUid }) => folderUid)).toEqual(
      shipped.map(() => "ai-personas"),
    );
  });

  test("uses a folder of that title whatever its uid, and a title without any letter of ours", async () => {
    const grafana = await grafanaOfTest();
    grafana.folders.set("xyz", "監視");
    await push(grafana, "--folder", "監視");
    expect(grafana.dashboards.get("tta-persona-overview")?.folderUid).toBe("xyz");
    expect(await push(grafana, "--folder", "費用")).toMatchObject({ code: 0 });
    expect([...grafana.folders].at(-1)).toEqual([expect.stringMatching(/^folder-[0-9a-f]{14}$/), "費用"]);
    grafana.folders.set("ai-personas", "Another title");
    const taken = await push(grafana, "--folder", "AI personas");
    expect(taken).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("HTTP 412: The folder has been"),
    });
    expect((await push(grafana, "--folder", " ")).code).toBe(2);
  });

  test("reads the token from a file, which goes before the variable", async () => {
    const grafana = await grafanaOfTest();
    writeFileSync(join(sandbox.project, "token"), `${grafana.token}\n`);
    const wrong = { ...grafana, token: "wrong" };
    expect(await push(wrong, "--token-file", "token")).toMatchObject({ code: 0 });
    writeFileSync(join(sandbox.project, "token"), "two words\n");
    const broken = await push(grafana, "--token-file", "token");
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining('"token" holds no token.') });
    expect(broken.stderr).not.toContain("two words");
    expect(await push(grafana, "--token-file", "gone")).toMatchObject({ code: 2 });
  });

  test.each([
    ["a wrong token", "grafana-token", (grafana: FakeGrafana) => ({ ...grafana, token: "s3cret-but-wrong" })],
    [
      "a token without rights",
      "grafana-rights",
      (grafana: FakeGrafana) => {
        grafana.takeRights();
        return grafana;
      },
    ],
    [
      "a provisioned dashboard",
      "grafana-refused",
      (grafana: FakeGrafana) => {
        grafana.provision("tta-persona-overview");
        return grafana;
      },
    ],
    [
      "a path that Grafana has not",
      "no-grafana",
      (grafana: FakeGrafana) => ({ ...grafana, url: `${grafana.url}/x` }),
    ],
  ])("tells of %s", async (_, reason, change) => {
    const grafana = await grafanaOfTest();
    const changed = change(grafana);
    const result = await push(changed, "--json");
    expect(result.code).toBe(2);
    expect(documentOf(result)).toMatchObject({ error: { reason, hint: expect.stringMatching(/\w/) } });
    expect(result.stdout).not.toContain(changed.token);
  });

  test.each([
    ["hang up", "cut", 1, "grafana-unreachable"],
    ["refuse", "refuse", 1, "grafana-unreachable"],
    ["are busy", { status: 429, headers: { "retry-after": "7" } }, 1, "grafana-busy"],
    ["are ill", { status: 502 }, 1, "grafana-unreachable"],
    ["send elsewhere", { status: 302 }, 2, "no-grafana"],
    ["speak no HTTP", "nonsense", 2, "no-grafana"],
    [
      "are a web page",
      { status: 200, headers: { "content-type": "text/html" }, body: "<p>" },
      2,
      "no-grafana",
    ],
    [
      "are some other API",
      { status: 200, headers: { "content-type": "application/json" }, body: "{}" },
      2,
      "no-grafana",
    ],
  ] as const)("tells of servers that %s", async (_, behaviour, code, reason) => {
    const grafana = await grafanaOfTest({ behaviour });
    const result = await push(grafana, "--json");
    expect(result.code).toBe(code);
    expect(documentOf(result)).toMatchObject({ error: { reason } });
  });

  test("breaks off in the middle without harm, and goes on from there", async () => {
    const cutting: FakeGrafanaOptions["behaviour"] = (request) =>
      request.method === "POST" && request.body.includes('"tta-persona-overview"')
        ? "cut-after-accept"
        : "ok";
    const grafana = await grafanaOfTest({ behaviour: cutting });
    expect(await push(grafana)).toMatchObject({ code: 1, stderr: expect.stringContaining("try again") });
    await grafana.behave("ok");
    expect(await outcomes(grafana)).toEqual({
      "tta-persona-llm-cost": "unchanged",
      "tta-persona-overview": "unchanged",
      "tta-persona-workflows": "created",
    });
  });

  test("waits no longer than its deadline for one that hangs", async () => {
    const grafana = await grafanaOfTest({ behaviour: "drip-body" });
    const result = await sandbox.run(["dashboards", "push", "--grafana", grafana.url]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining("timeout") });
  });

  test.each([
    [[], "Which Grafana?"],
    [["--grafana", "grafana.local"], "--grafana cannot be"],
  ])("needs an address: %j", async (args, message) => {
    const result = await sandbox.run(["dashboards", "push", ...args]);
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  test("never shows the credentials of an address", async () => {
    const grafana = await grafanaOfTest();
    const url = grafana.url.replace("://", "://admin:hunter2@");
    const result = await sandbox.run(["dashboards", "push", "--grafana", url, "--json"]);
    expect(result.code).toBe(2);
    expect(`${result.stdout}${result.stderr}`).not.toContain("hunter2");
    for (const broken of ["admin:hunter2@grafana.local", "ftp://admin:hunter2@grafana.local"]) {
      const refused = await sandbox.run(["dashboards", "push", "--grafana", broken]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain("--grafana");
      expect(refused.stderr).not.toContain("hunter2");
    }
    const asked = grafana.requests().map(({ headers }) => headers.authorization);
    expect(asked).toContain(`Basic ${Buffer.from("admin:hunter2").toString("base64")}`);
  });
});

test("what cannot be read is told, with the file", async () => {
  const directory = join(sandbox.project, "closed");
  mkdirSync(join(directory, "persona-overview.json"), { recursive: true });
  const result = await sandbox.run(["dashboards", "export", "--output", "closed"]);
  expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("persona-overview.json") });
});
