import fs from "node:fs";
import { resolve } from "node:path";
import { trustFile } from "../../config/trust.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import { trimSlashes } from "../../core/project-directories.ts";
import type { Persona } from "../../persona/persona.ts";
import { findProject, type Project, projectAt, readProjectPersona } from "../../persona/project-persona.ts";
import { DEFAULT_CHATMODE } from "../../projection/session.ts";
import { deliverAfterWork } from "../after-work.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { findPersona, personaPlaces } from "../find-persona.ts";
import { quote } from "../printable.ts";
import { beginProject } from "../project-scope.ts";
import type { TrustJson } from "../session-shapes.ts";

export const command: Command = {
  name: "trust",
  summary: "Trust a project's file as it is now, so that it takes effect without being asked for",
  description:
    "Without a file: the `.tta-persona/persona` of the project, which names the persona for everything below it. That, a " +
    "project's settings, and a workflow of it that has the name of a built-in one, take effect only when you have read " +
    "and trusted the file; until then a persona's definition only takes away from what holds without it. Trust is bound to the content: after a change it is asked for again. TTA_PERSONA_TRUST=1 trusts all, for CI.",
  arguments: [{ name: "file", doc: "such as .tta-persona/workflows/package-release.yaml", optional: true }],
  examples: [
    { command: "tta-persona trust", doc: "the project's persona, after reading it" },
    { command: "tta-persona trust .tta-persona/settings.yaml", doc: "let the project choose its model, say" },
    { command: "tta-persona trust .tta-persona/personas/auditor.json", doc: "let it open what it says" },
    { command: "tta-persona trust .tta-persona/workflows/package-release.yaml", doc: "after reading it" },
  ],
  exitCodes: {},
  json: "tta-persona/trust/1",
  async run({ args: [given] }, ctx) {
    const file = given === undefined ? projectPersona(ctx) : resolve(ctx.cwd(), given);
    if (fs.statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
      throw new UserError({
        reason: "no-such-file",
        message: `There is no file ${quote(given ?? file)}.`,
        hint: "It takes a file of a project, such as .tta-persona/settings.yaml.",
      });
    }
    const root = /^(.*)\/\.tta-persona\/persona$/.exec(file)?.[1];
    const project = root === undefined ? undefined : projectAt(realRoot(root));
    const persona = project === undefined ? undefined : findNamed(project, ctx);
    trustFile(ctx.home, file);
    if (project !== undefined && persona !== undefined) {
      beginProject(ctx, project, persona.name, DEFAULT_CHATMODE);
    }
    const document: TrustJson = {
      schema: "tta-persona/trust/1",
      file,
      ...(persona && { persona: persona.name }),
    };
    const of =
      persona === undefined ? "" : `${ctx.paint.bold(persona.name)} is the persona of this project. `;
    ctx.output.done(document, `${of}Trusted as it is now: ${file}\n`);
    if (persona !== undefined) await deliverAfterWork(ctx);
    return ExitCode.done;
  },
};

function projectPersona(ctx: CliContext): string {
  const project = findProject(personaPlaces(ctx));
  if (project !== undefined) return project.file;
  throw new UserError({
    reason: "no-project-persona",
    message: "Neither this directory nor one above it has a .tta-persona/persona.",
    hint: "Make one: tta-persona switch <persona> --scope project. Other files have to be named, such as: tta-persona trust .tta-persona/settings.yaml",
  });
}

/** As the working directory is told: without links on the way, and without a slash at its end. */
function realRoot(root: string): string {
  return trimSlashes(fs.realpathSync(root === "" ? "/" : root));
}

/** @throws UserError where the file names no persona that there is: trusting it would help nobody. */
function findNamed(project: Project, ctx: CliContext): Persona {
  const name = readProjectPersona(project);
  if (!name.ok) throw new UserError(name.error);
  return findPersona(name.value, ctx);
}
