import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { latestBackup } from "../../src/apply/backups.ts";
import { withApplyLock } from "../../src/apply/lock.ts";
import { applySplices, personaEdits } from "../../src/apply/persona-argument.ts";
import { replaceFiles } from "../../src/apply/replace-files.ts";
import { targetsNamed } from "../../src/apply/targets.ts";
import { undo } from "../../src/apply/undo.ts";
import { currentOwner } from "../../src/core/owner.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { appliedFacts, applyHome, leftovers } from "./apply-home.ts";

const CURSOR = "user/.cursor/mcp.json";
const GEMINI = "user/.gemini/settings.json";
const config = (persona: string) => `{"mcpServers":{"h":{"args":["hypertool","--persona","${persona}"]}}}`;

describe("replacing files", () => {
  const edit = (path: string, before: string | undefined, after: string) => ({
    path,
    before: before === undefined ? undefined : Buffer.from(before),
    after: Buffer.from(after),
    mode: 0o600,
    temporary: `${path}.tmp`,
  });

  test("stops where somebody else has written one meanwhile, and gives the others their bytes back", () => {
    const directory = temporaryDirectory();
    const [one, two, three] = ["one", "two", "three"].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(one, "1");
    writeFileSync(two, "not what was planned upon");
    const result = replaceFiles([
      edit(three, undefined, "made"),
      edit(one, "1", "new"),
      edit(two, "2", "new"),
    ]);
    expect(result).toEqual({ ok: false, error: { reason: "changed", path: two } });
    expect(readFileSync(one, "utf8")).toBe("1");
    expect(readFileSync(two, "utf8")).toBe("not what was planned upon");
    expect(readdirSync(directory).sort()).toEqual(["one", "two"]);
  });

  test("a file that has appeared meanwhile is nobody's to replace", () => {
    const file = join(temporaryDirectory(), "file");
    writeFileSync(file, "theirs");
    expect(replaceFiles([edit(file, undefined, "ours")])).toMatchObject({
      ok: false,
      error: { reason: "changed" },
    });
    expect(readFileSync(file, "utf8")).toBe("theirs");
  });

  test("a directory in the place of one: nothing is written at all", () => {
    const directory = temporaryDirectory();
    const one = join(directory, "one");
    writeFileSync(one, "1");
    writeFileSync(join(directory, "no-directory"), "");
    const result = replaceFiles([
      edit(one, "1", "new"),
      edit(join(directory, "no-directory/file"), undefined, "x"),
    ]);
    expect(result).toMatchObject({ ok: false, error: { reason: "not-written" } });
    expect(readFileSync(one, "utf8")).toBe("1");
    expect(leftovers(directory)).toEqual([]);
  });
});

describe("backups", () => {
  test("hold the exact bytes, for their owner's eyes only, the ten latest of them", async () => {
    const user = applyHome();
    user.write(CURSOR, config("zero"));
    for (let i = 1; i <= 12; i++) {
      user.activate(`persona-${i}`);
      await user.apply("cursor");
    }
    const directories = readdirSync(user.home.backups).sort();
    expect(directories).toHaveLength(10);
    const newest = join(user.home.backups, directories.at(-1) ?? "");
    expect(readFileSync(join(newest, "0"), "utf8")).toBe(config("persona-11"));
    for (const path of [user.home.backups, newest]) expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(newest)) expect(statSync(join(newest, name)).mode & 0o777).toBe(0o600);
  });

  test("that cannot be made: no file is touched", async () => {
    const user = applyHome();
    const file = user.write(CURSOR, config("zero"));
    user.write("home/backups", "a file in the way");
    user.activate("backend-engineer");
    expect((await user.apply("cursor")).results).toMatchObject([{ outcome: "failed", reason: "no-backup" }]);
    expect(readFileSync(file, "utf8")).toBe(config("zero"));
  });
});

test("what was applied is a fact, without anything of what stands in the files", async () => {
  const user = applyHome();
  const file = user.write(CURSOR, config("zero").replace("{", '{"token":"sk-very-secret",'));
  user.activate("backend-engineer");
  await user.apply("cursor", "gemini");
  expect(appliedFacts(user.home.data)).toEqual([
    {
      persona: "backend-engineer",
      targets: [
        { client: "cursor", file, outcome: "changed", reason: null },
        { client: "gemini", file: null, outcome: "skipped", reason: "missing" },
      ],
    },
  ]);
  await user.apply("cursor");
  expect(appliedFacts(user.home.data)).toHaveLength(1);
});

describe("undo", () => {
  async function switched() {
    const user = applyHome();
    const [cursor, gemini] = [
      user.write(CURSOR, config("frontend-engineer")),
      user.write(GEMINI, config("odd")),
    ];
    const made = join(user.project, ".github/agents/backend-engineer.agent.md");
    chmodSync(cursor, 0o640);
    user.activate("backend-engineer", "frontend-engineer");
    await user.apply("cursor", "gemini", "copilot");
    const to = { name: "frontend-engineer", chatmode: "default", writeAgent: undefined };
    const run = () => user.activate("frontend-engineer", "backend-engineer");
    const back = () => undo(user.context, targetsNamed(["cursor", "gemini", "copilot"]), () => ({ to, run }));
    return { user, cursor, gemini, made, back };
  }

  test("gives every file its exact bytes back, and takes away what was made", async () => {
    const { user, cursor, gemini, made, back } = await switched();
    expect(existsSync(made)).toBe(true);
    const undone = await back();
    expect(undone).toMatchObject({
      ok: true,
      value: { persona: "frontend-engineer", results: [{}, {}, { file: made, outcome: "changed" }] },
    });
    expect(readFileSync(cursor, "utf8")).toBe(config("frontend-engineer"));
    expect(statSync(cursor).mode & 0o777).toBe(0o640);
    expect(readFileSync(gemini, "utf8")).toBe(config("odd"));
    expect(existsSync(made)).toBe(false);
    // It is a switch like any other, which can be undone.
    expect(latestBackup(user.home)).toMatchObject({
      persona: "frontend-engineer",
      previous: "backend-engineer",
    });
  });

  test("refuses when somebody else has changed a file since, before anything happens", async () => {
    const { user, cursor, gemini, back } = await switched();
    const mine = `${config("backend-engineer")}\n`;
    writeFileSync(gemini, mine);
    expect(await back()).toMatchObject({ ok: false, error: { reason: "changed-since" } });
    expect(user.context.readCurrent()?.name).toBe("backend-engineer");
    expect(readFileSync(gemini, "utf8")).toBe(mine);
    expect(readFileSync(cursor, "utf8")).toBe(config("backend-engineer"));
  });

  test("keeps the link that a file has become since, and the permissions that it was given", async () => {
    const { user, cursor, back } = await switched();
    const moved = join(user.root, "dotfiles.json");
    renameSync(cursor, moved);
    symlinkSync(moved, cursor);
    chmodSync(moved, 0o600);
    expect(await back()).toMatchObject({ ok: true, value: { results: [{ outcome: "changed" }, {}, {}] } });
    expect(lstatSync(cursor).isSymbolicLink()).toBe(true);
    expect(readFileSync(moved, "utf8")).toBe(config("frontend-engineer"));
    expect(statSync(moved).mode & 0o777).toBe(0o600);
  });

  test("brings files that the last apply has not changed to whom the journal names", async () => {
    const { user, cursor } = await switched();
    // As another project's would be, or one that was edited by hand.
    const other = user.write("user/work/project/.mcp.json", config("backend-engineer"));
    const targets = targetsNamed(["cursor", "claude-code"]);
    const to = { name: "frontend-engineer", chatmode: "default", writeAgent: undefined };
    const run = () => user.activate("frontend-engineer", "backend-engineer");
    const undone = await undo(user.context, targets, () => ({ to, run }));
    expect(undone).toMatchObject({
      ok: true,
      value: { results: [{}, {}, {}, { client: "claude-code", file: other, outcome: "changed" }] },
    });
    expect([cursor, other].map((file) => readFileSync(file, "utf8"))).toEqual([
      config("frontend-engineer"),
      config("frontend-engineer"),
    ]);

    user.activate("backend-engineer", "frontend-engineer");
    await user.apply("cursor");
    user.write("user/work/project/.mcp.json", "{");
    const refused = await undo(user.context, targets, () => ({ to, run }));
    expect(refused).toMatchObject({ ok: false, error: { reason: "broken-client-file" } });
    expect(readFileSync(cursor, "utf8")).toBe(config("backend-engineer"));
  });

  test("of what was applied twice: the exact bytes of before the switch, unless somebody else wrote in between", async () => {
    const { user, cursor, gemini, back } = await switched();
    // Applied by now to a client that was not there.
    const claude = user.write("user/work/project/.mcp.json", config("odd"));
    await user.apply("cursor", "claude-code");
    expect(await back()).toMatchObject({ ok: true });
    expect([cursor, gemini, claude].map((file) => readFileSync(file, "utf8"))).toEqual([
      config("frontend-engineer"),
      config("odd"),
      config("odd"),
    ]);

    const again = await switched();
    writeFileSync(again.cursor, config("data-scientist"));
    await again.user.apply("cursor");
    expect(await again.back()).toMatchObject({ ok: false, error: { reason: "changed-since" } });
    expect(readFileSync(again.cursor, "utf8")).toBe(config("backend-engineer"));
  });

  test("after an apply of another switch the files are brought to whom the journal names", async () => {
    const { user, cursor, back } = await switched();
    // A switch that was not applied, and the way back from it.
    user.activate("testing-specialist", "frontend-engineer");
    expect(await back()).toMatchObject({ ok: true, value: { persona: "frontend-engineer" } });
    expect(readFileSync(cursor, "utf8")).toBe(config("frontend-engineer"));
  });
});

describe("the apply lock", () => {
  test("of a process that is dead is passed over, of one that lives never", async () => {
    const { home } = applyHome();
    const dead = { ...currentOwner(), start: "1" };
    const lock = join(home.state, "apply-lock");
    mkdirSync(lock, { recursive: true });
    symlinkSync(JSON.stringify(dead), join(lock, "1"));
    expect(await withApplyLock(home, () => "done")).toEqual({ done: "done" });
    symlinkSync(JSON.stringify(currentOwner()), join(lock, "3"));
    expect(await withApplyLock(home, () => "done", 50)).toEqual({ heldBy: currentOwner() });
  });

  test("is let go when the work throws", async () => {
    const { home } = applyHome();
    const failing = withApplyLock(home, () => {
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await withApplyLock(home, () => 1)).toEqual({ done: 1 });
  });
});

test("whatever else a configuration holds, only the persona of its Hypertool servers changes", () => {
  const word = fc.constantFrom(
    "-y",
    "-p",
    "x",
    "--persona=keep",
    "--other",
    "npx",
    "hypertool/",
    "a\\b",
    "é",
  );
  const runner = fc.constantFrom("-y", "--yes", "A=b", "--persona=keep", "-p=x", "npx", "--");
  const others = fc.dictionary(fc.string(), fc.record({ command: fc.string(), args: fc.array(word) }), {
    maxKeys: 3,
  });
  const own = fc.record({
    before: fc.array(runner),
    old: fc.constantFrom("a", "tta-b", "c-d"),
    after: fc.array(fc.constant("x")),
  });
  fc.assert(
    fc.property(
      others,
      own,
      fc.constantFrom(undefined, 1, 2, "\t"),
      (rest, { before, old, after }, indent) => {
        const value = (persona: string) => ({
          kept: { persona: "--persona" },
          mcpServers: {
            ...rest,
            "hyper-tool": { args: [...before, "hypertool", "--persona", persona, ...after] },
          },
        });
        const text = JSON.stringify(value(old), null, indent);
        const edits = personaEdits(text, "mcpServers", [], "new-one");
        if (!edits.ok) throw new Error(edits.error.message);
        const expected = old.startsWith("tta-") ? "tta-new-one" : "new-one";
        expect(applySplices(text, edits.value.splices)).toBe(JSON.stringify(value(expected), null, indent));
      },
    ),
  );
});
