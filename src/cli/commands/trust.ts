import fs from "node:fs";
import { resolve } from "node:path";
import { trustFile } from "../../config/trust.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import type { Command } from "../command.ts";
import type { TrustJson } from "../json-shapes.ts";
import { quote } from "../printable.ts";

export const command: Command = {
  name: "trust",
  summary: "Trust a project's file as it is now, so that it takes effect without being asked for",
  description:
    "A project's settings, and a workflow of it that has the name of a built-in one, take effect only when you have " +
    "read and trusted the file. Trust is bound to the content: after a change it is asked for again. TTA_PERSONA_TRUST=1 trusts all, for CI.",
  arguments: [{ name: "file", doc: "such as .tta-persona/workflows/package-release.yaml" }],
  examples: [
    { command: "tta-persona trust .tta-persona/settings.yaml", doc: "let the project choose its model, say" },
    { command: "tta-persona trust .tta-persona/workflows/package-release.yaml", doc: "after reading it" },
  ],
  exitCodes: {},
  json: "tta-persona/trust/1",
  run({ args: [given = ""] }, ctx) {
    const file = resolve(ctx.cwd(), given);
    if (fs.statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
      throw new UserError({
        reason: "no-such-file",
        message: `There is no file ${quote(given)}.`,
        hint: "See: tta-persona workflow list",
      });
    }
    trustFile(ctx.home, file);
    const document: TrustJson = { schema: "tta-persona/trust/1", file };
    ctx.output.done(document, `Trusted as it is now: ${file}\n`);
    return ExitCode.done;
  },
};
