import {
  type DefinitionProblem,
  type DefinitionReader,
  layDefinitions,
  readDefinitions,
} from "../core/definitions.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { isThere, projectDirectories, projectFolders, trimSlashes } from "../core/project-directories.ts";
import type { WorkflowOrigin } from "./definition.ts";
import { type LocatedWorkflow, readWorkflow } from "./definition-file.ts";

/** From where workflows are looked up. All paths are absolute; no directory need exist. */
export interface WorkflowPlaces {
  readonly cwd: string;
  /** The user's own. */
  readonly userDir: string;
  /** What the program ships. */
  readonly builtInDir: string;
}

export interface WorkflowEntry extends LocatedWorkflow {
  /** The built-in workflow of the same name that it takes the place of. */
  readonly shadows: WorkflowOrigin | undefined;
}

export interface WorkflowCatalogue {
  /** By name. */
  readonly entries: readonly WorkflowEntry[];
  /** By precedence of the place, then by file and position. */
  readonly problems: readonly DefinitionProblem[];
  /** Names that only a broken file of the highest precedence defines: see `Definitions`. */
  readonly broken: ReadonlyMap<string, DefinitionProblem>;
}

/**
 * Reads the workflows of the project (`.tta-persona/workflows` of the nearest parent of `cwd` that has it), the user
 * and the program; the former win. A broken file hides no other and gives way to none.
 */
export function loadWorkflows(places: WorkflowPlaces): WorkflowCatalogue {
  const layers = directories(places).map(({ path, kind }) => readDefinitions(path, readerOf(kind)));
  const { byName, problems, broken } = layDefinitions(layers, nameOf);
  const builtIn = layers
    .flatMap(({ definitions }) => definitions.map(({ workflow }) => workflow))
    .filter(({ origin }) => origin.kind === "built-in");
  const entries = [...byName.values()].map((located) => {
    const { name, origin } = located.workflow;
    const same = builtIn.find((other) => other.name === name)?.origin;
    return { ...located, shadows: origin.kind === "built-in" ? undefined : same };
  });
  return { entries, problems, broken };
}

export type WorkflowResolution =
  | { readonly kind: "found"; readonly entry: WorkflowEntry }
  /** The definition that is meant cannot be used; nothing else of that name may take its place. */
  | { readonly kind: "broken"; readonly problem: DefinitionProblem }
  | { readonly kind: "unknown"; readonly suggestions: readonly string[] };

/** Finds a workflow by its full name: what it does is not to be undone, so that nothing is guessed. */
export function resolveWorkflow(
  name: string,
  { entries, broken }: Pick<WorkflowCatalogue, "entries" | "broken">,
): WorkflowResolution {
  const problem = broken.get(name);
  if (problem !== undefined) return { kind: "broken", problem };
  const entry = entries.find(({ workflow }) => workflow.name === name);
  if (entry !== undefined) return { kind: "found", entry };
  const names = new Set([...entries.map(({ workflow }) => workflow.name), ...broken.keys()]);
  return { kind: "unknown", suggestions: didYouMean(name, names) };
}

/** Where a project that has no workflows yet keeps them, below its root. */
export const PROJECT_WORKFLOWS = ".tta-persona/workflows";

function directories({
  cwd,
  userDir,
  builtInDir,
}: WorkflowPlaces): readonly { readonly path: string; readonly kind: WorkflowOrigin["kind"] }[] {
  const user = trimSlashes(userDir);
  const [folder = "", name = ""] = PROJECT_WORKFLOWS.split("/");
  const project = projectDirectories(projectFolders(cwd, [folder]), name, user);
  return [
    ...project.map((path) => ({ path, kind: "project" as const })),
    ...(isThere(user) ? [{ path: user, kind: "user" as const }] : []),
    ...(isThere(builtInDir) ? [{ path: builtInDir, kind: "built-in" as const }] : []),
  ];
}

const nameOf = ({ workflow }: LocatedWorkflow): string => workflow.name;

const readerOf = (kind: WorkflowOrigin["kind"]): DefinitionReader<LocatedWorkflow> => ({
  read: (file, fileName) => (isWorkflowFile(fileName) ? readWorkflow({ kind, file }) : undefined),
  nameOf,
  fileOf: ({ workflow }) => workflow.origin.file,
});

/** Hidden files are what editors and archivers leave behind. */
function isWorkflowFile(fileName: string): boolean {
  return !fileName.startsWith(".") && /\.ya?ml$/.test(fileName);
}
