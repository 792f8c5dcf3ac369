/**
 * Loads modules while there is nothing else to do. Who needs them loads them once more, which costs nothing then, and is
 * told when they cannot be had.
 */
export function loadAhead(load: () => Promise<unknown>): void {
  load().catch(() => {});
}
