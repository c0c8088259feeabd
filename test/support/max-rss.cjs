/** Preload that writes the largest resident size of its process, in KiB, to the file `MAX_RSS` when it ends. */
const fs = require("node:fs");

process.on("exit", () => fs.writeFileSync(process.env.MAX_RSS, String(process.resourceUsage().maxRSS)));
