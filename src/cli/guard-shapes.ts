import * as z from "zod";
import { document, lines, time } from "./json-document.ts";

const rules = z.object({
  persona: z.string(),
  allowedServers: lines.optional(),
  allowedTools: z.record(z.string(), lines).optional(),
  restrictedPaths: lines.optional(),
  requireApprovalFor: lines.optional(),
});

const guardShape = document("guard", {
  persona: z.string().nullable(),
  rules: rules.nullable().describe("null where no persona is active, or its rules cannot be read"),
  alsoRules: z
    .array(rules)
    .describe(
      "of definitions that hold as well, since the project's own is not trusted; the strictest decides",
    ),
  limits: lines.describe("what the guard cannot enforce"),
});

const guardLogShape = document("guard-log", {
  decisions: z
    .array(
      z.object({
        at: time,
        persona: z.string(),
        chatmode: z.string(),
        tool: z.string(),
        decision: z.enum(["deny", "ask"]),
        rule: z.string(),
        path: z.string().nullable(),
      }),
    )
    .describe("the oldest first; what nothing spoke against is not recorded"),
});

const hook = {
  file: z.string().describe("absolute path"),
  changed: z.boolean(),
  dryRun: z.boolean(),
  text: z.string().nullable().describe("with --dry-run what the file would hold"),
};

const guardInstallShape = document("guard-install", hook);
const guardUninstallShape = document("guard-uninstall", hook);

export type GuardJson = z.infer<typeof guardShape>;
export type GuardLogJson = z.infer<typeof guardLogShape>;
export type GuardInstallJson = z.infer<typeof guardInstallShape>;
export type GuardUninstallJson = z.infer<typeof guardUninstallShape>;
