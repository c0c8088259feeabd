import * as z from "zod";
import { document, writtenFiles } from "./json-document.ts";

const initShape = document("init", {
  directory: z.string().describe("absolute path of the project's root"),
  dryRun: z.boolean().describe("whether nothing was written"),
  persona: z.string(),
  workflow: z.string(),
  files: writtenFiles,
});

export type InitJson = z.infer<typeof initShape>;
