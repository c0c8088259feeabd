const UNRELEASED = /^##[ \t]+\[?unreleased\]?[ \t]*$/im;
const ANY_SECTION = /^##[ \t]/m;
const LINK_REFERENCES = /^\[[^\]\n]+\]:[ \t]/m;

/**
 * Tells whether a changelog has a section for this version: `## [1.2.0]`, `## 1.2.0 - …`, `## v1.2.0`.
 *
 * @param {string} text
 * @param {string} version
 */
export function hasSection(text, version) {
  const literal = version.replace(/[.+-]/g, "\\$&");
  return new RegExp(`^##[ \\t]+\\[?v?${literal}(?:\\]|[\\s(:]|$)`, "m").test(text);
}

/**
 * What stands under the heading `## [Unreleased]`; it belongs to the next release.
 *
 * @param {string} text
 * @returns {string} empty when there is nothing.
 */
export function unreleasedEntries(text) {
  const heading = UNRELEASED.exec(text);
  if (heading === null) return "";
  const after = text.slice(heading.index + heading[0].length);
  const ends = [ANY_SECTION, LINK_REFERENCES].map((pattern) => pattern.exec(after)?.index ?? after.length);
  return after.slice(0, Math.min(...ends)).trim();
}

/**
 * Adds the section of a release, as https://keepachangelog.com/en/1.1.0/ has it: below `## [Unreleased]`, whose
 * entries become the release's, else above the newest section.
 *
 * @param {string | undefined} text undefined when there is no changelog yet.
 * @param {{ version: string, date: string, entries: string }} section `entries` is Markdown; it may be empty when
 *   there are unreleased ones.
 * @returns {string}
 */
export function addSection(text, { version, date, entries }) {
  const eol = text?.includes("\r\n") ? "\r\n" : "\n";
  const heading = `## [${version}] - ${date}`;
  const section = [heading, "", ...(entries === "" ? [] : [entries, ""])].join(eol) + eol;
  if (text === undefined || text.trim() === "") return `# Changelog${eol}${eol}${trimEnd(section)}${eol}`;

  const unreleased = UNRELEASED.exec(text);
  if (unreleased !== null) {
    const at = unreleased.index + unreleased[0].length;
    const rest = text.slice(at).replace(/^\s+/, "");
    return rest === ""
      ? `${text.slice(0, at)}${eol}${eol}${trimEnd(section)}${eol}`
      : `${text.slice(0, at)}${eol}${eol}${section}${rest}`;
  }
  const at = ANY_SECTION.exec(text)?.index ?? LINK_REFERENCES.exec(text)?.index;
  if (at !== undefined) return text.slice(0, at) + section + text.slice(at);
  return `${trimEnd(text)}${eol}${eol}${trimEnd(section)}${eol}`;
}

function trimEnd(text) {
  return text.replace(/\s+$/, "");
}
