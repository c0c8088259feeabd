import { z } from "zod";
import type { Command } from "../src/cli/command.ts";
import { commandGroups } from "../src/cli/command-groups.ts";
import { loadCommands } from "../src/cli/command-table.ts";
import { exitCodesOf } from "../src/cli/help-text.ts";
import { jsonShapes } from "../src/cli/json-shapes.ts";
import { globalOptions } from "../src/cli/route.ts";
import { FINDINGS } from "../src/core/finding.ts";
import { table } from "./markdown-table.ts";

export { callJsonSchema } from "../src/llm/report-schema.ts";
export { chatmodeJsonSchema } from "../src/persona/chatmode-schema.ts";
export { personaJsonSchema } from "../src/persona/schema.ts";
export { workflowJsonSchema } from "../src/workflow/schema.ts";
export { metricsMarkdown } from "./metrics-markdown.ts";

/** docs/commands.md, from the data of the commands and the shapes of their documents. */
export async function commandsMarkdown(): Promise<string> {
  const commands = (await loadCommands()).filter(({ hidden }) => hidden !== true);
  return `${[
    "# Commands",
    "<!-- Made by scripts/docs.mjs from the commands themselves. Do not edit. -->",
    "`tta-persona <command> [options]`. Answers go to stdout, everything else to stderr. A first word that is no " +
      "command is a persona: `tta-persona backend` is `tta-persona switch backend`, and `tta-persona` alone is " +
      "`tta-persona status`.",
    ...commandGroups.flatMap(({ heading, names }) => [
      `**${heading}**`,
      table(
        ["command", "what it does"],
        commands
          .filter(({ name }) => names.includes(name))
          .map(({ name, summary }) => [`[\`${name}\`](#tta-persona-${name})`, summary]),
      ),
    ]),
    "Every command has these options, before or after its name:",
    table(
      ["option", "what it does"],
      [
        ...globalOptions.map(({ flags, doc }) => [`\`${flags}\``, doc]),
        ["`-V`, `--version`", "print the version"],
      ],
    ),
    "With `--json`, a failure is this document instead:",
    shapeTable("tta-persona/error/1"),
    ...commands.flatMap((command) => describe(command, "tta-persona")),
  ].join("\n\n")}\n`;
}

/** docs/validation.md: what `validate` can find. */
export function validationMarkdown(): string {
  const rows = Object.entries(FINDINGS).map(([code, [severity, meaning]]) => [
    `\`${code}\``,
    severity,
    meaning,
  ]);
  return `${[
    "# What validation finds",
    "<!-- Made by scripts/docs.mjs from src/core/finding.ts. Do not edit. -->",
    "`tta-persona validate` and `tta-persona chatmode validate` tell each finding as " +
      "`file:line:column: severity code: message`, with a hint below; `--json` has the same fields. The codes are " +
      "stable, so that scripts may depend on them. Errors make the exit code 1; with `--strict`, warnings too.",
    table(["code", "severity", "what it means"], rows),
  ].join("\n\n")}\n`;
}

function describe(command: Command, parent: string): readonly string[] {
  const line = `${parent} ${command.name}`;
  const parts = [`## ${line}`, `${command.summary}.`];
  if (command.description !== undefined) parts.push(command.description);
  if (command.run !== undefined || command.specialize !== undefined) {
    const words = (command.arguments ?? []).map(({ name, optional, variadic }) => {
      const word = variadic ? `${name}...` : name;
      return optional ? `[${word}]` : `<${word}>`;
    });
    const options = (command.options ?? []).map(({ flags }) => `[${flags}]`);
    parts.push(codeBlock([line, ...words, ...options].join(" ")));
    const rows = [
      ...(command.arguments ?? []).map(({ name, doc }) => [`\`${name}\``, doc]),
      ...(command.options ?? []).map(({ flags, doc }) => [`\`${flags}\``, doc]),
    ];
    if (rows.length > 0) parts.push(table(["argument or option", "what it is"], rows));
    parts.push(
      `Exit codes: ${exitCodesOf(command)
        .map(([code, meaning]) => `\`${code}\` ${meaning}`)
        .join(" · ")}`,
    );
    const examples = command.examples.map((example) => `${example.command}  # ${example.doc}`);
    if (examples.length > 0) parts.push(codeBlock(examples.join("\n")));
    if (command.json !== undefined) parts.push(`With \`--json\`:\n\n${shapeTable(command.json)}`);
  }
  return [...parts, ...(command.subcommands ?? []).flatMap((sub) => describe(sub, line))];
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
}

/** A document's fields, one a row, nested ones by their path. */
function shapeTable(schema: string): string {
  const shape = jsonShapes.get(schema);
  if (shape === undefined) throw new Error(`json-shapes.ts does not describe ${schema}`);
  const json = z.toJSONSchema(shape) as JsonSchema;
  return table(["field", "type", "what it is"], fieldRows(json, ""));
}

function fieldRows(schema: JsonSchema, path: string): readonly (readonly string[])[] {
  const { inner } = unwrap(schema);
  if (inner.type === "array" && inner.items !== undefined) return fieldRows(inner.items, `${path}[]`);
  if (inner.oneOf !== undefined) return mergeRows(inner.oneOf.map((variant) => fieldRows(variant, path)));
  return Object.entries(inner.properties ?? {}).flatMap(([name, field]) => {
    const here = path === "" ? name : `${path}.${name}`;
    const absent = inner.required?.includes(name) === true ? "" : ", may be absent";
    return [
      [
        `\`${here}\``,
        `${typeName(field)}${absent}`,
        field.description ?? unwrap(field).inner.description ?? "",
      ],
      ...fieldRows(field, here),
    ];
  });
}

/** The variants of a union: rows that say the same are shown once. */
function mergeRows(variants: readonly (readonly (readonly string[])[])[]): readonly (readonly string[])[] {
  const byText = new Map(variants.flat().map((row) => [row.join("|"), row]));
  return [...byText.values()];
}

/** zod writes what may be null as one of two. */
function unwrap(schema: JsonSchema): { readonly optional: boolean; readonly inner: JsonSchema } {
  if (Array.isArray(schema.type) && schema.type.includes("null")) {
    const [type] = schema.type.filter((name) => name !== "null");
    return { optional: true, inner: { ...schema, ...(type === undefined ? {} : { type }) } };
  }
  const others = schema.anyOf?.filter(({ type }) => type !== "null") ?? [];
  const [only] = others;
  return only === undefined || others.length > 1
    ? { optional: false, inner: schema }
    : { optional: true, inner: only };
}

function typeName(schema: JsonSchema): string {
  const { optional, inner } = unwrap(schema);
  return optional ? `${plainType(inner)} or null` : plainType(inner);
}

function plainType(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(plainType).join(" or ");
  if (schema.type === "array") return `list of ${plainType(schema.items ?? {})}`;
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return `object of ${plainType(schema.additionalProperties)}`;
  }
  return typeof schema.type === "string" ? schema.type : "object";
}

const codeBlock = (text: string): string => `\`\`\`sh\n${text}\n\`\`\``;
