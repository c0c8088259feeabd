import { err, ok, type Result } from "../core/result.ts";
import { isHypertool, packageIndex } from "./hypertool-package.ts";
import { type JsonNode, type JsonProblem, membersOf, parseJsonc, propertiesOf, textOf } from "./jsonc.ts";

/** Some characters that take the place of others. */
export interface Splice {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

export interface ServerEdits {
  /** Names of the servers that are Hypertool's. */
  readonly servers: readonly string[];
  /** In the order of the text; none where all of them name the persona already. */
  readonly splices: readonly Splice[];
}

/**
 * Finds what has to change in a configuration for its Hypertool servers to start as a persona: the value of their
 * `--persona` (or `-p`), or where to put one. Nothing else of the text is touched.
 *
 * @param key the member of the root that holds the servers
 * @param serverNames of servers that are Hypertool's, whatever they are started with
 */
export function personaEdits(
  text: string,
  key: string,
  serverNames: readonly string[],
  persona: string,
): Result<ServerEdits, JsonProblem> {
  const root = parseJsonc(text);
  if (!root.ok) return root;
  if (root.value.type !== "object") return err({ offset: root.value.offset, message: "not an object" });
  const servers: string[] = [];
  const splices: Splice[] = [];
  for (const { key: name, value: server } of membersOf(root.value, key).flatMap(propertiesOf)) {
    const edits = editsOfServer(text, server, serverNames.includes(name), persona);
    if (edits === undefined) continue;
    if (!edits.ok) return edits;
    servers.push(name);
    splices.push(...edits.value);
  }
  return ok({ servers, splices });
}

export function applySplices(text: string, splices: readonly Splice[]): string {
  return splices
    .toSorted((a, b) => b.offset - a.offset)
    .reduce(
      (done, { offset, length, text: put }) => done.slice(0, offset) + put + done.slice(offset + length),
      text,
    );
}

/**
 * The personas that the Hypertool servers of a configuration start as, each once and as it stands there. A server that
 * names none, or of which nobody can say, is left out.
 *
 * @param key the member of the root that holds the servers
 * @param serverNames of servers that are Hypertool's, whatever they are started with
 */
export function namedPersonas(text: string, key: string, serverNames: readonly string[]): readonly string[] {
  const root = parseJsonc(text);
  if (!root.ok || root.value.type !== "object") return [];
  const names = membersOf(root.value, key)
    .flatMap(propertiesOf)
    .flatMap(({ key: name, value: server }) => {
      const found = argumentsOf(server, serverNames.includes(name));
      return found?.ok === true ? found.value.personas : [];
    })
    .map(({ word, prefix }) => (textOf(word) ?? "").slice(prefix.length));
  return [...new Set(names)];
}

/** A word of a server's arguments that names a persona, behind a prefix such as `--persona=`. */
interface PersonaWord {
  readonly word: JsonNode;
  readonly prefix: string;
}

interface ServerArguments {
  readonly args: JsonNode;
  readonly words: readonly JsonNode[];
  readonly personas: readonly PersonaWord[];
}

/** @returns undefined for a server of others. */
function editsOfServer(
  text: string,
  server: JsonNode,
  isNamed: boolean,
  persona: string,
): Result<readonly Splice[], JsonProblem> | undefined {
  const found = argumentsOf(server, isNamed);
  if (found === undefined || !found.ok) return found;
  const { args, words, personas } = found.value;
  return ok(
    personas.length > 0
      ? personas.flatMap(({ word, prefix }) => valueSplices(text, word, prefix, persona))
      : [appended(text, args, words, persona)],
  );
}

/** @returns undefined for a server of others. */
function argumentsOf(server: JsonNode, isNamed: boolean): Result<ServerArguments, JsonProblem> | undefined {
  const args = membersOf(server, "args").at(-1);
  const words = args?.type === "array" ? (args.children ?? []) : [];
  const isCommand = isHypertool(textOf(membersOf(server, "command").at(-1))?.split("/").at(-1));
  const packageAt = packageIndex(words.map(textOf));
  if (packageAt === -1 && !isCommand && !isNamed) return undefined;
  if (args?.type !== "array") {
    return err({
      offset: server.offset,
      message: "a Hypertool server without args, which could name a persona",
    });
  }
  const own = words.slice(packageAt + 1);
  // `npx -p <package> -c "<a line for a shell>"`: nobody can say what would have to change there.
  if (packageAt !== -1 && ["-c", "--call"].includes(textOf(own[0]) ?? "")) {
    return err({
      offset: own[0]?.offset ?? args.offset,
      message: "Hypertool is started by a line for a shell",
    });
  }
  // Before a package, and where none is named, `-p` may be an option of npx.
  const isShortKnown = packageAt !== -1 || isCommand;
  const personas: PersonaWord[] = [];
  for (const [index, word] of own.entries()) {
    const option = textOf(word) ?? "";
    if (option.startsWith("--persona=")) {
      personas.push({ word, prefix: "--persona=" });
    } else if (
      option === "--persona" ||
      (option === "-p" && isShortKnown && !isPort(textOf(own[index + 1])))
    ) {
      const value = own[index + 1];
      if (value === undefined || value.type !== "string") {
        return err({ offset: word.offset, message: `no persona stands behind ${option}` });
      }
      personas.push({ word: value, prefix: "" });
    }
  }
  return ok({ args, words, personas });
}

/** No persona begins with a digit. */
const isPort = (word: string | undefined) => word !== undefined && /^\d+$/.test(word);

/** The old form of a name stays the form: Hypertool looks for a persona by what stands there. */
function valueSplices(text: string, word: JsonNode, prefix: string, persona: string): readonly Splice[] {
  const old = (textOf(word) ?? "").slice(prefix.length);
  const value = old.startsWith("tta-") ? `tta-${persona}` : persona;
  if (value === old) return [];
  const raw = text.slice(word.offset, word.offset + word.length);
  if (raw.includes("\\")) {
    return [{ offset: word.offset, length: word.length, text: JSON.stringify(prefix + value) }];
  }
  return [{ offset: word.offset + 1 + prefix.length, length: old.length, text: value }];
}

/** Behind the last argument, laid out as the ones before it. */
function appended(text: string, args: JsonNode, words: readonly JsonNode[], persona: string): Splice {
  const added = ["--persona", persona].map((word) => JSON.stringify(word));
  const [first] = words;
  const last = words.at(-1);
  if (first === undefined || last === undefined) {
    return { offset: args.offset + 1, length: 0, text: added.join(", ") };
  }
  const before = text.slice(args.offset + 1, first.offset);
  const end = last.offset + last.length;
  if (before.includes("\n") && before.trim() === "") {
    return { offset: end, length: 0, text: added.map((word) => `,${before}${word}`).join("") };
  }
  const [, second] = words;
  const gap = second === undefined ? ", " : text.slice(first.offset + first.length, second.offset);
  const comma = /^,[ \t]*$/.test(gap) ? gap : ", ";
  return { offset: end, length: 0, text: added.map((word) => `${comma}${word}`).join("") };
}
