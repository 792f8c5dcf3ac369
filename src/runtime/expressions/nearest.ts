/** Beyond these, looking for a similar name would cost more than it helps. */
const LONGEST_NAME = 100;
const MOST_NAMES = 1_000;

/** The name closest to `wanted`, when it is close enough to be what was meant. */
export function nearestName(wanted: string, names: Iterable<string>): string | null {
  if (wanted.length > LONGEST_NAME) return null;
  const target = simplify(wanted);
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  let compared = 0;
  for (const name of names) {
    if (++compared > MOST_NAMES) break;
    if (Math.abs(name.length - wanted.length) >= bestDistance) continue;
    const distance = simplify(name) === target ? 0 : editDistance(wanted, name);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Up to ten names for a message, sorted, with what was left out. */
export function listNames(names: readonly string[]): string {
  const shown = [...names].sort().slice(0, 10);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

function simplify(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}

/** Optimal string alignment: a swap of two neighbours counts once, as typing mistakes do. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const left = current[column - 1] ?? 0;
      const up = last[column] ?? 0;
      const diagonal = last[column - 1] ?? 0;
      let cost = Math.min(left + 1, up + 1, diagonal + (same ? 0 : 1));
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
