import type { Clock } from "../../core/clock.ts";
import type { Paint } from "../../core/output.ts";
import type { Stage } from "../../workflow/definition.ts";
import { terminalText } from "../terminal-text.ts";
import { createPlainView, type RunView } from "./plain-view.ts";
import { type StageColumns, shortDuration } from "./stage-lines.ts";

const REDRAW_MS = 200;

interface Running {
  readonly stage: Stage;
  readonly startedAt: number;
  last: string;
}

/**
 * On a terminal: lines of finished stages stay, and below them stands what runs now, with the last line that each
 * stage has printed. Drawn in place by moving the cursor up, in lines cut to the terminal's width so that none wraps.
 */
export function createLiveView(
  write: (text: string) => void,
  terminalColumns: () => number,
  columns: StageColumns,
  paint: Paint,
  clock: Clock,
): RunView {
  const running = new Map<string, Running>();
  let drawn = 0;
  let isPaused = false;

  const erase = () => {
    if (drawn > 0) write(`\u001b[${drawn}F\u001b[J`);
    drawn = 0;
  };
  const draw = () => {
    if (isPaused) return;
    const rows = [...running.values()].map(({ stage, startedAt, last }) => {
      const head = [
        `… ${stage.id.padEnd(columns.id)}`,
        stage.persona.padEnd(columns.persona),
        shortDuration(clock.now() - startedAt),
      ].join("  ");
      const width = Math.max(20, terminalColumns()) - 1;
      const rest = width - head.length - 2;
      return `${head.slice(0, width)}${rest > 8 && last !== "" ? paint.dim(`  ${cut(last, rest)}`) : ""}\n`;
    });
    erase();
    write(rows.join(""));
    drawn = rows.length;
  };
  const plain = createPlainView(
    (text) => {
      erase();
      write(text);
      draw();
    },
    columns,
    paint,
  );
  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();
  return {
    ...plain,
    stageStarted(stage) {
      running.set(stage.id, { stage, startedAt: clock.now(), last: "" });
      draw();
    },
    line(stage, text) {
      const entry = running.get(stage.id);
      const shown = terminalText(text, false).trim();
      if (entry !== undefined && shown !== "") entry.last = shown;
    },
    stageFinished(outcome) {
      running.delete(outcome.stage.id);
      plain.stageFinished(outcome);
    },
    pause() {
      erase();
      isPaused = true;
    },
    resume() {
      isPaused = false;
      draw();
    },
    end() {
      clearInterval(timer);
      erase();
    },
  };
}

/** Without control characters, and at most so many columns; a wide character counts for two. */
function cut(text: string, width: number): string {
  let used = 0;
  let kept = "";
  for (const character of text.replace(/\p{Cc}/gu, " ")) {
    used +=
      /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u.test(
        character,
      )
        ? 2
        : 1;
    if (used > width) return kept;
    kept += character;
  }
  return kept;
}
