import * as z from "zod";

const text = z.string();
const texts = z.array(text);
const textOrTexts = z.union([text, texts]);

/** The frontmatter of a chatmode. Other tools read these files too, so that unknown keys are passed over. */
export const chatmodeSchema = z
  .object({
    hypertool_persona: text.exactOptional().describe("the persona that it works as, with or without tta-"),
    persona: text.exactOptional().describe("the same, in short; hypertool_persona goes before it"),
    persona_token_budget: z
      .int()
      .positive()
      .exactOptional()
      .describe("prompt-size hint in tokens: the persona's tokenBudget"),
    tools_via_hypertool: z.boolean().exactOptional(),
    security: z
      .object({
        restricted_paths: texts.exactOptional().describe("globs"),
        allowed_mcp_servers: texts.exactOptional(),
      })
      .exactOptional(),
    mode: text.exactOptional(),
    model: textOrTexts.exactOptional(),
    description: text.exactOptional(),
    tools: z
      .union([text, texts, z.record(z.string(), z.unknown())])
      .exactOptional()
      .describe("a list, or groups of them"),
  })
  .meta({ title: "frontmatter of a chatmode" });

export const CHATMODE_KEYS: readonly string[] = Object.keys(chatmodeSchema.shape);

/** The published JSON Schema of a chatmode's frontmatter. */
export function chatmodeJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(chatmodeSchema, { io: "input" }), null, 2)}\n`;
}
