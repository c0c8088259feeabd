/** Preload under which nothing waits for the disk: for a test that writes a lot and shows something else. */
const fs = require("node:fs");

fs.fsyncSync = () => undefined;
