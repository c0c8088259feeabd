import { createKeyBlocks, keyBlockSign } from "./private-key-block.ts";
import { maskAssignments } from "./secret-assignments.ts";
import { nameSigns } from "./secret-names.ts";
import { MASK, maskShapes, shapeSigns } from "./secret-shapes.ts";
import { patternOfValues } from "./secret-values.ts";

/** Takes secrets out of what is recorded, logged or shown; the text around them stays as it is. */
export interface Masker {
  /** A text of one or more lines. */
  text(text: string): string;
  /** For a stream: knows of a private key that began some lines before. */
  lines(): LineMasker;
  /** Of these values, too, nothing is seen from now on. */
  learn(secretValues: readonly string[]): void;
  /** All of these values that it knows by now. */
  values(): readonly string[];
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
 * by the name that stands before them. Time is linear in the length of a line.
 */
export function createMasker({ secretValues }: { readonly secretValues: readonly string[] }): Masker {
  let known = secretValues;
  let values = patternOfValues(known);

  const lines = (): LineMasker => {
    const keys = createKeyBlocks();
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
        if (values !== undefined) masked = masked.replace(values, MASK);
        if (hasShape) masked = maskShapes(masked);
        return NAME_SIGN.test(masked) ? maskAssignments(masked) : masked;
      },
    };
  };

  return {
    lines,
    values: () => known,
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
