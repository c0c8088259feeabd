import { MASK } from "./mask-text.ts";

/** In every line that begins a block. */
export const keyBlockSign = "BEGIN ";

/** As RFC 7468, OpenPGP and SSH.COM write them; certificates and public keys are none. */
const BEGIN = /-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/;
const END = /-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?(?: ?-{4,5})?/;

/** A key of 16,384 bits has 200 lines. */
const MOST_LINES = 400;

/** So many lines that cannot be of a key end a block whose end is missing, such as one that a message quotes. */
const MOST_FOREIGN_LINES = 3;

export interface KeyBlocks {
  /** The line with all that belongs to a private key masked; undefined when nothing of it does. */
  mask(line: string): string | undefined;
}

/**
 * Follows private keys over the lines of one stream; a key in one line, with `\n` written out, too.
 *
 * @param onMasked told of each key.
 */
export function createKeyBlocks(onMasked?: () => void): KeyBlocks {
  let lines = 0;
  let foreign = 0;
  let isInside = false;

  const mask = (line: string): string | undefined => {
    let masked = "";
    let rest = line;
    if (isInside) {
      const end = END.exec(rest);
      if (end === null) {
        lines++;
        foreign = isOfKey(rest) ? 0 : foreign + 1;
        isInside = lines < MOST_LINES && foreign < MOST_FOREIGN_LINES;
        return MASK;
      }
      isInside = false;
      masked = MASK;
      rest = rest.slice(end.index + end[0].length);
    }
    for (;;) {
      const begin = BEGIN.exec(rest);
      if (begin === null) break;
      onMasked?.();
      masked += `${rest.slice(0, begin.index)}${MASK}`;
      rest = rest.slice(begin.index);
      const end = END.exec(rest);
      if (end === null) {
        isInside = true;
        lines = 0;
        foreign = 0;
        return masked;
      }
      rest = rest.slice(end.index + end[0].length);
    }
    return masked === "" ? undefined : masked + rest;
  };

  return { mask };
}

/** Base64, alone or after what a tool puts before each line; a header; or empty. */
function isOfKey(line: string): boolean {
  const text = line.trim().replace(/[\\"',;]+$/, "");
  return (
    /^["']?[A-Za-z0-9+/=]*$/.test(text) ||
    /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{16,}$/.test(text) ||
    /^[A-Z][A-Za-z-]{2,30}: /.test(text)
  );
}
