// Runs the tests of the project in the working directory, and hands on their coverage where they report it.
import { Failure, print, runMain } from "./command.mjs";
import { handOn } from "./stage.mjs";
import { projectKind, runTests } from "./tests.mjs";

await runMain(async () => {
  const kind = projectKind(process.cwd());
  if (kind === undefined) {
    throw new Failure(
      `There is no package.json and no pyproject.toml in ${process.cwd()}, so it is not known how to test. ` +
        "Run this where the project is.",
    );
  }
  const { tests, coverage } = await runTests(process.cwd(), kind);
  if (tests === "none") print("Add tests: this stage passes without having checked anything.");
  handOn({ tests, coverage });
});
