/** `hypertool`, `hypertool-mcp`, `@toolprint/hypertool-mcp@latest`: a package, never a path that ends so. */
export function isHypertool(word: string | undefined): boolean {
  return word !== undefined && /^(?:@[\w.-]+\/)?hypertool(?:-[a-z0-9]+)*(?:@[^/\s]*)?$/i.test(word);
}

/** What runs a package that stands behind it. What came before one of them was for others. */
const RUNNERS = new Set(
  "npx npx.cmd pnpx bunx bunx.exe uvx dlx x exec run node npm npm.cmd pnpm yarn bun deno env".split(" "),
);

/** Behind these stands no value of theirs. */
const SWITCHES = new Set(
  (
    "-- -y --yes --no --no-install -q --quiet -s --silent --offline --prefer-offline --prefer-online " +
    "--ignore-scripts --ignore-existing --bun -b -i -t -it -d --rm --init --interactive --tty"
  ).split(" "),
);

const PACKAGE_OPTIONS = new Set(["-p", "--package"]);

/**
 * Where among the arguments of a server Hypertool stands as what is started. A word like it may be a value of
 * somebody else's option or argument, such as a directory: that server is not Hypertool's.
 *
 * @param words undefined for what is no text
 * @returns -1 where it is not started
 */
export function packageIndex(words: readonly (string | undefined)[]): number {
  let found = -1;
  let isOfOther = false;
  for (const [index, word = ""] of words.entries()) {
    const before = words[index - 1] ?? "";
    const isPackageOption = PACKAGE_OPTIONS.has(before);
    const isValue = before.startsWith("-") && !before.includes("=") && !SWITCHES.has(before);
    if (isHypertool(word)) {
      // With its scope it is nothing else, but a persona's name.
      const isNamed = word.startsWith("@") && before !== "--persona";
      if (isNamed || isPackageOption || !(isOfOther || isValue)) found = index;
    } else if (found === -1 && RUNNERS.has(word)) {
      isOfOther = false;
    } else if (!isValue && !word.startsWith("-") && !/^(?:\w+=.*|\/c|\d+)$/i.test(word)) {
      isOfOther = true;
    }
  }
  return found;
}
