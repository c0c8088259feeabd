import * as z from "zod";
import { CAPTURES } from "../core/capture.ts";
import { isPersonaName, MAX_NAME_LENGTH } from "./names.ts";
import { BUDGET_WINDOWS, isOneLine, isText } from "./shape.ts";

const oneLine = z.string().refine(isOneLine, "expected text on one line, without control characters");
const lines = z.array(oneLine);

/**
 * A persona definition file. Only `name` is required; unknown keys are passed over, so that a file written for a
 * newer version or another tool still loads. `shape.ts` holds the same rules for the hot path.
 */
export const personaFileSchema = z
  .object({
    name: z
      .string()
      .refine(
        isPersonaName,
        `expected a kebab-case name of at most ${MAX_NAME_LENGTH} letters, not a reserved word`,
      )
      .describe("kebab-case; a leading tta- is not part of the plain name"),
    displayName: oneLine.exactOptional(),
    description: z.string().refine(isText, "expected text without control characters").exactOptional(),
    icon: oneLine.exactOptional(),
    tokenBudget: z.int().positive().exactOptional().describe("prompt-size hint in tokens; limits nothing"),
    allowedServers: lines.exactOptional().describe("MCP servers"),
    allowedTools: z.record(z.string(), lines).exactOptional().describe("tools or globs by MCP server"),
    restrictedPaths: lines.exactOptional().describe("globs"),
    context: z
      .object({
        primaryLanguage: oneLine.exactOptional(),
        frameworks: lines.exactOptional(),
        focusAreas: lines.exactOptional(),
        keyFiles: lines.exactOptional().describe("globs"),
      })
      .exactOptional(),
    security: z
      .object({
        allowEnvironmentAccess: lines.exactOptional().describe("names or globs of environment variables"),
        blockList: lines.exactOptional().describe("globs of environment variables"),
        requireApprovalFor: lines.exactOptional(),
      })
      .exactOptional(),
    workflows: z
      .object({ default: oneLine.exactOptional(), available: lines.exactOptional() })
      .exactOptional(),
    budget: z
      .object({ tokens: z.int().positive(), window: z.enum(BUDGET_WINDOWS) })
      .exactOptional()
      .describe("consumption budget: tokens that may be used per window"),
    capture: z.enum(CAPTURES).exactOptional().describe("what is kept of its model calls' texts"),
  })
  .meta({ title: "tta-persona definition" });

export type PersonaFile = z.infer<typeof personaFileSchema>;

/** The keys that a definition may have; of a group in it, such as `context`, where one is named. */
export function personaKeys(group: string): readonly string[] {
  if (group === "") return Object.keys(personaFileSchema.shape);
  const field = personaFileSchema.shape[group as keyof PersonaFile];
  const inner = field instanceof z.ZodExactOptional ? field.unwrap() : field;
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

/** The published JSON Schema of a persona's file. */
export function personaJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(personaFileSchema, { io: "input" }), null, 2)}\n`;
}
