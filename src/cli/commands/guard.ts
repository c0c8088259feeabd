import { monotonicClock } from "../../core/clock.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import { isTerminal } from "../../core/output.ts";
import type { GuardRules } from "../../guard/decide.ts";
import {
  type ActivePersona,
  answerRequest,
  directoriesOf,
  type GuardAnswer,
  refusal,
} from "../../guard/guard.ts";
import { guardLimits } from "../../guard/limits.ts";
import { readRequest } from "../../guard/request.ts";
import { readGuardLog } from "../../projection/guard-log.ts";
import { type Command, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { activeAt } from "../guard-active.ts";
import { changeHooks } from "../guard-hook.ts";
import type { GuardInstallJson, GuardJson, GuardLogJson, GuardUninstallJson } from "../guard-shapes.ts";
import { localTime } from "../local-time.ts";
import { optionLimit, optionMoment } from "../option-values.ts";
import { printable, table } from "../printable.ts";

const DEFAULT_LIMIT = 20;

const localOption = { flags: "--local", doc: "in .claude/settings.local.json, which is yours alone" };
const dryRunOption = { flags: "--dry-run", doc: "say what would happen, and write nothing" };

const install: Command = {
  name: "install",
  summary: "Make Claude Code ask the guard before each tool, in this project",
  description:
    "Adds a hook to .claude/settings.json of the current directory; everything else there stays as it is. The guard " +
    "fails closed: where the hook cannot run, Claude Code uses no tool. So whoever shares that file needs tta-persona.",
  options: [localOption, dryRunOption],
  examples: [{ command: "tta-persona guard install --dry-run", doc: "show what the file would hold" }],
  exitCodes: { 0: "done, also when it was there", 1: "the file could not be written; it is as it was" },
  json: "tta-persona/guard-install/1",
  async run({ options }, ctx) {
    const dryRun = options.dryRun === true;
    const { addHook } = await import("../../guard/hook-settings.ts");
    const { file, changed, text } = changeHooks(ctx, addHook, { dryRun, local: options.local === true });
    const document: GuardInstallJson = {
      schema: "tta-persona/guard-install/1",
      ...{ file, changed, dryRun, text: dryRun ? text : null },
    };
    const done = changed
      ? `Claude Code asks the guard from its next session on: ${file}\n`
      : `Claude Code asks the guard already: ${file}\n`;
    tell(document, done, ctx);
    return ExitCode.done;
  },
};

const uninstall: Command = {
  name: "uninstall",
  summary: "Take the guard's hook out of .claude/settings.json again",
  options: [localOption, dryRunOption],
  examples: [{ command: "tta-persona guard uninstall", doc: "hooks of others stay" }],
  exitCodes: { 0: "done, also when it was not there", 1: "the file could not be written; it is as it was" },
  json: "tta-persona/guard-uninstall/1",
  async run({ options }, ctx) {
    const dryRun = options.dryRun === true;
    const { removeHook } = await import("../../guard/hook-settings.ts");
    const { file, changed, text } = changeHooks(ctx, removeHook, { dryRun, local: options.local === true });
    const document: GuardUninstallJson = {
      schema: "tta-persona/guard-uninstall/1",
      ...{ file, changed, dryRun, text: dryRun ? text : null },
    };
    const done = changed
      ? `Claude Code does not ask the guard any more: ${file}\n`
      : `It was not there: ${file}\n`;
    tell(document, done, ctx);
    return ExitCode.done;
  },
};

const log: Command = {
  name: "log",
  summary: "Show what the guard has denied and asked for",
  options: [
    { flags: "--persona <name>", doc: "under this persona only", complete: "personas" },
    { flags: "--decision <kind>", doc: "deny or ask only", complete: ["deny", "ask"] },
    { flags: "--limit <n>", doc: "at most this many (default: 20, or all of them with --since)" },
    { flags: "--since <when>", doc: "from then on: 2h, 3d, 2026-11-24 or 2026-11-24T08:00:00Z" },
  ],
  examples: [
    { command: "tta-persona guard log", doc: "the latest 20" },
    { command: "tta-persona guard log --since 1d --json", doc: "everything since yesterday, for scripts" },
  ],
  exitCodes: {},
  json: "tta-persona/guard-log/1",
  run(invocation, ctx) {
    const since = optionMoment(invocation, "since", ctx.clock.now());
    const persona = optionText(invocation, "persona");
    const decision = optionText(invocation, "decision");
    if (decision !== undefined && decision !== "deny" && decision !== "ask") {
      throw new UserError({ reason: "invalid-decision", message: "--decision takes deny or ask." });
    }
    const facts = readGuardLog(ctx.home, {
      limit: optionLimit(invocation) ?? (since === undefined ? DEFAULT_LIMIT : Number.POSITIVE_INFINITY),
      ...(since === undefined ? {} : { since }),
      ...(persona === undefined ? {} : { persona }),
      ...(decision === undefined ? {} : { decision }),
    });
    const document: GuardLogJson = {
      schema: "tta-persona/guard-log/1",
      decisions: facts.map(({ ts, data }) => ({
        at: new Date(ts).toISOString(),
        persona: data.persona,
        chatmode: data.chatmode,
        tool: data.tool,
        decision: data.decision,
        rule: data.rule,
        path: data.path ?? null,
      })),
    };
    const rows = facts.map(({ ts, data }) =>
      [localTime(ts), data.decision, data.persona, data.tool, data.rule, data.path ?? ""].map(printable),
    );
    ctx.output.answer(
      document,
      rows.length === 0 ? "The guard has neither denied nor asked for anything.\n" : table(rows),
    );
    return ExitCode.done;
  },
};

export const command: Command = {
  name: "guard",
  summary: "Hold an agent to its persona's rules: a hook that is asked before each tool",
  description:
    "Reads one request from standard input and answers it: the JSON of a PreToolUse hook of Claude Code, or " +
    '{"tool", "path"?, "server"?, "input"?, "cwd"?, "projectDir"?}, which is answered by {"decision", "reason", "rule"}. ' +
    "Denies paths under restrictedPaths and MCP tools outside allowedServers and allowedTools, and asks for what " +
    "requireApprovalFor names. Where nothing speaks against a tool, Claude Code gets no answer and goes on by its own " +
    "permissions. Not everything can be enforced: see --explain.",
  usage: "[options] < request.json",
  options: [{ flags: "--explain", doc: "the active persona's rules, and what cannot be enforced" }],
  examples: [
    { command: "tta-persona guard install", doc: "let Claude Code ask it, in this project" },
    { command: "tta-persona guard --explain", doc: "what it enforces, and what it cannot" },
    { command: `echo '{"tool": "Read", "path": ".env"}' | tta-persona guard`, doc: "ask it by hand" },
    { command: "tta-persona guard log", doc: "what it has denied and asked for" },
  ],
  exitCodes: {
    0: "answered, whatever the answer is",
    2: "the request cannot be understood or answered; Claude Code does not use the tool then",
  },
  json: "tta-persona/guard/1",
  settingsProblems: "ignored",
  subcommands: [install, uninstall, log],
  async run({ options }, ctx) {
    if (options.explain === true) return explain(ctx);
    if (isTerminal(0)) {
      throw new UserError({
        reason: "no-request",
        message: "The guard reads a request from standard input, and that is a terminal.",
        hint: "See: tta-persona guard --explain, tta-persona guard install",
      });
    }
    // Any other exit code than 2 would let the tool pass.
    const answer = await answerSafely(ctx);
    if (answer.stderr !== "") ctx.output.complain(answer.stderr.trimEnd().split("\n"));
    ctx.output.raw(answer.stdout);
    return answer.exitCode;
  },
};

/** @param done what was done, or that nothing had to be. A dry run shows what the file would hold instead. */
function tell(document: GuardInstallJson | GuardUninstallJson, done: string, { output }: CliContext): void {
  const { dryRun, changed, text } = document;
  if (dryRun && changed) output.content(document, `${text?.trimEnd()}\n`);
  else if (dryRun) output.answer(document, done);
  else output.done(document, done);
}

async function answerSafely(ctx: CliContext): Promise<GuardAnswer> {
  try {
    const request = readRequest(await ctx.readStdin(), ctx.cwd());
    if (!request.ok) return refusal(request.error);
    const { home, env, clock, version } = ctx;
    const directories = directoriesOf(request.value, env, ctx.cwd());
    const actives: ActivePersona[] = [];
    for (const directory of directories) {
      const active = await activeAt(directory, ctx);
      if (active !== undefined) actives.push(active);
    }
    const { segmentBytes } = ctx.settings;
    return answerRequest(request.value, directories, actives, {
      home,
      env,
      clock,
      monotonic: monotonicClock,
      version,
      segmentBytes,
    });
  } catch (error) {
    return refusal(error instanceof UserError ? error.message : "its state cannot be read");
  }
}

async function explain(ctx: CliContext): Promise<number> {
  const active = await activeAt(ctx.cwd(), ctx);
  const rules = active?.rules.kind === "found" ? active.rules.rules : undefined;
  const [own, ...more] = rules ?? [];
  const document: GuardJson = {
    schema: "tta-persona/guard/1",
    persona: active?.persona ?? null,
    rules: own === undefined ? null : rulesJson(own),
    alsoRules: more.map(rulesJson),
    limits: [...guardLimits],
  };
  const none =
    active !== undefined && active.rules.kind !== "found"
      ? `${active.rules.reason} Every tool is asked for.`
      : "No persona is active, so everything is allowed.";
  const also = "\nThe definition is a project's that nobody has trusted, so these hold as well:\n";
  const head = rules === undefined ? `${none}\n` : rules.map((one) => rulesText(one, ctx)).join(also);
  const limits = guardLimits.map((limit) => `  - ${limit}\n`).join("");
  ctx.output.answer(document, `${head}\n${ctx.paint.bold("What it cannot enforce")}\n${limits}`);
  return ExitCode.done;
}

function rulesJson({
  persona,
  allowedServers,
  allowedTools,
  restrictedPaths,
  security,
}: GuardRules): GuardJson["alsoRules"][number] {
  return {
    persona,
    allowedServers,
    allowedTools,
    restrictedPaths,
    requireApprovalFor: security?.requireApprovalFor,
  };
}

function rulesText(
  { persona, allowedServers, allowedTools = {}, restrictedPaths = [], security }: GuardRules,
  { paint }: CliContext,
): string {
  const list = (words: readonly string[] | undefined) =>
    words === undefined || words.length === 0 ? "-" : words.join(", ");
  const tools = Object.entries(allowedTools).map(([server, names]) => [
    `  tools of ${printable(server)}`,
    list(names),
  ]);
  const rows = [
    ["  denied: paths under", list(restrictedPaths)],
    [
      "  denied: MCP servers but",
      allowedServers === undefined && tools.length === 0
        ? "- (all may be used)"
        : list([...new Set([...(allowedServers ?? []), ...Object.keys(allowedTools)])]),
    ],
    ...tools,
    ["  asked for", list(security?.requireApprovalFor)],
    ["  asked for: changes of", "the persona's definition, tta-persona's own files, .claude/settings*.json"],
    [
      "  asked for: commands",
      "tta-persona switch, end, trust, guard uninstall and the like, and setting TTA_PERSONA",
    ],
  ];
  return `${paint.bold(`Rules of ${persona}`)}\n${table(rows)}`;
}
