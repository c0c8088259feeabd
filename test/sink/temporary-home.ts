import { type Home, resolveHome } from "../../src/core/home.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** The layout of a home of one test's own; only its root is there. */
export function temporaryHome(): Home {
  const home = resolveHome({ TTA_PERSONA_HOME: temporaryDirectory() }, "linux");
  if (!home.ok) throw new Error(home.error.message);
  return home.value;
}
