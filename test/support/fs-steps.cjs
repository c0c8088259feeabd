const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");

/** Unpatched, for what the preloads themselves do. */
const original = { ...fs };

const ON_PATHS = ["renameSync", "linkSync", "symlinkSync", "unlinkSync", "mkdirSync", "rmdirSync", "rmSync"];
const ON_DESCRIPTORS = ["writeSync", "fsyncSync", "fdatasyncSync", "ftruncateSync"];
const STANDARD_STREAMS = ["<stdin>", "<stdout>", "<stderr>"];

/**
 * Puts `intercept(step, proceed, args)` around every synchronous call of this process that changes the file
 * system; `step` is `{name, path, fd?}`, `proceed()` makes the real call. Only outermost calls are seen: what
 * `rmSync` does inside is one step; `writeFileSync` is the steps it is made of. Not seen: `fs.promises`, callbacks.
 */
exports.interceptMutations = (intercept) => {
  const pathOfDescriptor = new Map();
  let isInside = false;

  function patch(name, describe) {
    const call = fs[name];
    fs[name] = (...args) => {
      const step = isInside ? undefined : describe(args);
      if (step === undefined) return call(...args);
      const proceed = () => {
        isInside = true;
        try {
          return call(...args);
        } finally {
          isInside = false;
        }
      };
      return intercept({ name, ...step }, proceed, args);
    };
  }

  // Outside of every other wrapper of openSync, so that descriptors of any mode are known by their path.
  patch("openSync", ([path, flags]) => (creates(flags) ? { path: String(path) } : undefined));
  const openSync = fs.openSync;
  fs.openSync = (...args) => {
    const fd = openSync(...args);
    pathOfDescriptor.set(fd, String(args[0]));
    return fd;
  };
  const closeSync = fs.closeSync;
  fs.closeSync = (fd) => {
    pathOfDescriptor.delete(fd);
    return closeSync(fd);
  };
  for (const name of ON_DESCRIPTORS) {
    patch(name, ([fd]) => ({ fd, path: pathOfDescriptor.get(fd) ?? STANDARD_STREAMS[fd] ?? `<fd ${fd}>` }));
  }
  // Of two paths the second is the one that appears.
  for (const name of ON_PATHS) {
    const isToSecond = name === "renameSync" || name === "linkSync" || name === "symlinkSync";
    patch(name, (args) => ({ path: String(args[isToSecond ? 1 : 0]) }));
  }
  // For strings Node takes a short cut past the calls above; for bytes it makes them.
  const writeFileSync = fs.writeFileSync;
  fs.writeFileSync = (path, data, options) => {
    const encoding = (typeof options === "string" ? options : options?.encoding) ?? "utf8";
    return writeFileSync(path, typeof data === "string" ? Buffer.from(data, encoding) : data, options);
  };
  syncBuiltinESMExports();
};

function creates(flags) {
  return typeof flags === "number" ? (flags & fs.constants.O_CREAT) !== 0 : /[wa]/.test(flags ?? "r");
}

/** Writes the first half of what a `writeSync(...args)` would have written; returns the bytes written. */
exports.writeHalf = ([fd, data, ...rest]) => {
  if (typeof data === "string") {
    const [position, encoding] = rest;
    const bytes = Buffer.from(data, encoding ?? "utf8");
    return original.writeSync(fd, bytes, 0, bytes.length >> 1, position ?? null);
  }
  const {
    offset = 0,
    length = data.byteLength - offset,
    position = null,
  } = typeof rest[0] === "object" && rest[0] !== null
    ? rest[0]
    : { offset: rest[0] ?? undefined, length: rest[1] ?? undefined, position: rest[2] ?? undefined };
  return original.writeSync(fd, data, offset, length >> 1, position);
};

/** Appends past the patches, which `appendFileSync` itself would not. */
exports.appendText = (file, text) => {
  const fd = original.openSync(file, "a");
  original.writeSync(fd, text);
  original.closeSync(fd);
};

exports.original = original;
