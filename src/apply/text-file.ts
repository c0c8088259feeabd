const MARK = "\uFEFF";

/** A text with what stands around it in its file. */
export interface TextFile {
  /** A byte order mark, or nothing. */
  readonly mark: string;
  readonly body: string;
}

/** Undefined where the bytes are not UTF-8: they would not survive being written again. */
export function decodeText(bytes: Uint8Array): TextFile | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.startsWith(MARK) ? { mark: MARK, body: text.slice(1) } : { mark: "", body: text };
  } catch {
    return undefined;
  }
}

export function encodeText({ mark, body }: TextFile): Buffer {
  return Buffer.from(mark + body);
}
