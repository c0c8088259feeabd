/** Anchors of headings, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly file: string;
  /** Where its fence begins, from 1. */
  readonly line: number;
  readonly language: string;
  /** What follows the language: `no-run reason="needs a browser"` is `{"no-run": "", reason: "needs a browser"}`. */
  readonly info: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The fenced blocks of a document, those within lists included. */
export function codeBlocksOf(file: string, markdown: string): readonly CodeBlock[] {
  return [...markdown.matchAll(/^([ \t]*)```(\w+)([^\n]*)\n(.*?)^\1```[ \t]*$/gms)].map((match) => {
    const [, indent = "", language = "", info = "", text = ""] = match;
    const line = markdown.slice(0, match.index).split("\n").length;
    const words = [...info.matchAll(/([\w-]+)(?:=(?:"([^"]*)"|(\S+)))?/g)];
    return {
      file,
      line,
      language,
      info: Object.fromEntries(words.map(([, key = "", quoted, plain]) => [key, quoted ?? plain ?? ""])),
      text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    };
  });
}
