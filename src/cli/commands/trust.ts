import fs from "node:fs";
import { resolve } from "node:path";
import { trustFile } from "../../config/trust.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import type { Command } from "../command.ts";
import type { TrustJson } from "../json-shapes.ts";
import { quote } from "../printable.ts";

export const command: Command = {
  name: "trust",
  summary: "Trust a project's file as it is now, so that it may replace what is built in",
  description:
    "A project's workflow that has the name of a built-in one takes its place only when you have read and trusted " +
    "it. Trust is bound to the content: after a change it is asked for again. TTA_PERSONA_TRUST=1 trusts all, for CI.",
  arguments: [{ name: "file", doc: "such as .tta-persona/workflows/package-release.yaml" }],
  examples: [
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
