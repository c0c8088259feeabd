import { UserError } from "../core/errors.ts";
import { type Catalogue, loadCatalogue } from "../persona/catalogue.ts";
import { type Chatmode, isChatmodeName, resolveChatmode } from "../persona/chatmode.ts";
import { type ChatmodeCatalogue, loadChatmodes } from "../persona/chatmodes.ts";
import { personaOfChatmode } from "../persona/check-chatmodes.ts";
import type { Persona } from "../persona/persona.ts";
import type { CliContext } from "./context.ts";
import { personaPlaces, problemLine } from "./find-persona.ts";
import { anyOf, quote } from "./printable.ts";
import { hintWith } from "./usage-error.ts";

/** @throws UserError: it becomes a label value, so it is as plain and as short as a persona's name. */
export function assertChatmode(text: string): void {
  if (isChatmodeName(text)) return;
  throw new UserError({
    reason: "invalid-chatmode",
    message: `${quote(text)} cannot be a chatmode.`,
    hint: "Chatmodes are kebab-case, at most 64 letters: test-driven",
  });
}

/** The chatmode's file. @throws UserError when there is none, or several for different personas. */
export function findChatmode(
  name: string,
  ctx: CliContext,
  { chatmodes, findings }: ChatmodeCatalogue = loadChatmodes(ctx.cwd()),
): Chatmode {
  const resolution = resolveChatmode(name, chatmodes);
  if (resolution.kind === "found") return resolution.chatmode;
  if (resolution.kind === "ambiguous") {
    const files = resolution.candidates.map(({ file }) => file);
    throw new UserError({
      reason: "ambiguous-chatmode",
      message: `The chatmode ${quote(name)} could be ${anyOf(files)}.`,
      hint: "They name different personas. Run it in the folder of one of them, or name the persona.",
    });
  }
  const broken = findings.find(
    ({ file, severity }) => severity === "error" && file.endsWith(`/${name}.chatmode.md`),
  );
  if (broken !== undefined) {
    throw new UserError({
      reason: "broken-chatmode",
      message: problemLine(broken),
      hint: broken.hint,
    });
  }
  throw new UserError({
    reason: "unknown-chatmode",
    message: `There is no file of a chatmode ${quote(name)} in this project.`,
    hint: hintWith(resolution.suggestions, "See: tta-persona chatmode list"),
  });
}

/** Who a chatmode is for. @throws UserError when its file does not say, or names nobody. */
export function personaFor(chatmode: Chatmode, ctx: CliContext): Persona {
  const written = chatmode.declares?.persona;
  if (written === undefined) {
    throw new UserError({
      reason: "chatmode-without-persona",
      message: `${chatmode.file} names no persona.`,
      hint: `Name one: tta-persona switch <persona> --chatmode ${chatmode.name}`,
    });
  }
  const persona = personaOfChatmode(written.value, loadCatalogue(personaPlaces(ctx)));
  if (persona !== undefined) return persona;
  throw new UserError({
    reason: "chatmode-unknown-persona",
    message: `${chatmode.file}:${written.line}:${written.column}: there is no persona ${quote(written.value)}.`,
    hint: "All that is wrong: tta-persona chatmode validate",
  });
}

/** One line where a chatmode's file names another persona than the one that is switched to. */
export function otherPersona(
  persona: string,
  chatmode: string,
  cwd: string,
  catalogue: Catalogue,
): string | undefined {
  const resolution = resolveChatmode(chatmode, loadChatmodes(cwd).chatmodes);
  if (resolution.kind !== "found") return undefined;
  const { declares, file } = resolution.chatmode;
  const written = declares?.persona;
  if (written === undefined) return undefined;
  const named = personaOfChatmode(written.value, catalogue)?.name ?? written.value;
  if (named === persona) return undefined;
  return `the chatmode ${chatmode} is one of ${named}, not of ${persona} (${file}:${written.line}:${written.column})`;
}
