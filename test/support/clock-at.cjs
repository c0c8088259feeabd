/**
 * Preload that turns the clock of its own process: `node --require clock-at.cjs …`. `CLOCK_OFFSET_MS` is added to what
 * time it is; `CLOCK_SPEED` is how many seconds pass in one, so that half a second of work took five minutes. Timers
 * keep the real time.
 */
const offsetMs = Number(process.env.CLOCK_OFFSET_MS ?? 0);
const speed = Number(process.env.CLOCK_SPEED ?? 1);

const now = Date.now.bind(Date);
const steady = performance.now.bind(performance);
const startedAt = now();
const steadyStart = steady();

Date.now = () => Math.round(startedAt + offsetMs + (now() - startedAt) * speed);
performance.now = () => steadyStart + (steady() - steadyStart) * speed;
