import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { inParallel } from "../../src/core/in-parallel.ts";
import { realServersAvailable } from "../support/real-servers.ts";
import { mutantsOf, type Rule, type RuleMutant } from "../support/rule-mutants.ts";
import { ALERTS_DIR, RULE_FILES, readGroups, readRules } from "./rules-files.ts";

const recordings = readRules("recording-rules.yaml");
const alerts = readRules("alerts.yaml");

/** Mutants that change nothing, each with the reason. */
const equivalent: Readonly<Record<string, string>> = {};

describe.skipIf(!realServersAvailable())("the tests of the alerts", { timeout: 600_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), "tta-persona-mutants-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("pass with the rules as they are, reduced to those that each needs", async () => {
    const failed = await failing(
      alerts.map((alert) => ({ what: String(alert.alert), rule: alert })),
      "intact",
    );
    expect(failed).toEqual([]);
  });

  test("fail for every mutant", async () => {
    const mutants = [...recordings, ...alerts].flatMap(mutantsOf);
    expect(mutants.length).toBeGreaterThan(150);
    const killed = new Set(await failing(mutants, "mutant"));
    const survivors = mutants.map(({ what }) => what).filter((what) => !killed.has(what));
    expect(survivors.sort()).toEqual(Object.keys(equivalent).sort());
  });

  /** What of these makes a test fail, a bounded number of processes at once. */
  async function failing(mutants: readonly RuleMutant[], kind: string): Promise<string[]> {
    const results = await inParallel(mutants, availableParallelism(), (mutant, index) =>
      fails(mutant, join(root, `${kind}-${index}`)),
    );
    return mutants.filter((_, index) => results[index]).map(({ what }) => what);
  }
});

/** Runs the tests of the alerts that the mutant has a part in, with nothing else to evaluate. */
async function fails({ rule }: RuleMutant, directory: string): Promise<boolean> {
  const concerned =
    rule.alert === undefined ? alerts.filter(({ expr }) => expr.includes(String(rule.record))) : [rule];
  const needed = recordings.filter(({ record }) =>
    concerned.some(({ expr }) => expr.includes(String(record))),
  );
  const kept = new Map([...needed, ...concerned, rule].map((one) => [nameOf(one), one]));
  mkdirSync(join(directory, "tests"), { recursive: true });
  for (const file of RULE_FILES) {
    const groups = readGroups(file)
      .map((group) => ({
        ...group,
        rules: group.rules.flatMap((one) => kept.get(nameOf(one)) ?? []),
      }))
      .filter(({ rules }) => rules.length > 0);
    // JSON is YAML.
    writeFileSync(join(directory, file), JSON.stringify({ groups }));
  }
  const tests = concerned.map(({ alert }) => `tests/${alert}.yaml`);
  for (const file of tests) copyFileSync(join(ALERTS_DIR, file), join(directory, file));
  const report = await testRules(directory, tests);
  if (/SUCCESS/.test(report) && !/FAILED/.test(report)) return false;
  // A mutant that does not even load would say nothing about the tests; one that cannot match series does.
  if (!/got:|many-to-many/.test(report)) throw new Error(`${JSON.stringify(rule)}:\n${report}`);
  return true;
}

function testRules(cwd: string, tests: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile("promtool", ["test", "rules", ...tests], { cwd, timeout: 120_000 }, (_, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    );
  });
}

const nameOf = (rule: Rule): string => String(rule.alert ?? rule.record);
