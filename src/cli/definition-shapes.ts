import * as z from "zod";
import { document, lines, origin } from "./json-document.ts";

/** The documents of `validate`, `chatmode` and `persona`. */

const finding = z.object({
  code: z.string().describe("stable; see docs/validation.md"),
  severity: z.enum(["error", "warning"]),
  file: z.string().describe("absolute path"),
  line: z.int().optional().describe("from 1"),
  column: z.int().optional().describe("from 1"),
  message: z.string(),
  hint: z.string(),
});

const validation = {
  valid: z.boolean().describe("no errors; with --strict no warnings either"),
  errors: z.int(),
  warnings: z.int(),
  checked: z
    .object({ personas: z.int(), chatmodes: z.int(), workflows: z.int(), settings: z.int() })
    .describe("how many of each were looked at"),
  findings: z.array(finding).describe("by file and place"),
};

const validateShape = document("validate", validation);
const chatmodeValidateShape = document("chatmode-validate", validation);

const chatmode = {
  name: z.string(),
  file: z.string().describe("absolute path, links not resolved"),
  persona: z
    .string()
    .nullable()
    .describe("the persona's plain name; null: it names none, or none that there is"),
  statedPersona: z.string().nullable().describe("what is written there"),
  tokenBudget: z.int().nullable(),
  hasFrontmatter: z.boolean(),
  shadowedBy: z.string().nullable().describe("the file of the same name that goes before it"),
};

const chatmodeListShape = document("chatmode-list", {
  chatmodes: z.array(z.object(chatmode)).describe("by name; of equal names, the one that counts first"),
  findings: z.array(finding).describe("files and folders that cannot be used"),
});

const chatmodeShowShape = document("chatmode-show", {
  ...chatmode,
  description: z.string().nullable(),
  mode: z.string().nullable(),
  model: z.string().nullable(),
  tools: lines.nullable(),
  toolsViaHypertool: z.boolean().nullable(),
  restrictedPaths: lines.nullable(),
  allowedServers: lines.nullable(),
});

const definition = z.record(z.string(), z.unknown()).describe("as in a persona's file");

const lost = z
  .array(
    z.object({
      field: z.string(),
      values: lines.optional().describe("which of its values; absent: all of it"),
      why: z.string(),
      told: z.boolean().describe("its instructions say it in words, which nothing enforces"),
    }),
  )
  .describe("what does not come back when the file is imported");

const personaExportShape = document("persona-export", {
  persona: z.string(),
  format: z.string(),
  file: z.string().nullable().describe("what was written; null: nothing, and `text` is all"),
  text: z.string(),
  carried: lines.describe("fields that come back when the file is imported"),
  lost,
  added: lines.describe("fields that come back though the persona does not have them"),
});

const personaImportShape = document("persona-import", {
  persona: z.string(),
  format: z.string(),
  file: z.string().describe("where it is, or with --dry-run would be"),
  dryRun: z.boolean(),
  replaced: z.boolean().describe("a file was, or would be, overwritten"),
  definition,
  ignored: z
    .array(z.object({ field: z.string(), why: z.string() }))
    .describe("what the file says that a persona has no place for"),
  shadows: origin.nullable().describe("the definition of that name that it takes the place of"),
});

const personaCreateShape = document("persona-create", {
  persona: z.string(),
  file: z.string(),
  replaced: z.boolean(),
  definition,
  shadows: origin.nullable().describe("the definition of that name that it takes the place of"),
});

export type ValidateJson = z.infer<typeof validateShape>;
export type ChatmodeValidateJson = z.infer<typeof chatmodeValidateShape>;
export type ChatmodeListJson = z.infer<typeof chatmodeListShape>;
export type ChatmodeShowJson = z.infer<typeof chatmodeShowShape>;
export type PersonaExportJson = z.infer<typeof personaExportShape>;
export type PersonaImportJson = z.infer<typeof personaImportShape>;
export type PersonaCreateJson = z.infer<typeof personaCreateShape>;
