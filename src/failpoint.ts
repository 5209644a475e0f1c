declare const __DBPAT_FAILPOINTS__: boolean;

/**
 * Names a step of the protocol, so that a test can kill, stop or hold the program right there. The published build does
 * not contain it: neither this call nor the name. What a test build does at a point is `test/support/failpoints/acts.mjs`.
 */
export function failpoint(name: string): void | Promise<void> {
  if (typeof __DBPAT_FAILPOINTS__ !== 'undefined' && __DBPAT_FAILPOINTS__)
    return (globalThis as { dbpatFailpoint?: (name: string) => void | Promise<void> }).dbpatFailpoint?.(name);
}
