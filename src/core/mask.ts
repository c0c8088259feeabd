import { MASK } from "./mask-text.ts";
import { maskPattern } from "./own-patterns.ts";
import { maskPersonal, type PersonalKind } from "./personal-data.ts";
import { createKeyBlocks, keyBlockSign } from "./private-key-block.ts";
import { maskAssignments } from "./secret-assignments.ts";
import { nameSigns } from "./secret-names.ts";
import { maskShapes, shapeSigns } from "./secret-shapes.ts";
import { patternOfValues } from "./secret-values.ts";

/** Takes secrets out of what is recorded, logged or shown; the text around them stays as it is. */
export interface Masker {
  /** A text of one or more lines. */
  text(text: string): string;
  /** For a stream: knows of a private key that began some lines before. */
  lines(): LineMasker;
  /** What would be taken out of a text, by kind and how often; never what it is. */
  explain(text: string): ReadonlyMap<MaskedKind, number>;
  /** Of these values, too, nothing is seen from now on. */
  learn(secretValues: readonly string[]): void;
  /** All of these values that it knows by now. */
  values(): readonly string[];
}

/** As what something is taken out: by its value, its shape, the name before it, or as what the user asked for. */
export type MaskedKind =
  | "private-key"
  | "known-value"
  | "secret-shape"
  | "secret-name"
  | PersonalKind
  | "pattern";

export interface MaskerOptions {
  readonly secretValues: readonly string[];
  /** E-mail addresses, phone numbers, cards and IBANs, too. */
  readonly personal?: boolean;
  /** Of the user's own. */
  readonly patterns?: readonly RegExp[];
}

export interface LineMasker {
  /** The next line, whole and without its end. A secret that is fed in two halves is not seen. */
  mask(line: string): string;
}

/** Without a sign no line can hold a secret: most lines of a log are done with after these two. */
const SHAPE_SIGN = new RegExp(`${shapeSigns}|${keyBlockSign}`);
const NAME_SIGN = new RegExp(nameSigns, "i");

/**
 * Secrets are known by their value (`secretValues`, in all forms that tools print them in), by their own shape, or
 * by the name that stands before them. Time is linear in the length of a line, if the user's own patterns are.
 */
export function createMasker({ secretValues, personal = false, patterns = [] }: MaskerOptions): Masker {
  let known = secretValues;
  let values = patternOfValues(known);

  const lines = (onMasked?: (kind: MaskedKind) => void): LineMasker => {
    const as = (kind: MaskedKind) => onMasked && (() => onMasked(kind));
    const keys = createKeyBlocks(as("private-key"));
    let isInKey = false;
    return {
      mask(line) {
        const hasShape = SHAPE_SIGN.test(line);
        let masked = line;
        if (isInKey || hasShape) {
          const withoutKeys = keys.mask(line);
          isInKey = withoutKeys !== undefined;
          masked = withoutKeys ?? line;
        }
        if (values !== undefined) {
          masked = masked.replace(values, () => {
            onMasked?.("known-value");
            return MASK;
          });
        }
        if (hasShape) masked = maskShapes(masked, as("secret-shape"));
        if (NAME_SIGN.test(masked)) masked = maskAssignments(masked, as("secret-name"));
        if (personal) masked = maskPersonal(masked, onMasked);
        for (const pattern of patterns) masked = maskPattern(masked, pattern, as("pattern"));
        return masked;
      },
    };
  };

  return {
    lines: () => lines(),
    values: () => known,
    explain(text) {
      const found = new Map<MaskedKind, number>();
      const { mask } = lines((kind) => found.set(kind, (found.get(kind) ?? 0) + 1));
      for (const line of text.split("\n")) mask(line);
      return found;
    },
    learn(more) {
      const added = more.filter((value) => !known.includes(value));
      if (added.length === 0) return;
      known = [...known, ...added];
      values = patternOfValues(known);
    },
    text(text) {
      const { mask } = lines();
      return text.includes("\n") ? text.split("\n").map(mask).join("\n") : mask(text);
    },
  };
}
