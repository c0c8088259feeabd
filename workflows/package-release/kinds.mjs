import { projectKind } from "../project/tests.mjs";
import { npmPackage } from "./npm-package.mjs";
import { npmRegistry } from "./npm-registry.mjs";
import { pythonPackage } from "./python-package.mjs";
import { pythonRegistry } from "./python-registry.mjs";

/** What can be released, by what is done with it. */
export const packages = { npm: npmPackage, python: pythonPackage };
export const registries = { npm: npmRegistry, python: pythonRegistry };

/** @returns {"npm" | "python" | undefined} of the package in the working directory. */
export function packageKind() {
  return projectKind(process.cwd());
}
