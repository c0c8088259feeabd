import { claudeCode } from "./claude-code.ts";
import { copilot } from "./copilot.ts";
import { cursor } from "./cursor.ts";
import type { PersonaFormat } from "./format.ts";
import { gemini } from "./gemini.ts";
import { hypertool } from "./hypertool.ts";
import { opencode } from "./opencode.ts";

/** All that can be imported and exported. To add one: its file, and its name here. */
export const personaFormats: readonly PersonaFormat[] = [
  claudeCode,
  copilot,
  hypertool,
  cursor,
  gemini,
  opencode,
];
