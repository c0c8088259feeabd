import { ExitCode, UserError } from "../core/errors.ts";
import { resolveHome } from "../core/home.ts";
import type { Command, Invocation } from "./command.ts";
import { loadCommand, loadCommands } from "./command-table.ts";
import { type CliContext, createContext, type World } from "./context.ts";
import { tellBug, tellFailure } from "./failure.ts";
import { createOutput, type Output } from "./output.ts";
import { buildProgram, ParserExit } from "./program.ts";
import { ROOT, type Route, route } from "./route.ts";
import { assertSubcommand } from "./subcommand.ts";
import { systemError } from "./system-error.ts";
import { usageError } from "./usage-error.ts";

/** Runs the complete program. Never throws. @returns the exit code. */
export async function runCli(world: World): Promise<number> {
  const routed = route(world.argv);
  const output = createOutput(routed.flags, world.env);
  try {
    return await dispatch(world, routed, output);
  } catch (error) {
    return tellError(error, world, routed, output);
  }
}

/** Tells what was thrown, wherever it came from. @returns the exit code. */
export function tellError(error: unknown, world: World, routed: Route, output: Output): number {
  try {
    const failure = expected(error, world, routed);
    if (failure === "none") return ExitCode.done;
    return failure === undefined
      ? tellBug(error, world, routed.flags, output)
      : tellFailure(failure, routed.flags, output);
  } catch (unwritable) {
    // With --json, what failed may be stdout itself.
    if (!(unwritable instanceof UserError)) throw unwritable;
    output.complain([`tta-persona: ${unwritable.message}`]);
    return unwritable.exitCode;
  }
}

async function dispatch(world: World, routed: Route, output: Output): Promise<number> {
  // A shell asks before each of its prompts, and must not be answered with errors.
  const isShellPrompt = routed.command === "prompt" && routed.args.length === 0;
  if (isShellPrompt && !resolveHome(world.env, world.platform).ok) return ExitCode.done;
  if (routed.bareWord !== undefined) {
    // The schema and YAML libraries that the catalogue needs would double the start of every other command.
    const { assertPersona } = await import("./bare-form.ts");
    assertPersona(routed.bareWord, await createContext(world, routed.flags, output));
  }
  let exitCode: number = ExitCode.done;
  const run = async (command: Command, invocation: Invocation) => {
    const ctx = await createContext(world, routed.flags, output);
    if (command.settingsProblems === undefined) {
      for (const problem of ctx.settings.problems) output.note(problem.message);
    }
    // Also where the settings are shown: those that do not apply are not among them.
    if (command.settingsProblems !== "ignored" && ctx.untrustedSettings !== undefined) {
      output.note(untrustedNote(ctx.untrustedSettings));
    }
    exitCode = (await command.run?.(invocation, ctx)) ?? ExitCode.done;
  };
  const commands = await commandsFor(routed, () => createContext(world, routed.flags, output));
  const program = buildProgram({ version: world.version, commands, print: output.raw, run });
  const args = routed.command === ROOT ? routed.args : [routed.command, ...routed.args];
  await program.parseAsync(args, { from: "user" });
  return exitCode;
}

function untrustedNote(file: string): string {
  return `${file} does not apply until you have read and trusted it: tta-persona trust ${file}`;
}

/** Only what this call needs is loaded: one command, or all of them for the program's own help. */
async function commandsFor(routed: Route, context: () => Promise<CliContext>): Promise<readonly Command[]> {
  if (routed.command === ROOT) {
    return routed.args.some((arg) => arg === "--help" || arg === "-h") ? loadCommands() : [];
  }
  const command = await loadCommand(routed.command);
  if (command === undefined) throw new Error(`no such command: ${routed.command}`);
  assertSubcommand(command, routed.args);
  return [(await command.specialize?.(routed.args, await context())) ?? command];
}

/** What a user can do something about; `none` after help; undefined for a bug. */
function expected(error: unknown, world: World, routed: Route): UserError | "none" | undefined {
  if (error instanceof UserError) return error;
  if (error instanceof ParserExit) {
    return usageError(error.reason, helpCommand(routed, error.command)) ?? "none";
  }
  const home = resolveHome(world.env, world.platform);
  if (!home.ok) return systemError(error, "its files");
  return systemError(error, routed.command === "config" ? home.value.configFile : home.value.data);
}

/** Whose help says more: that of a workflow knows its parameters. */
function helpCommand({ command, args: [first = ""] }: Route, parsed: string): string {
  return command === "run" && /^[a-z]/.test(first) ? `${parsed} ${first}` : parsed;
}
