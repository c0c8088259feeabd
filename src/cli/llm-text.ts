/** 2,000,000: the same in every locale, for scripts and tests. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Cheap calls cost a fraction of a cent. */
export function usd(value: number): string {
  return `$${value.toFixed(value > 0 && value < 1 ? 4 : 2)}`;
}
