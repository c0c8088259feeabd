/** 2,000,000: the same in every locale, for scripts and tests. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Cheap calls cost a fraction of a cent. Half a unit is rounded up, also where it cannot be kept exactly. */
export function usd(value: number): string {
  const digits = value > 0 && value < 1 ? 4 : 2;
  const units = Math.round(Math.round(value * 1e9) / 10 ** (9 - digits));
  return `$${(units / 10 ** digits).toFixed(digits)}`;
}
