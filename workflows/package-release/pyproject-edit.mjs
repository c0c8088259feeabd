/**
 * Replaces the version under `[project]`, and not a byte beside it.
 *
 * @param {string} text a pyproject.toml.
 * @param {string} version
 * @returns {string | undefined} undefined when there is no such line.
 */
export function replaceProjectVersion(text, version) {
  let isInProject = false;
  let start = 0;
  for (const line of text.split(/(?<=\n)/)) {
    if (/^\s*\[/.test(line)) isInProject = /^\s*\[\s*project\s*\]/.test(line);
    const match = isInProject ? /^(\s*version\s*=\s*)(["'])[^"']*\2/.exec(line) : null;
    if (match !== null) {
      const [whole, key, quote] = match;
      const end = start + whole.length;
      return `${text.slice(0, start)}${key}${quote}${version}${quote}${text.slice(end)}`;
    }
    start += line.length;
  }
  return undefined;
}
