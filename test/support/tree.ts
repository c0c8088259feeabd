import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";

/** File contents by path: text, bytes, a document that is written as JSON, a link, or an empty directory. */
export type Tree = Readonly<Record<string, string | object | Link | typeof emptyDirectory>>;

export interface Link {
  readonly linkTo: string;
}

export const emptyDirectory = Symbol("empty directory");

/** Writes the tree to a temporary directory that lives as long as the test, and returns its path. */
export function plant(tree: Tree): string {
  const root = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "tree-"));
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(tree)) {
    const file = path.join(root, name);
    fs.mkdirSync(content === emptyDirectory ? file : path.dirname(file), { recursive: true });
    if (content === emptyDirectory) continue;
    if (typeof content === "string" || content instanceof Uint8Array) fs.writeFileSync(file, content);
    else if (typeof content === "object" && "linkTo" in content) fs.symlinkSync(String(content.linkTo), file);
    else fs.writeFileSync(file, JSON.stringify(content, null, 2));
  }
  return root;
}
