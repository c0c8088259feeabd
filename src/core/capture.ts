/**
 * What is kept of a model call besides its figures: `full` texts but for the values of secret variables, `masked`
 * texts, `metadata` without prompt and response, or `none` of it.
 */
export const CAPTURES = ["full", "masked", "metadata", "none"] as const;
export type Capture = (typeof CAPTURES)[number];
