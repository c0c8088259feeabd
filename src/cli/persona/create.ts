import { ExitCode, UserError } from "../../core/errors.ts";
import { isPersonaName, plainName } from "../../persona/names.ts";
import { titleOf } from "../../persona/persona.ts";
import type { PersonaFile } from "../../persona/schema.ts";
import { BUDGET_WINDOWS, isOneLine, isText } from "../../persona/shape.ts";
import { type Asker, openAsker } from "../ask.ts";
import { type Command, type Invocation, optionList, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import type { PersonaCreateJson } from "../definition-shapes.ts";
import { findPersona } from "../find-persona.ts";
import { optionNumber } from "../option-values.ts";
import { printable, quote } from "../printable.ts";
import { destinationOf, planPersona, savePersona } from "./save-persona.ts";

export const createCommand: Command = {
  name: "create",
  summary: "Begin a persona of your own",
  description:
    "On a terminal it asks for what is missing; elsewhere a name and --description are required, or --from. " +
    "No definition is overwritten without --force.",
  arguments: [{ name: "name", doc: "in kebab-case, such as security-auditor", optional: true }],
  options: [
    { flags: "--display-name <text>", doc: "what people read (default: the name in words)" },
    { flags: "--description <text>", doc: "what it is for, in a sentence or two" },
    { flags: "--icon <icon>", doc: "one character or emoji" },
    { flags: "--token-budget <tokens>", doc: "prompt-size hint, which limits nothing" },
    { flags: "--budget-tokens <tokens>", doc: "how many tokens it may use per window" },
    {
      flags: "--budget-window <window>",
      doc: `${BUDGET_WINDOWS.join(", ")} (default: day)`,
      complete: BUDGET_WINDOWS,
    },
    { flags: "--allowed-server <names...>", doc: "MCP servers that it may use" },
    { flags: "--from <persona>", doc: "begin with all that another one says", complete: "personas" },
    {
      flags: "--to <place>",
      doc: "project or user: whose persona it becomes (default: project)",
      complete: ["project", "user"],
    },
    { flags: "--force", doc: "replace a definition that is there" },
  ],
  examples: [
    { command: "tta-persona persona create", doc: "asks, on a terminal" },
    {
      command:
        'tta-persona persona create release-manager --description "Ships releases." --budget-tokens 50000',
      doc: "without questions",
    },
    {
      command: "tta-persona persona create backend-reviewer --from backend --to user",
      doc: "like another one",
    },
  ],
  exitCodes: { 1: "it could not be written, or the questions were left" },
  json: "tta-persona/persona-create/1",
  async run(invocation, ctx) {
    const given = givenFields(invocation, ctx);
    const destination = destinationOf(optionText(invocation, "to"));
    const missing = missingOf(given);
    const definition = missing.length === 0 ? given : await askFor(given, missing, ctx);
    const planned = planPersona(definition, destination, invocation.options.force === true, ctx);
    savePersona(planned);
    const document: PersonaCreateJson = {
      schema: "tta-persona/persona-create/1",
      persona: planned.name,
      file: planned.file,
      replaced: planned.replaces,
      definition: planned.definition,
      shadows: planned.shadows ?? null,
    };
    ctx.output.done(
      document,
      `Wrote ${printable(planned.file)}\nSwitch to it: tta-persona switch ${planned.name}\n`,
    );
    if (planned.shadows !== undefined)
      ctx.output.note(`it takes the place of the ${planned.shadows.kind} persona of its name`);
    return ExitCode.done;
  },
};

type Draft = Partial<PersonaFile>;

function givenFields(invocation: Invocation, ctx: CliContext): Draft {
  const from = optionText(invocation, "from");
  const tokens = optionNumber(invocation, "budget-tokens", true);
  const window = optionText(invocation, "budgetWindow");
  if (window !== undefined && tokens === undefined) {
    throw new UserError({
      reason: "missing-option",
      message: "--budget-window says nothing without --budget-tokens.",
      hint: "Give both, such as --budget-tokens 50000 --budget-window day",
    });
  }
  const servers = optionList(invocation, "allowedServer");
  const name = invocation.args[0];
  const fields = {
    name,
    displayName: optionText(invocation, "displayName"),
    description: optionText(invocation, "description"),
    icon: optionText(invocation, "icon"),
    tokenBudget: optionNumber(invocation, "token-budget", true),
    allowedServers: servers.length === 0 ? undefined : [...servers],
    budget: tokens === undefined ? undefined : { tokens, window: window ?? "day" },
  };
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return { ...(from === undefined ? {} : inherited(from, ctx)), ...given };
}

/** All that another persona says of what it is, but not what it is called. */
function inherited(from: string, ctx: CliContext): Draft {
  const { name: _name, displayName: _displayName, origin: _origin, ...rest } = findPersona(from, ctx);
  return rest;
}

type Required = "name" | "description";

function missingOf(draft: Draft): readonly Required[] {
  return (["name", "description"] as const).filter((field) => draft[field] === undefined);
}

/** @throws UserError where nobody can be asked, or they left. */
async function askFor(draft: Draft, missing: readonly Required[], ctx: CliContext): Promise<Draft> {
  // With --json, standard output is one document's.
  const asker = ctx.flags.json ? undefined : openAsker();
  if (asker === undefined) {
    const flags = missing.map((field) => (field === "name" ? "<name>" : `--${field}`));
    throw new UserError({
      reason: "missing-option",
      message: `Missing: ${flags.join(" and ")}.`,
      hint: "On a terminal it asks for them. See: tta-persona persona create --help",
    });
  }
  try {
    return await askAll(draft, asker, ctx);
  } finally {
    asker.close();
  }
}

async function askAll(draft: Draft, asker: Asker, ctx: CliContext): Promise<Draft> {
  const ask = (question: string, wrong: (answer: string) => string | undefined, byDefault?: string) =>
    askUntilRight(asker, ctx, question, wrong, byDefault);
  const name =
    draft.name ??
    (await ask("Name, in kebab-case", (answer) =>
      isPersonaName(answer) ? undefined : `${quote(answer)} cannot be a name; write it as security-auditor`,
    ));
  const displayName = draft.displayName ?? (await ask("What people read", oneLine, titleOf(plainName(name))));
  const description =
    draft.description ??
    (await ask("What it is for, in a sentence", (answer) =>
      answer !== "" && isText(answer) ? undefined : "write a sentence",
    ));
  const icon = draft.icon ?? (await ask("Icon", oneLine, "👤"));
  const servers =
    draft.allowedServers ??
    listOf(await ask("MCP servers that it may use, with commas; none: any", () => undefined));
  return {
    ...draft,
    name,
    displayName,
    description,
    icon,
    ...(servers.length === 0 ? {} : { allowedServers: servers }),
  };
}

const oneLine = (answer: string) => (isOneLine(answer) ? undefined : "write something on one line");

const listOf = (answer: string): string[] =>
  answer
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

async function askUntilRight(
  asker: Asker,
  ctx: CliContext,
  question: string,
  wrong: (answer: string) => string | undefined,
  byDefault?: string,
): Promise<string> {
  for (;;) {
    const answer = await asker.ask(question, byDefault);
    if (answer === undefined) {
      const failure = {
        reason: "left",
        message: "Nothing was written.",
        hint: "Run it again when you like.",
      };
      throw new UserError(failure, ExitCode.failed);
    }
    const problem = wrong(answer);
    if (problem === undefined) return answer;
    ctx.output.complain([`  ${problem}`]);
  }
}
