import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
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
  // Most mutants fail already where little is evaluated; a test that lasts hours costs as much as all others.
  for (const isLong of [false, true]) {
    const files = concerned.flatMap(({ alert }) => copyTests(String(alert), isLong, directory));
    if (files.length === 0) continue;
    const report = await testRules(directory, files);
    if (/SUCCESS/.test(report) && !/FAILED/.test(report)) continue;
    // A mutant that does not even load would say nothing about the tests; one that cannot match series does.
    if (!/got:|many-to-many/.test(report)) throw new Error(`${JSON.stringify(rule)}:\n${report}`);
    return true;
  }
  return false;
}

/** @returns the file of those tests of an alert that are long, or of those that are not; none without any. */
function copyTests(alert: string, isLong: boolean, directory: string): string[] {
  const { tests, ...head } = parse(readFileSync(join(ALERTS_DIR, "tests", `${alert}.yaml`), "utf8"));
  const kept = tests.filter((one: AlertTest) => lastsMinutes(one) > LONG_MINUTES === isLong);
  if (kept.length === 0) return [];
  const file = `tests/${alert}-${isLong ? "long" : "short"}.yaml`;
  writeFileSync(join(directory, file), JSON.stringify({ ...head, tests: kept }));
  return [file];
}

interface AlertTest {
  readonly alert_rule_test: readonly { readonly eval_time: string }[];
}

const LONG_MINUTES = 60;

/** Until its last look. */
function lastsMinutes({ alert_rule_test }: AlertTest): number {
  return Math.max(...alert_rule_test.map(({ eval_time }) => minutesOf(eval_time)));
}

function minutesOf(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)([dhms])/g)];
  if (parts.map(([part]) => part).join("") !== duration) throw new Error(`no duration: ${duration}`);
  const minutes = { d: 1440, h: 60, m: 1, s: 1 / 60 };
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * minutes[unit as keyof typeof minutes],
    0,
  );
}

function testRules(cwd: string, tests: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile("promtool", ["test", "rules", ...tests], { cwd, timeout: 120_000 }, (_, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    );
  });
}

const nameOf = (rule: Rule): string => String(rule.alert ?? rule.record);
