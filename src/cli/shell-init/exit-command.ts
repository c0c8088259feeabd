/** What a shell that has a persona of its own runs when it exits. */
export const EXIT_COMMAND = "tta-persona end --scope shell";
