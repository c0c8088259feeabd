import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** setuptools makes wheels by itself since 70.1, and with the package `wheel` before. It does not bear pip imported first. */
const CAN_BUILD = `
import setuptools, pip
if tuple(int(part) for part in setuptools.__version__.split(".")[:2]) < (70, 1):
    import wheel
`;

const interpreter = candidates().find((python) => {
  try {
    execFileSync(python, ["-c", CAN_BUILD], { cwd: "/", stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

/** Debian's packages for it are python3-pip, python3-setuptools and python3-wheel. */
export const buildingPython = {
  isThere: interpreter !== undefined,

  /** Makes a directory for PATH in which `python3` is one that can build a wheel without the network. */
  directory(root: string): string {
    const directory = join(root, "bin");
    mkdirSync(directory, { recursive: true });
    const file = join(directory, "python3");
    writeFileSync(file, `#!/bin/sh\nexec '${interpreter}' "$@"\n`);
    chmodSync(file, 0o755);
    return directory;
  },
};

function candidates(): string[] {
  return (process.env.PATH ?? "").split(delimiter).map((directory) => join(directory, "python3"));
}
