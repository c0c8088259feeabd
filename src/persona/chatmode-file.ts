import fs from "node:fs";
import { readDefinitionText } from "../core/definition-text.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { type Finding, finding } from "../core/finding.ts";
import { parseFrontmatter } from "../core/frontmatter.ts";
import type { ValuePath } from "../core/json-scan.ts";
import { err, ok, type Result } from "../core/result.ts";
import { schemaProblems } from "../core/schema-problem.ts";
import type { Source } from "../core/source.ts";
import { CHATMODE_ENDING, type Chatmode, type ChatmodeDeclaration, type Located } from "./chatmode.ts";
import { CHATMODE_KEYS, chatmodeSchema } from "./chatmode-schema.ts";

/** Reads one chatmode; the findings of a broken one are errors in document order, and there is at least one. */
export function readChatmode(file: string): Result<Chatmode, readonly [Finding, ...Finding[]]> {
  const text = readDefinitionText(file);
  if (!text.ok) {
    const code = text.error.code === "broken" ? "chatmode-broken" : text.error.code;
    return err([finding(code, { file }, text.error.message, text.error.hint)]);
  }
  const parsed = parseFrontmatter(text.value);
  if (!parsed.ok) {
    const hint = "Correct the YAML there, and end it with a line of three dashes.";
    return err([finding("chatmode-broken", { file, ...parsed.error }, parsed.error.message, hint)]);
  }
  const name = file.slice(file.lastIndexOf("/") + 1, -CHATMODE_ENDING.length);
  const chatmode = { name, file, realFile: realPath(file) };
  const { source } = parsed.value;
  if (source === undefined) return ok({ ...chatmode, declares: undefined });

  // Of an empty frontmatter YAML makes null.
  const values = chatmodeSchema.safeParse(source.value ?? {});
  if (values.success) return ok({ ...chatmode, declares: declarationOf(values.data, source) });
  const [first, ...rest] = schemaProblems(values.error.issues, source, hintFor);
  const invalid = (problem: typeof first) =>
    finding("chatmode-invalid", { file, ...problem }, problem.message, problem.hint);
  return err([invalid(first), ...rest.map(invalid)]);
}

type Values = ReturnType<typeof chatmodeSchema.parse>;

function declarationOf(values: Values, source: Source): ChatmodeDeclaration {
  const key = values.hypertool_persona === undefined ? "persona" : "hypertool_persona";
  const persona = values[key];
  const { persona_token_budget: budget, tools_via_hypertool, security, description, mode, model } = values;
  const servers = security?.allowed_mcp_servers;
  const at = <T>(value: T, path: ValuePath): Located<T> => ({ value, ...source.locate(path) });
  return {
    ...given("persona", persona === undefined ? undefined : at(persona, [key])),
    ...given("tokenBudget", budget === undefined ? undefined : at(budget, ["persona_token_budget"])),
    ...given("viaHypertool", tools_via_hypertool),
    ...given("restrictedPaths", security?.restricted_paths),
    ...given(
      "allowedServers",
      servers?.map((server, index) => at(server, ["security", "allowed_mcp_servers", index])),
    ),
    ...given("description", description),
    ...given("mode", mode),
    ...given("model", typeof model === "string" ? model : model?.join(", ")),
    ...given("tools", toolsOf(values.tools)),
    misspelt: misspeltKeys(source),
  };
}

/** A field only where there is a value: absent and undefined are not the same. */
function given<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: T });
}

function toolsOf(tools: Values["tools"]): readonly string[] | undefined {
  if (tools === undefined || Array.isArray(tools)) return tools;
  if (typeof tools === "string") return tools.split(",").map((tool) => tool.trim());
  return Object.keys(tools);
}

function misspeltKeys({ value, locateKey }: Source): ChatmodeDeclaration["misspelt"] {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return keys.flatMap((key) => {
    if (CHATMODE_KEYS.includes(key)) return [];
    const [meant] = didYouMean(key, CHATMODE_KEYS, 1);
    return meant === undefined ? [] : [{ value: key, meant, ...locateKey([key]) }];
  });
}

function hintFor(path: ValuePath): string {
  if (path[0] === undefined) return "Write keys with values, such as hypertool_persona: backend-engineer.";
  return "Correct the value, or remove the field.";
}

function realPath(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch {
    // Gone since it was read.
    return file;
  }
}
