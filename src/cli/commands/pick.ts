import type { Command } from "../command.ts";
import { LEFT, noTerminal, pickPersona } from "../pick/pick.ts";
import { command as switchCommand } from "./switch.ts";

export const command: Command = {
  name: "pick",
  summary: "Choose a persona from a list on the terminal, and switch to it",
  description:
    "Type some letters of a name, in any distance; arrows move, Enter or a digit chooses, Esc leaves. The previous " +
    "persona stands first, and * marks the active one. `switch` without a name does the same on a terminal.",
  options: (switchCommand.options ?? []).filter(({ flags }) => flags !== "--no-interactive"),
  examples: [{ command: "tta-persona pick", doc: "on a terminal" }],
  exitCodes: {
    1: "it could not be written down, such as on a full disk; nothing has changed",
    2: "there is no terminal, or TTA_PERSONA_INTERACTIVE=0",
    [LEFT]: "left without choosing; nothing has changed",
  },
  json: "tta-persona/switch/1",
  async run(invocation, ctx) {
    const picked = await pickPersona(ctx, true);
    if (picked.kind === "nobody") throw noTerminal();
    if (picked.kind === "left") return LEFT;
    return (await switchCommand.run?.({ ...invocation, args: [picked.persona] }, ctx)) ?? LEFT;
  },
};
