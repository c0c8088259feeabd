import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Failure, must, print, run } from "../project/command.mjs";
import { canImport } from "../project/python.mjs";
import { TRY_AGAIN } from "./npm-registry.mjs";

/** The package index that twine's settings name. What was sent there is noted in the release's directory. */
export const pythonRegistry = { dryRun, publish, isPublished };

async function dryRun({ artifact }) {
  if (!(await canImport("python3", "twine"))) {
    print("twine is not installed, so the package's metadata were not checked: python3 -m pip install twine");
    return;
  }
  await must("The check of the package", "python3", ["-m", "twine", "check", ...distributions(artifact)]);
}

/** One file after the other: an index refuses what it has already. */
async function publish({ artifact }) {
  for (const file of distributions(artifact)) {
    if (existsSync(note(file, "sent"))) {
      print(`${basename(file)} was uploaded already.`);
      continue;
    }
    const wasTried = existsSync(note(file, "tried"));
    writeFileSync(note(file, "tried"), "");
    print(`$ python3 -m twine upload --non-interactive ${file}`);
    const upload = ["-m", "twine", "upload", "--non-interactive", "--disable-progress-bar", file];
    const { code, stdout, stderr } = await run("python3", upload);
    if (code !== 0 && !(wasTried && /already exists|\b409\b/i.test(stdout + stderr))) {
      const isUnreachable = /ConnectionError|Max retries exceeded|\b50[234]\b/.test(stdout + stderr);
      throw new Failure(`twine upload failed with exit code ${code}.`, isUnreachable ? TRY_AGAIN : 1);
    }
    writeFileSync(note(file, "sent"), "");
  }
}

async function isPublished({ artifact }) {
  return distributions(artifact).every((file) => existsSync(note(file, "sent")));
}

function distributions(artifact) {
  const directory = dirname(artifact);
  return readdirSync(directory)
    .filter((name) => /\.(?:whl|tar\.gz)$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** By content, and outside the folder of the artefacts, which another validation makes anew. */
function note(file, what) {
  const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
  return join(dirname(dirname(file)), `${what}-${sha256}`);
}
