import { Command as CommanderCommand, type CommanderError } from "commander";
import type { Command, Invocation } from "./command.ts";
import { headingOf } from "./command-groups.ts";
import { helpAfter, rootHelpAfter } from "./help-text.ts";

/** Wide enough for the usage lines, narrow enough for every terminal; asking for its width would load `node:tty`. */
const HELP_WIDTH = 88;

export interface ProgramSpec {
  readonly version: string;
  /** The commands that the parser, or the help, has to know. */
  readonly commands: readonly Command[];
  /** Gets help and version. */
  readonly print: (text: string) => void;
  readonly run: (command: Command, invocation: Invocation) => Promise<void>;
}

/** Why the parser ended the program: wrong usage or, with exit code 0, after help. */
export class ParserExit extends Error {
  readonly reason: CommanderError;
  /** The command that was parsed, such as `tta-persona config set`. */
  readonly command: string;

  constructor(reason: CommanderError, command: string) {
    super(reason.message);
    this.reason = reason;
    this.command = command;
  }
}

/** Builds the parser. It throws ParserExit. */
export function buildProgram(spec: ProgramSpec): CommanderCommand {
  const program = configure(new CommanderCommand("tta-persona"), spec)
    .description("Switch AI-agent personas, and measure what happens under them.")
    // What stands behind a command's name is the command's, such as `run package-release --version 1.0.0`.
    .enablePositionalOptions()
    .usage("[command | persona] [options]")
    .version(spec.version, "-V, --version", "print the version")
    .addHelpText("after", rootHelpAfter);
  for (const command of spec.commands) {
    const parser = build(command, spec);
    const heading = headingOf(command.name);
    if (heading !== undefined) parser.helpGroup(`${heading}:`);
    program.addCommand(parser, { hidden: isHidden(command) });
  }
  return program;
}

function build(command: Command, spec: ProgramSpec): CommanderCommand {
  const parser = configure(new CommanderCommand(command.name), spec)
    .summary(command.summary)
    .description([`${command.summary}.`, command.description ?? []].flat().join("\n\n"))
    .addHelpText("after", helpAfter(command));
  if (command.usage !== undefined) parser.usage(command.usage);
  for (const argument of command.arguments ?? []) {
    const name = argument.variadic === true ? `${argument.name}...` : argument.name;
    parser.argument(argument.optional === true ? `[${name}]` : `<${name}>`, argument.doc);
  }
  for (const { flags, doc, repeatable } of command.options ?? []) {
    if (repeatable === true) parser.option(flags, doc, collect);
    else parser.option(flags, doc);
  }
  // Options that a subcommand shares with its command are the subcommand's when they stand behind it.
  if (command.subcommands !== undefined) parser.enablePositionalOptions();
  for (const sub of command.subcommands ?? []) parser.addCommand(build(sub, spec), { hidden: isHidden(sub) });
  if (command.run !== undefined) {
    parser.action(async () => {
      await spec.run(command, { args: parser.processedArgs.flat(), options: parser.opts() });
    });
  }
  return parser;
}

function collect(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value];
}

function configure(parser: CommanderCommand, spec: ProgramSpec): CommanderCommand {
  return parser
    .exitOverride((reason) => {
      throw new ParserExit(reason, pathOf(parser));
    })
    .helpCommand(false)
    .allowExcessArguments(false)
    .helpOption("-h, --help", "show this help")
    .configureOutput({
      writeOut: spec.print,
      // Errors are thrown, and told by whoever catches them.
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function pathOf(parser: CommanderCommand): string {
  return parser.parent === null ? parser.name() : `${pathOf(parser.parent)} ${parser.name()}`;
}

function isHidden(command: Command): boolean {
  return command.hidden === true;
}
