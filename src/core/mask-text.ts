/** What a secret is replaced by. In a file of its own, since settings are read on the hot path, and shapes are not. */
export const MASK = "***";
