import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { denying } from "../support/preloads.ts";
import type { RunOptions, Sandbox } from "../support/run-binary.ts";

/** The first stage of every workflow here: that it is not run is seen by the file that it does not make. */
export const touch = { id: "touch", run: "touch touched" };
export const after = { needs: ["touch"], run: "true" };

export interface Refusal {
  readonly name: string;
  readonly stages?: readonly object[];
  readonly more?: object;
  readonly args?: readonly string[];
  readonly options?: RunOptions;
  readonly prepare?: (sandbox: Sandbox) => void;
  /** The first line on stderr, without the name of the program; then what to do. */
  readonly message: RegExp;
  readonly hint: RegExp;
}

const parameters = {
  parameters: {
    version: { type: "semver" },
    level: { type: "enum", values: ["low", "high"], default: "low" },
    place: { type: "path" },
    publish: { type: "boolean" },
    title: { type: "string", required: true },
  },
};
const titled = ["--title", "x"];
const PLACE = /^\/.*\/w\.yaml:\d+:\d+: /;
const placed = (text: RegExp) => new RegExp(PLACE.source + text.source);

export const refusals: readonly Refusal[] = [
  {
    name: "a cycle",
    stages: [touch, { ...after, id: "a", needs: ["b"] }, { ...after, id: "b", needs: ["a"] }],
    message: placed(/stages\[1\]\.needs: stages wait for each other: a → b → a$/),
    hint: /Remove one of these needs\./,
  },
  {
    name: "an unknown need",
    stages: [touch, { ...after, id: "a", needs: ["tuch"] }],
    message: placed(/stages\[1\]\.needs\[0\]: no stage tuch$/),
    hint: /Did you mean touch\?/,
  },
  {
    name: "a stage that is there twice",
    stages: [touch, touch],
    message: placed(/stages\[1\]\.id: there is a stage touch already$/),
    hint: /Rename one of them\./,
  },
  {
    name: "an unknown persona",
    stages: [touch, { ...after, id: "a", persona: "backend-enginer" }],
    message: placed(/there is no persona backend-enginer for the stage a$/),
    hint: /Did you mean backend-engineer\?/,
  },
  {
    name: "a broken persona",
    stages: [touch, { ...after, id: "a", persona: "my-own" }],
    prepare({ project }) {
      mkdirSync(join(project, ".tta-persona", "personas"), { recursive: true });
      writeFileSync(join(project, ".tta-persona", "personas", "my-own.json"), '{"name": "my-own", ');
    },
    message: /^\/.*\/my-own\.json:1:\d+: /,
    hint: /\w/,
  },
  {
    name: "a NUL in a value",
    stages: [touch, { ...after, id: "a", env: { A: "x\0y" } }],
    message: placed(/stages\[1\]\.env\.A: expected text without NUL$/),
    hint: /Remove it\./,
  },
  {
    name: "a missing parameter",
    more: parameters,
    message: /^w needs --title\.$/,
    hint: /tta-persona run w --help/,
  },
  {
    name: "an empty parameter",
    more: parameters,
    args: ["--title", ""],
    message: /^w needs --title, and not an empty text\.$/,
    hint: /tta-persona run w --help/,
  },
  {
    name: "a wrong version",
    more: parameters,
    args: [...titled, "--version", "v1.2"],
    message: /^The value of --version is not a semantic version\.$/,
    hint: /Write it like 1\.2\.0\./,
  },
  {
    name: "a wrong choice",
    more: parameters,
    args: [...titled, "--level", "hihg"],
    message: /^The value of --level is not one of low, high\.$/,
    hint: /Did you mean high\?/,
  },
  {
    name: "an empty path",
    more: parameters,
    args: [...titled, "--place", ""],
    message: /^The value of --place is empty\.$/,
    hint: /Write a path\./,
  },
  {
    name: "a boolean with a value",
    more: parameters,
    args: [...titled, "--publish", "maybe"],
    message: /^Too many arguments for "run"\. Expected 1 argument but got 2\.$/,
    hint: /tta-persona run w --help/,
  },
  {
    name: "an unknown parameter",
    more: parameters,
    args: ["--titel=x"],
    message: /^Unknown option "--titel"\.$/,
    hint: /Did you mean --title\? See: tta-persona run w --help/,
  },
  {
    name: "a script that is missing",
    stages: [touch, { ...after, id: "a", run: { file: "gone.sh" } }],
    message: placed(/the script \/.*\/gone\.sh is no file that can be read$/),
    hint: /relative to the workflow's file/,
  },
  {
    name: "a script that is a directory",
    stages: [touch, { ...after, id: "a", run: { file: "." } }],
    message: placed(/the script \/.*\/workflows is no file that can be read$/),
    hint: /relative to the workflow's file/,
  },
  {
    name: "a script that may not be read",
    stages: [touch, { ...after, id: "a", run: { file: "locked.sh" } }],
    prepare: ({ project }) => writeFileSync(join(project, ".tta-persona", "workflows", "locked.sh"), "true"),
    options: denying("read:locked.sh"),
    message: placed(/the script \/.*\/locked\.sh is no file that can be read$/),
    hint: /relative to the workflow's file/,
  },
  {
    name: "an unknown stage to begin with",
    args: ["--from", "tuch"],
    message: /^w has no stage "tuch"/,
    hint: /Did you mean touch\?/,
  },
  {
    name: "nothing to resume",
    args: ["--resume"],
    message: /^There is no unfinished run of w in \/.*\.$/,
    hint: /tta-persona runs list/,
  },
];
