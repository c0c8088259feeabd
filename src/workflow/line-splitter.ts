import { StringDecoder } from "node:string_decoder";

/** Longer ones are cut: a line is masked as a whole, and has to be held in memory until then. */
const MAX_LINE = 64 * 1024;

/** So much of a cut line's end is given up: what was cut in two there may not look like a secret any more. */
const GUARD = 16 * 1024;

/** What a log should not hold: all controls but tab, line ends and the escape of colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]/g;

export interface LineSplitter {
  write(chunk: Uint8Array): void;
  /** What stands without a line end is a line as well. */
  end(): void;
}

/**
 * Makes lines of the chunks of a stream, whatever their borders: LF, CRLF and CR (a progress bar) end one. Bytes
 * that are no UTF-8, and control characters, become U+FFFD. Each line passes `mask`; of one that is too long its
 * beginning is kept, cut after it was masked, with a note.
 */
export function createLineSplitter(
  mask: (line: string) => string,
  onLine: (line: string) => void,
): LineSplitter {
  const decoder = new StringDecoder("utf8");
  /** The line so far. */
  let pending = "";
  /** Of a line that is too long: what is kept, masked. */
  let head: string | undefined;
  let dropped = 0;
  let endedWithReturn = false;

  const cut = () => {
    const masked = mask(pending);
    const longest = Math.max(0, masked.length - GUARD);
    const blank = masked.lastIndexOf(" ", longest);
    head = masked.slice(0, blank > longest - GUARD ? blank : longest);
    dropped = masked.length - head.length;
    pending = "";
  };

  const add = (text: string) => {
    if (head !== undefined) {
      dropped += text.length;
      return;
    }
    const space = MAX_LINE - pending.length;
    pending += text.length > space ? text.slice(0, space) : text;
    if (text.length <= space) return;
    cut();
    dropped += text.length - space;
  };

  const finish = () => {
    const line =
      head === undefined ? mask(pending) : `${head} [… ${dropped} characters of this line left out]`;
    pending = "";
    head = undefined;
    dropped = 0;
    onLine(line);
  };

  const take = (decoded: string) => {
    const text = decoded.replace(CONTROLS, "\ufffd");
    let from = 0;
    if (endedWithReturn && text.startsWith("\n")) from = 1;
    if (text !== "") endedWithReturn = text.endsWith("\r");
    let lineFeed = text.indexOf("\n", from);
    let carriageReturn = text.indexOf("\r", from);
    while (lineFeed !== -1 || carriageReturn !== -1) {
      const isReturn = carriageReturn !== -1 && (lineFeed === -1 || carriageReturn < lineFeed);
      const at = isReturn ? carriageReturn : lineFeed;
      if (at > from) add(text.slice(from, at));
      finish();
      from = at + (isReturn && text[at + 1] === "\n" ? 2 : 1);
      if (lineFeed !== -1 && lineFeed < from) lineFeed = text.indexOf("\n", from);
      if (carriageReturn !== -1 && carriageReturn < from) carriageReturn = text.indexOf("\r", from);
    }
    if (from < text.length) add(text.slice(from));
  };

  return {
    write: (chunk) => take(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))),
    end() {
      take(decoder.end());
      if (pending !== "" || head !== undefined) finish();
    },
  };
}
