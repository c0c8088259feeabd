/** https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string, shortened. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z.-]+))?$/;

/**
 * @param {string} text
 * @returns {{ release: bigint[], prerelease: string[], build: string | undefined } | undefined}
 */
export function parseSemver(text) {
  const match = SEMVER.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch, prerelease, build] = match;
  return {
    release: [major, minor, patch].map(BigInt),
    prerelease: prerelease?.split(".") ?? [],
    build,
  };
}

/**
 * Precedence by semver: negative when the first comes before the second.
 *
 * @param {NonNullable<ReturnType<typeof parseSemver>>} a
 * @param {NonNullable<ReturnType<typeof parseSemver>>} b
 */
export function compareSemver(a, b) {
  const byRelease = compareReleases(a.release, b.release);
  if (byRelease !== 0) return byRelease;
  // A version without a prerelease comes after those with one.
  if (a.prerelease.length === 0 || b.prerelease.length === 0)
    return b.prerelease.length - a.prerelease.length;
  for (const [index, identifier] of a.prerelease.entries()) {
    const other = b.prerelease[index];
    if (other === undefined) return 1;
    const order = compareIdentifiers(identifier, other);
    if (order !== 0) return order;
  }
  return a.prerelease.length - b.prerelease.length;
}

function compareIdentifiers(a, b) {
  const [isNumber, isOtherNumber] = [a, b].map((text) => /^\d+$/.test(text));
  if (isNumber && isOtherNumber) return compareReleases([BigInt(a)], [BigInt(b)]);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compareReleases(a, b) {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [left, right] = [a[index] ?? 0n, b[index] ?? 0n];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/**
 * Whether the final release `version` (X.Y.Z) is newer than the version of a Python package, by PEP 440.
 *
 * @param {string} version
 * @param {string} present such as `0.1`, `1.0.0rc1`, `1.0.post1`.
 * @returns {boolean | undefined} undefined when the present one is not understood, or has an epoch.
 */
export function isNewerThanPython(version, present) {
  const match = /^v?(\d+(?:\.\d+)*)(?:[-_.]?([a-z]+)[a-z0-9+._-]*)?$/i.exec(present);
  if (match === null) return undefined;
  const order = compareReleases(version.split(".").map(BigInt), match[1].split(".").map(BigInt));
  // Development and pre-releases come before the final one, post-releases after it.
  return order > 0 || (order === 0 && /^(?:a|b|c|rc|alpha|beta|pre|preview|dev)$/i.test(match[2] ?? ""));
}
