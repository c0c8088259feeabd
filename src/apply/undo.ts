import { errorCode, type Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { type ApplyContext, type ApplyReport, applyLocked, recorded, writeEdits } from "./apply.ts";
import {
  type BackedUpFile,
  type Backup,
  backupsOfLatestSwitch,
  bytesBefore,
  cleanUp,
  hashOf,
  isSameSwitch,
} from "./backups.ts";
import { withApplyLock } from "./lock.ts";
import { type ClientEdit, editsOf, planAll, type TargetPlan } from "./plan.ts";
import { readEditable } from "./read-file.ts";
import { resultsOf, type TargetResult } from "./result.ts";
import type { AppliedPersona, Target } from "./target.ts";
import { targets as allTargets } from "./targets.ts";

/** The switch that takes the last one back. */
export interface WayBack {
  /** Undefined: nobody was active before. */
  readonly to: AppliedPersona | undefined;
  /** Appends it. */
  readonly run: () => void;
}

/**
 * Takes the last switch back, and with it all that was applied for it: those files get the exact bytes that they had.
 * Nothing happens where somebody else has written one of them since. Where the last apply does not belong to the last
 * switch, or another switch comes between, the files are brought to whom the journal names, as after any switch.
 *
 * @param findWayBack asked under the apply lock
 */
export async function undo(
  context: ApplyContext,
  targets: readonly Target[],
  findWayBack: () => WayBack,
): Promise<Result<ApplyReport, Failure>> {
  const locked = await withApplyLock(context.home, () => undoLocked(context, targets, findWayBack()));
  if ("done" in locked) return locked.done;
  return err({
    reason: "apply-busy",
    message: "Another process has been applying a switch all the time.",
    hint: "Run the command again when it has ended.",
  });
}

function undoLocked(
  context: ApplyContext,
  targets: readonly Target[],
  { to, run }: WayBack,
): Result<ApplyReport, Failure> {
  cleanUp(context.home);
  const current = context.readCurrent();
  const backups = backupsOfLatestSwitch(context.home);
  const [latest] = backups;
  const persona = to?.name ?? null;
  const last = { persona: current?.name ?? null, previous: persona, switchId: current?.switchId };
  if (latest === undefined || !isSameSwitch(latest, last)) {
    const refused = to === undefined ? undefined : firstRefusal(planAll(targets, to, context.places));
    if (refused !== undefined) return err(refused);
    run();
    return ok(applyLocked(context, targets));
  }
  const files = filesOf(backups);
  const edits = editsBack(
    context,
    files,
    latest,
    to === undefined ? "tta-persona end" : "tta-persona switch -",
  );
  if (!edits.ok) return edits;
  const others = to === undefined ? ok([]) : planOthers(context, targets, to, files, edits.value);
  if (!others.ok) return others;
  run();
  const now = context.readCurrent();
  // Somebody has switched in this moment.
  if (now?.name !== to?.name) return ok(applyLocked(context, targets));
  const all = [...edits.value, ...editsOf(others.value)];
  const failure = writeEdits(context, { persona, previous: latest.persona, switchId: now?.switchId }, all);
  const results = files.map((file) => resultOf(file, edits.value, failure));
  return ok(recorded(context, persona, [...results, ...resultsOf(others.value, failure ?? "changed")]));
}

/** A file that was changed for the switch, and its backups, the latest first. */
interface FileOfSwitch extends Pick<BackedUpFile, "client" | "path"> {
  /** Of the first of them. */
  readonly mode: number;
  readonly backups: readonly { readonly backup: Backup; readonly file: BackedUpFile }[];
}

function filesOf(backups: readonly Backup[]): readonly FileOfSwitch[] {
  const files = new Map<string, FileOfSwitch>();
  for (const backup of backups) {
    for (const file of backup.files) {
      const { client, backups: later } = files.get(file.path) ?? { client: file.client, backups: [] };
      files.set(file.path, {
        client,
        path: file.path,
        mode: file.mode,
        backups: [...later, { backup, file }],
      });
    }
  }
  return [...files.values()];
}

/**
 * Files that were not changed for the switch, such as those of another project, or one that had named the persona
 * already: they are brought to whom the journal will name, as after any switch. Those of agents are left to the backups
 * where these have any, since what was made for a persona goes when its switch is taken back.
 */
function planOthers(
  { places }: ApplyContext,
  targets: readonly Target[],
  to: AppliedPersona,
  changed: readonly FileOfSwitch[],
  edits: readonly EditBack[],
): Result<readonly TargetPlan[], Failure> {
  const paths = new Set([...changed, ...edits].map(({ path }) => path));
  const clients = new Set(changed.map(({ client }) => client));
  const plans = planAll(
    targets.filter(({ client, isHypertool }) => isHypertool || !clients.has(client)),
    to,
    places,
  );
  const refused = firstRefusal(plans);
  if (refused !== undefined) return err(refused);
  return ok(
    plans.map(({ target, files }) => ({
      target,
      files: files.filter((plan) => plan.kind === "change" && !paths.has(plan.edit.path)),
    })),
  );
}

function firstRefusal(plans: readonly TargetPlan[]): Failure | undefined {
  const refused = plans.flatMap(({ files }) => files).find(({ kind }) => kind === "refused");
  return refused?.kind === "refused" ? refused.failure : undefined;
}

/** `file`: as the backup names it. */
type EditBack = ClientEdit & { readonly file: string };

/**
 * The way back for each file that is as the applies have left it; one that they never reached needs none. A file that
 * only an earlier apply of the switch has changed, such as one of another project, stays as it is where it cannot be
 * taken back: it keeps nobody from undoing the last one.
 *
 * @param wayWithout goes back without what the files held before.
 */
function editsBack(
  { home }: ApplyContext,
  files: readonly FileOfSwitch[],
  latest: Backup,
  wayWithout: string,
): Result<readonly EditBack[], Failure> {
  const edits: EditBack[] = [];
  for (const file of files) {
    const edit = editBack(home, file, wayWithout);
    if (edit.ok) edits.push(...(edit.value === undefined ? [] : [edit.value]));
    else if (file.backups.some(({ backup }) => backup === latest)) return edit;
  }
  return ok(edits);
}

/** @returns undefined where the file is as it was before. */
function editBack(
  home: ApplyContext["home"],
  { client, path: file, mode: firstMode, backups }: FileOfSwitch,
  wayWithout: string,
): Result<EditBack | undefined, Failure> {
  const content = readEditable(file);
  if (content.kind === "unusable") return err(content.failure);
  const now = content.kind === "file" ? content.bytes : undefined;
  let before = now;
  for (const one of backups) {
    const older = readBefore(home, one.backup, one.file, wayWithout);
    if (!older.ok) return older;
    if (hashOrNull(before) === hashOrNull(older.value)) continue;
    if (hashOrNull(before) !== one.file.after) {
      return err({
        reason: "changed-since",
        message: `${file} was changed by somebody else since the last switch.`,
        hint: `Keep it, and go back without its old content: ${wayWithout}`,
      });
    }
    before = older.value;
  }
  if (hashOrNull(before) === hashOrNull(now)) return ok(undefined);
  // Where it has become a link since, or was given other permissions, that stays.
  const { path, mode } = content.kind === "file" ? content : { path: file, mode: firstMode };
  return ok({ client, file, path, before: now, after: before, mode });
}

function readBefore(
  home: ApplyContext["home"],
  backup: Backup,
  file: BackedUpFile,
  wayWithout: string,
): Result<Buffer | undefined, Failure> {
  try {
    return ok(bytesBefore(home, backup, file));
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return err({
      reason: "no-backup",
      message: `What ${file.path} held before cannot be read (${code}).`,
      hint: `Go back without it: ${wayWithout}`,
    });
  }
}

function hashOrNull(bytes: Buffer | undefined): string | null {
  return bytes === undefined ? null : hashOf(bytes);
}

function resultOf(
  { client, path }: FileOfSwitch,
  edits: readonly EditBack[],
  failure: Failure | undefined,
): TargetResult {
  const about = { client, file: path, reason: null, message: null, hint: null, reload: null };
  if (!edits.some((edit) => edit.file === path)) return { ...about, outcome: "already" };
  if (failure === undefined) {
    const reload = allTargets.find((target) => target.client === client)?.reload ?? null;
    return { ...about, outcome: "changed", reload };
  }
  const { reason, message, hint = null } = failure;
  return { ...about, outcome: "failed", reason, message, hint };
}
