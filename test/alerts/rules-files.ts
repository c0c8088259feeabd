import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Rule } from "../support/rule-mutants.ts";
import { repositoryRoot } from "../support/run-binary.ts";

export const ALERTS_DIR = join(repositoryRoot, "alerts");
export const RULE_FILES = ["recording-rules.yaml", "alerts.yaml"] as const;

export interface RuleGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly Rule[];
}

export function readGroups(file: (typeof RULE_FILES)[number]): readonly RuleGroup[] {
  const { groups } = parse(readFileSync(join(ALERTS_DIR, file), "utf8")) as {
    readonly groups: readonly RuleGroup[];
  };
  return groups;
}

export function readRules(file: (typeof RULE_FILES)[number]): readonly Rule[] {
  return readGroups(file).flatMap(({ rules }) => rules);
}
