import { CAPTURES } from "../core/capture.ts";
import { isPersonaName } from "./names.ts";
import type { PersonaFile } from "./schema.ts";

/** No control characters. Spelt as ranges, which compile in a third of the time of `\P{Cc}`. */
const PRINTABLE = /^[ -~\u00a0-\uffff]*$/;
const PRINTABLE_LINES = /^[\n\r\t -~\u00a0-\uffff]*$/;

/** Text that is safe to print on one line of a terminal: something visible, no control characters. */
export function isOneLine(text: string): boolean {
  return PRINTABLE.test(text) && text.trim() !== "";
}

/** Text of several lines without any other control characters. */
export function isText(text: string): boolean {
  return PRINTABLE_LINES.test(text);
}

export const BUDGET_WINDOWS = ["day", "week", "month", "run"] as const;

type Check = (value: unknown) => boolean;

const oneLine: Check = (value) => typeof value === "string" && isOneLine(value);
const text: Check = (value) => typeof value === "string" && isText(value);
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const oneOf = (values: readonly unknown[]): Check => {
  return (value) => values.includes(value);
};
const listOf = (item: Check): Check => {
  return (value) => Array.isArray(value) && value.every(item);
};
const recordOf = (item: Check): Check => {
  return (value) => isRecord(value) && Object.values(value).every(item);
};
/** Fields that are there must pass; fields that the table does not know may hold anything. */
const fields = (checks: Readonly<Record<string, Check>>, required: readonly string[] = []): Check => {
  return (value) =>
    isRecord(value) &&
    required.every((key) => Object.hasOwn(value, key)) &&
    Object.entries(checks).every(([key, check]) => !Object.hasOwn(value, key) || check(value[key]));
};

/** Made when it is first needed: most switches meet no definition file. */
const makePersonaFile = () =>
  fields(
    {
      name: (value) => typeof value === "string" && isPersonaName(value),
      displayName: oneLine,
      description: text,
      icon: oneLine,
      tokenBudget: count,
      allowedServers: listOf(oneLine),
      allowedTools: recordOf(listOf(oneLine)),
      restrictedPaths: listOf(oneLine),
      context: fields({
        primaryLanguage: oneLine,
        frameworks: listOf(oneLine),
        focusAreas: listOf(oneLine),
        keyFiles: listOf(oneLine),
      }),
      security: fields({
        allowEnvironmentAccess: listOf(oneLine),
        blockList: listOf(oneLine),
        requireApprovalFor: listOf(oneLine),
      }),
      workflows: fields({ default: oneLine, available: listOf(oneLine) }),
      budget: fields({ tokens: count, window: oneOf(BUDGET_WINDOWS) }, ["tokens", "window"]),
      capture: oneOf(CAPTURES),
    },
    ["name"],
  );

let personaFile: Check | undefined;

/**
 * Whether a parsed definition is valid, without the schema library and without saying why not. It accepts
 * nothing that the schema rejects, so that a hot command never switches to what every other command calls broken.
 */
export function isPersonaFile(value: unknown): value is PersonaFile {
  personaFile ??= makePersonaFile();
  return personaFile(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
