import { parseFrontmatter } from "../../core/frontmatter.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { yamlText } from "../../core/yaml-text.ts";
import { isPersonaName, plainName } from "../names.ts";
import type { Persona } from "../persona.ts";
import type { Imported, ReadProblem } from "./format.ts";

/** A Markdown file of an agent: YAML between lines of dashes, and its instructions below. */
export interface AgentFile {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly body: string;
}

export function agentFile(fields: Readonly<Record<string, unknown>>, body: string): string {
  return `---\n${yamlText(fields)}---\n\n${body}`;
}

export function readAgentFile(text: string): Result<AgentFile, ReadProblem> {
  const parsed = parseFrontmatter(text);
  if (!parsed.ok) return err({ ...parsed.error, hint: "Correct the YAML there." });
  const { source, body } = parsed.value;
  const fields = source === undefined ? {} : (source.value ?? {});
  if (typeof fields === "object" && !Array.isArray(fields)) {
    return ok({ fields: fields as Record<string, unknown>, body });
  }
  return err({
    line: 2,
    column: 1,
    message: "the frontmatter is no mapping",
    hint: "Write key: value there.",
  });
}

/** A tool's list, in either of the spellings that they take: a YAML list, or names between commas. */
export function listOf(value: unknown): readonly string[] | undefined {
  if (typeof value === "string") {
    return value
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "");
  }
  return Array.isArray(value) && value.every((one) => typeof one === "string") ? value : undefined;
}

/** What is left of a file once the fields of these names are taken. */
export function ignoredOf({ fields, body }: AgentFile, taken: readonly string[]): Imported["ignored"] {
  const others = Object.keys(fields).filter((field) => !taken.includes(field));
  const ignored = others.map((field) => ({ field, why: "a persona has no place for it" }));
  if (body.trim() === "") return ignored;
  return [...ignored, { field: "instructions", why: "a persona has none of its own" }];
}

/** The persona's name that a file's name stands for, without these endings. */
export function nameFromFile(file: string, endings: readonly string[]): string | undefined {
  const base = file.slice(file.lastIndexOf("/") + 1);
  const ending = endings.find((one) => base.endsWith(one)) ?? "";
  return nameFrom(base.slice(0, base.length - ending.length));
}

/** `Backend Engineer` → `backend-engineer`; undefined where nothing like a name is left. */
export function nameFrom(text: string): string | undefined {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[-0-9]+|-+$/g, "");
  return isPersonaName(name) ? plainName(name) : undefined;
}

/** A description for tools that require one. */
export function requiredDescription({ description, displayName }: Persona): string {
  return description === undefined || description.trim() === "" ? displayName : description;
}
