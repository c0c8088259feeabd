import { ExitCode } from "../../core/errors.ts";
import type { Command } from "../command.ts";
import { loadCommands } from "../command-table.ts";
import { bashScript } from "../completion/bash.ts";
import { fishScript } from "../completion/fish.ts";
import { type CompletionNode, completionNodes } from "../completion/nodes.ts";
import { zshScript } from "../completion/zsh.ts";
import type { CompletionJson } from "../json-shapes.ts";
import { type ForShells, forShell } from "../shells.ts";

const scripts: ForShells<(nodes: readonly CompletionNode[]) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

export const command: Command = {
  name: "completion",
  summary: "Print the completion script of a shell",
  arguments: [{ name: "shell", doc: "bash, zsh or fish", complete: Object.keys(scripts) }],
  examples: [
    { command: "source <(tta-persona completion bash)", doc: "in ~/.bashrc" },
    { command: "source <(tta-persona completion zsh)", doc: "in ~/.zshrc, after compinit" },
    { command: "tta-persona completion fish > ~/.config/fish/completions/tta-persona.fish", doc: "once" },
  ],
  exitCodes: {},
  json: "tta-persona/completion/1",
  settingsProblems: "ignored",
  async run({ args: [shell = ""] }, ctx) {
    const toScript = forShell(scripts, shell, "no completion");
    const script = toScript(completionNodes(await loadCommands()));
    const document: CompletionJson = { schema: "tta-persona/completion/1", shell, script };
    ctx.output.content(document, script);
    return ExitCode.done;
  },
};
