import path from "node:path";

/** The places of a tree with the project in `work` (or a folder beneath) and the user's personas in `user`. */
export const placesIn = (root: string, cwd = "work") => ({
  cwd: path.join(root, cwd),
  userDir: path.join(root, "user"),
});
