/** Preload: the file system takes no change, as a read-only mount. */
const { interceptMutations } = require("../support/fs-steps.cjs");

interceptMutations((step, proceed) => {
  if (step.name === "writeSync" && step.fd <= 2) return proceed();
  const error = new Error(`EROFS: read-only file system, ${step.name} '${step.path}'`);
  throw Object.assign(error, { code: "EROFS", syscall: step.name.replace(/Sync$/, ""), path: step.path });
});
