import * as z from "zod";
import { document, lines } from "./json-document.ts";

/** What became of one file of one agent tool. */
export const applied = z.object({
  client: z.string().describe("as `apply.targets` names it; `onSwitch` for a command of the user's"),
  file: z
    .string()
    .nullable()
    .describe("absolute path; the program's name for a command; null where there is none"),
  outcome: z
    .enum(["changed", "would-change", "already", "skipped", "refused", "failed"])
    .describe(
      "`changed` was read back; `refused`: it cannot be edited as it is; `failed`: it is as it was before",
    ),
  reason: z.string().nullable().describe("why it was skipped, refused or failed; stable, kebab-case"),
  message: z.string().nullable(),
  hint: z.string().nullable(),
  reload: z.string().nullable().describe("how the tool takes the change in"),
  diff: z.string().nullable().describe("with --dry-run, what would be changed, secrets masked"),
});

const applyShape = document("apply", {
  persona: z.string(),
  dryRun: z.boolean(),
  applied: z.array(applied),
});

const applyStatusShape = document("apply-status", {
  persona: z.string().nullable().describe("the active one"),
  targets: lines.nullable().describe("the setting `apply.targets`; null where it is not set"),
  applied: z.array(applied).describe("as it is now; `would-change` where a file names another persona"),
});

const applyDetectShape = document("apply-detect", {
  clients: z.array(
    z.object({
      client: z.string(),
      doc: z.string(),
      file: z.string().nullable(),
      state: z
        .enum(["hypertool", "no-hypertool", "missing", "unusable", "by-name"])
        .describe("`by-name`: needs no Hypertool, and is applied to only when it is named"),
      message: z.string().nullable(),
      enabled: z.boolean().describe("named by the setting `apply.targets`"),
    }),
  ),
  targets: lines.describe("the setting `apply.targets` afterwards"),
  saved: z.boolean(),
});

const undoShape = document("undo", {
  persona: z.string().nullable().describe("the active one now; null: nobody, as before the first switch"),
  chatmode: z.string().nullable(),
  from: z.string().nullable().describe("the persona before"),
  applied: z.array(applied),
});

export type AppliedJson = z.infer<typeof applied>;
export type ApplyJson = z.infer<typeof applyShape>;
export type ApplyStatusJson = z.infer<typeof applyStatusShape>;
export type ApplyDetectJson = z.infer<typeof applyDetectShape>;
export type UndoJson = z.infer<typeof undoShape>;
