import { UserError } from "../core/errors.ts";
import type { CliContext } from "./context.ts";
import { type Candidate, candidates, type Source, type Standing, untrustedText } from "./persona-in-force.ts";
import { printable, table } from "./printable.ts";
import type { CurrentJson } from "./session-shapes.ts";

type Line = NonNullable<CurrentJson["explanation"]>[number];

/** What each source says and what became of it, the one that goes before the others first. */
export async function explain(standing: Standing, ctx: CliContext): Promise<readonly Line[]> {
  const flag: Line = {
    source: "flag",
    persona: null,
    wins: false,
    reason: "llm, tokens, dataset and exec take --persona",
  };
  const quiet = { ...ctx, output: { ...ctx.output, note: () => undefined } };
  const found = await candidates(standing, quiet);
  const winner = found.find(({ inForce, problem }) => inForce !== undefined || problem instanceof UserError);
  return [flag, ...found.map((candidate) => lineOf(candidate, winner, standing))];
}

function lineOf(candidate: Candidate, winner: Candidate | undefined, standing: Standing): Line {
  const { source, persona = null } = candidate;
  return { source, persona, wins: candidate === winner, reason: reasonOf(candidate, winner, standing) };
}

function reasonOf(candidate: Candidate, winner: Candidate | undefined, standing: Standing): string {
  const { source, problem, inForce } = candidate;
  if (problem instanceof UserError) return problem.message;
  if (problem === "untrusted" && standing.project !== undefined) return untrustedText(standing.project);
  if (problem === "absent") return absent[source](standing);
  if (candidate !== winner) return `${name[winner?.source ?? source]} goes before it`;
  if (inForce?.handed !== undefined) return "handed on by a workflow's stage or by exec";
  return source === "project" ? (standing.project?.file ?? "") : "in force";
}

const name: Readonly<Record<Source, string>> = {
  environment: "TTA_PERSONA",
  shell: "this shell's persona",
  project: "the project's persona",
  global: "the global persona",
};

const absent: Readonly<Record<Source, (standing: Standing) => string>> = {
  environment: () => "TTA_PERSONA is not set",
  shell: ({ shell }) =>
    shell === undefined
      ? "this shell has no id; see: tta-persona shell-init --help"
      : "this shell has no persona of its own; give it one: tta-persona switch <persona> --scope shell",
  project: () => "neither this directory nor one above it has a .tta-persona/persona",
  global: () => "none was switched to",
};

/** The winner is marked, as `list` marks it. */
export function explanationText(lines: readonly Line[], { paint }: CliContext): string {
  const rows = lines.map(({ source, persona, wins, reason }) => [
    wins ? "*" : " ",
    source,
    printable(persona ?? "-"),
    printable(reason),
  ]);
  return table(rows)
    .split("\n")
    .map((line) => (line.startsWith("*") ? paint.bold(line) : line))
    .join("\n");
}
