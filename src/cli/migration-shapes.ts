import * as z from "zod";
import { document } from "./json-document.ts";

const migrateShape = document("migrate", {
  dryRun: z.boolean(),
  found: z.boolean().describe("whether there is anything of an old installation"),
  steps: z.array(
    z.object({
      what: z.enum(["persona", "settings", "definitions", "budgets", "script"]),
      outcome: z
        .enum(["done", "would", "already", "left", "to-do"])
        .describe("`left`: not touched, on purpose; `to-do`: something for you"),
      path: z.string().describe("absolute; what it is about"),
      text: z.string(),
    }),
  ),
});

export type MigrateJson = z.infer<typeof migrateShape>;
