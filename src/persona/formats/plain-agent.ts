import { err, ok } from "../../core/result.ts";
import {
  agentFile,
  ignoredOf,
  nameFrom,
  nameFromFile,
  readAgentFile,
  requiredDescription,
} from "./agent-file.ts";
import { account, type PersonaFormat } from "./format.ts";
import { instructionsFor } from "./instructions.ts";

export interface PlainAgent {
  readonly id: string;
  readonly title: string;
  /** Below a project's root. */
  readonly folder: string;
  /** Fields besides name and description that every file gets. */
  readonly fixed: Readonly<Record<string, unknown>>;
  /** Whether the name stands in the file, not only in the file's name. */
  readonly statesName: boolean;
}

/**
 * An agent's file that carries a name, a description and instructions. Tools are left to what the session has, since
 * these formats have no unambiguous name for the tool of an MCP server.
 */
export function plainAgent({ id, title, folder, fixed, statesName }: PlainAgent): PersonaFormat {
  return {
    id,
    title,
    pathFor: (name) => `${folder}/${name}.md`,
    detect: (file) => file.includes(`/${folder}/`) && file.endsWith(".md"),

    write(persona) {
      const { name, description } = persona;
      if (!/^[a-z0-9_-]+$/.test(name)) {
        return err({ message: `${name} is no name for it`, hint: "Use another one: --name <name>" });
      }
      const required = requiredDescription(persona);
      const text = agentFile(
        { ...(statesName ? { name } : {}), description: required, ...fixed },
        instructionsFor(persona),
      );
      const hasDescription = required === description;
      return ok({
        text,
        ...account(persona, hasDescription ? ["description"] : [], []),
        added: hasDescription ? [] : ["description"],
      });
    },

    read(file, text) {
      const parsed = readAgentFile(text);
      if (!parsed.ok) return parsed;
      const { name, description } = parsed.value.fields;
      const plain = nameFromFile(file, [".md"]);
      const stated = typeof name === "string" ? (nameFrom(name) ?? plain) : plain;
      const taken = [...Object.keys(fixed), "description", ...(statesName ? ["name"] : [])];
      return ok({
        definition: {
          ...(stated === undefined ? {} : { name: stated }),
          ...(typeof description === "string" ? { description } : {}),
        },
        ignored: ignoredOf(parsed.value, taken),
      });
    },
  };
}
