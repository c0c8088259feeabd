// The stages and gates of the workflow package-release: `main.mjs bump | validate | publish | check <gate>`, in
// the package's folder.
import { constants } from "node:os";
import { Failure, print, runMain } from "../project/command.mjs";
import { bump, requiredVersion } from "./bump.mjs";
import { checks } from "./checks.mjs";
import { requireRepository } from "./git.mjs";
import { publish } from "./publish.mjs";
import { readNote, releaseDirectory } from "./release.mjs";
import { standOfRelease } from "./undo.mjs";
import { validate } from "./validate.mjs";

const [command, gate] = process.argv.slice(2);

await runMain(async () => {
  if (command === "bump") return bump();
  await requireRepository();
  const directory = await releaseDirectory(requiredVersion());
  const plan = readNote(directory, "plan");
  if (plan === undefined)
    throw new Failure("This release was not begun here: start with the stage version_bump.");

  if (command === "validate") {
    await orSayHowToGoOn(plan, () => validate(plan, directory));
    return print(await standOfRelease(plan));
  }
  const validation = readNote(directory, "validation");
  if (validation === undefined)
    throw new Failure("This release was not validated: run quality_validation first.");
  if (command === "publish") return orSayHowToGoOn(plan, () => publish(plan, validation));
  const check = checks[gate];
  if (command !== "check" || check === undefined)
    throw new Failure(`There is no command ${command} ${gate}.`, 2);
  return check(plan, validation);
});

async function orSayHowToGoOn(plan, work) {
  let isStopped = false;
  // The programs that were started get the same signal.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, async () => {
      isStopped = true;
      process.stderr.write(`Stopped by ${signal}.\n${await standOfRelease(plan)}\n`);
      process.exit(128 + constants.signals[signal]);
    });
  }
  try {
    await work();
  } catch (error) {
    if (isStopped) return new Promise(() => {});
    if (error instanceof Failure) error.message += `\n${await standOfRelease(plan)}`;
    throw error;
  }
}
