import * as z from "zod";

const shapes = new Map<string, z.ZodObject>();

/** Every document of the program, by its `schema`. */
export const jsonShapes: ReadonlyMap<string, z.ZodObject> = shapes;

/** Describes the document of one `schema`. */
export function document<Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) {
  const schema = `tta-persona/${name}/1` as const;
  const described = z.strictObject({ schema: z.literal(schema), ...shape });
  shapes.set(schema, described);
  return described;
}

export const seconds = z.number().min(0).describe("seconds");
export const time = z.iso.datetime().describe("UTC, ISO 8601");
export const lines = z.array(z.string());

export const origin = z
  .object({
    kind: z.enum(["built-in", "user", "project"]),
    file: z.string().optional().describe("absolute path; absent for built-in ones"),
  })
  .describe("where its definition was found");

export const problem = z.object({
  file: z.string(),
  line: z.int().optional().describe("from 1"),
  column: z.int().optional().describe("from 1"),
  message: z.string(),
  hint: z.string(),
  code: z
    .enum(["broken", "dangling-link", "name-clash", "unreadable"])
    .optional()
    .describe("what kind of problem; absent where it is one of what the definition says"),
});

export const writtenFiles = z.array(
  z.object({
    file: z.string().describe("absolute path"),
    outcome: z
      .enum(["written", "unchanged", "replaced"])
      .describe("`unchanged`: it was there with the same content"),
  }),
);
