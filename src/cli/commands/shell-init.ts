import { ExitCode } from "../../core/errors.ts";
import { resolveHome } from "../../core/home.ts";
import { deliverAfterWork } from "../after-work.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { endGoneShells } from "../gone-shells.ts";
import type { ShellInitJson } from "../session-shapes.ts";
import { bashInit } from "../shell-init/bash.ts";
import { fishInit } from "../shell-init/fish.ts";
import { zshInit } from "../shell-init/zsh.ts";
import { type ForShells, forShell } from "../shells.ts";

const scripts: ForShells<(state: string) => string> = {
  bash: bashInit,
  zsh: zshInit,
  fish: fishInit,
};

export const command: Command = {
  name: "shell-init",
  summary: "Print the code that gives a shell a persona of its own, and a prompt that costs nothing",
  description:
    "The shell gets an id in TTA_PERSONA_SHELL, which its child processes inherit, so that `switch --scope shell` is for " +
    "this terminal only; when the shell exits, its session ends.\n\nThe function `tta_persona_prompt` prints the persona " +
    "in force for a prompt, or nothing. It reads plain files and starts no process. With `-v <variable>` it sets a " +
    "variable instead, which saves bash and zsh the subshell; two more words are put before and after a name, and left " +
    "out where there is no name.",
  arguments: [{ name: "shell", doc: "bash, zsh or fish", complete: Object.keys(scripts) }],
  examples: [
    { command: 'eval "$(tta-persona shell-init bash)"', doc: "in ~/.bashrc" },
    { command: 'eval "$(tta-persona shell-init zsh)"', doc: "in ~/.zshrc" },
    { command: "tta-persona shell-init fish | source", doc: "in ~/.config/fish/config.fish" },
  ],
  exitCodes: {},
  json: "tta-persona/shell-init/1",
  settingsProblems: "ignored",
  async run({ args: [shell = ""] }, ctx) {
    const toScript = forShell(scripts, shell, "nothing");
    const script = toScript(usualState(ctx));
    const document: ShellInitJson = { schema: "tta-persona/shell-init/1", shell, script };
    ctx.output.content(document, script);
    // A new shell is a good moment to see which ones are gone.
    if (endGoneShells(ctx)) await deliverAfterWork(ctx);
    return ExitCode.done;
  },
};

/** Where state lies without TTA_PERSONA_HOME, which the code looks at each time by itself. */
function usualState({ env, home }: CliContext): string {
  const { TTA_PERSONA_HOME: _, ...rest } = env;
  const usual = resolveHome(rest, process.platform);
  return (usual.ok ? usual.value : home).state;
}
