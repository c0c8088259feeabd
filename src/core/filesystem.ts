import fs from "node:fs";

/** What a directory allows: the nearest existing ancestor is asked where it is not there yet. */
export function canWrite(path: string): boolean {
  try {
    fs.accessSync(nearestExisting(path), fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Nothing happens where it is not there. By `unlink`: what Node.js loads for `rmSync` takes half a millisecond. */
export function removeFile(path: string): void {
  try {
    fs.unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Undefined where nothing is there, or nobody may look. */
export function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/**
 * Whether a path lies on NFS or SMB, where appending is not atomic and facts could be lost.
 * The numbers are Linux's, from statfs(2); elsewhere the answer is no.
 */
export function isNetworkFilesystem(path: string): boolean {
  const networkTypes = [0x6969, 0x517b, 0xfe534d42, 0xff534d42];
  try {
    return networkTypes.includes(fs.statfsSync(nearestExisting(path)).type);
  } catch {
    return false;
  }
}

/** Bytes that a user without privileges can still write; undefined where the system does not tell. */
export function freeBytes(path: string): number | undefined {
  try {
    const { bavail, bsize } = fs.statfsSync(nearestExisting(path));
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** What a directory holds; nothing where it is not there or cannot be read. */
export function namesIn(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}

function nearestExisting(path: string): string {
  let existing = path;
  while (!fs.existsSync(existing) && existing.lastIndexOf("/") > 0) {
    existing = existing.slice(0, existing.lastIndexOf("/"));
  }
  return existing;
}
