import * as z from "zod";
import { applied } from "./apply-shapes.ts";
import { document, seconds, time } from "./json-document.ts";

/** The documents of the commands that switch personas and say which one is active, as `json-shapes.ts`. */

const chatmode = z.string().describe("`default` when none was given");

const previous = z
  .object({ persona: z.string(), chatmode })
  .nullable()
  .describe("what `switch -` goes back to");

const source = z.enum(["environment", "shell", "project", "global"]);

const session = z.object({
  persona: z.string(),
  chatmode,
  source: source.describe("what named it"),
  scope: z.string().describe("whose session it is: global, project:<hash>, shell:<id> or run:<id>/<stage>"),
  since: time.nullable().describe("when its session began; UTC, ISO 8601; null where none has begun"),
  durationSeconds: seconds.nullable().describe("how long its session has lasted, in seconds"),
  idle: z
    .boolean()
    .describe("its session is over for want of activity, though it is still the active persona"),
});

const statusShape = document("status", {
  active: session.nullable().describe("the active persona, or null"),
  previous,
});

const currentShape = document("current", {
  ...session.shape,
  previous,
  explanation: z
    .array(
      z.object({
        source: z.enum(["flag", ...source.options]),
        persona: z.string().nullable().describe("null where it names none that counts"),
        wins: z.boolean(),
        reason: z.string().describe("why, or why not"),
      }),
    )
    .optional()
    .describe("with --explain; what goes before the others first"),
});

const promptShape = document("prompt", { persona: z.string().nullable() });

const switchShape = document("switch", {
  scope: z.string().describe("where it is the active one now: global, project:<hash> or shell:<id>"),
  persona: z.string(),
  chatmode,
  outcome: z
    .enum(["switched", "already", "resumed"])
    .describe(
      "`already`: nothing changed; `resumed`: it was active, and a new session begins after an idle one",
    ),
  dryRun: z.boolean().describe("nothing was changed; this is what would have happened"),
  from: z.string().nullable().describe("the persona before, `none` at first; null unless switched"),
  fromChatmode: z.string().nullable(),
  endedAfterSeconds: seconds.nullable().describe("duration of the session that ended, in seconds"),
  activeForSeconds: seconds.nullable().describe("duration of the session that goes on, in seconds"),
  applied: z.array(applied).describe("what became of it in the agent tools, by `apply.targets` or --client"),
});

const endShape = document("end", {
  scope: z.string(),
  persona: z.string(),
  chatmode,
  durationSeconds: seconds,
});

const trustShape = document("trust", {
  file: z.string().describe("absolute path"),
  persona: z.string().optional().describe("the project's from now on, where the file names one"),
});

const shellInitShape = document("shell-init", { shell: z.string(), script: z.string() });

export type StatusJson = z.infer<typeof statusShape>;
export type CurrentJson = z.infer<typeof currentShape>;
export type PromptJson = z.infer<typeof promptShape>;
export type SwitchJson = z.infer<typeof switchShape>;
export type EndJson = z.infer<typeof endShape>;
export type TrustJson = z.infer<typeof trustShape>;
export type ShellInitJson = z.infer<typeof shellInitShape>;
