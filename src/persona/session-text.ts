import { formatDuration } from "../core/duration.ts";
import type { Paint } from "../core/output.ts";
import { escapeControls } from "../core/printable.ts";
import { DEFAULT_CHATMODE, NO_PERSONA } from "../projection/session.ts";
import type { PersonaHead } from "./persona.ts";
import type { SwitchOutcome } from "./switch-persona.ts";

/** The texts that the hot path and the full program both print, to the byte. */

export function switchText(outcome: SwitchOutcome, head: PersonaHead, paint: Paint): string {
  const name = `${personaLabel(outcome.persona, outcome.chatmode, head, paint)}${placeText(outcome.scope)}`;
  if (outcome.kind === "already") {
    const since =
      outcome.activeForMs === undefined ? "" : paint.dim(` (for ${formatDuration(outcome.activeForMs)})`);
    return `Already ${name}${since}\n`;
  }
  const duration = formatDuration(outcome.endedAfterMs ?? 0);
  if (outcome.kind === "resumed") {
    return `Already ${name}${paint.dim(`; a new session begins, the last one ended idle after ${duration}`)}\n`;
  }
  if (outcome.from === NO_PERSONA || outcome.from === undefined) return `Switched to ${name}\n`;
  const mode = chatmodeSuffix(outcome.fromChatmode ?? DEFAULT_CHATMODE);
  return `Switched to ${name}${paint.dim(` from ${escapeControls(outcome.from)}${mode} after ${duration}`)}\n`;
}

/** Where a persona is the active one, for the end of a sentence; empty for the global scope. */
export function placeText(scope: string): string {
  if (scope.startsWith("shell:")) return " in this shell";
  return scope.startsWith("project:") ? " in this project" : "";
}

export function currentText(view: { readonly persona: string }): string {
  return `${escapeControls(view.persona)}\n`;
}

export function personaLabel(
  persona: string,
  chatmode: string,
  head: { readonly icon: string } | undefined,
  paint: Paint,
): string {
  const icon = head === undefined || head.icon === "" ? "" : `${escapeControls(head.icon)} `;
  return `${icon}${paint.bold(escapeControls(persona))}${chatmodeSuffix(chatmode)}`;
}

export function chatmodeSuffix(chatmode: string): string {
  return chatmode === DEFAULT_CHATMODE ? "" : ` [${escapeControls(chatmode)}]`;
}
