/** Preload: runs the program once more, from within the bash script in `SCRIPT`, where it is "$@". */
const { spawnSync } = require("node:child_process");

const { SCRIPT, ...env } = process.env;
const command = [process.execPath, ...process.argv.slice(1)];
const { status } = spawnSync("bash", ["-c", SCRIPT, "bash", ...command], { stdio: "inherit", env });
process.exit(status);
