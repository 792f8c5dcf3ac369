// Prints where the time of a CPU profile went: npx tsx bench/profile.ts FILE [ROWS]
import { readFileSync } from 'node:fs';

interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
}
interface CallFrame {
  functionName: string;
  url: string;
  lineNumber: number;
}

const [file = '', rows = '25'] = process.argv.slice(2);
const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
const parents = new Map(
  profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
);

const own = new Map<string, number>();
const total = new Map<string, number>();
const byFile = new Map<string, number>();
profile.samples.forEach((sample, index) => {
  const ms = (profile.timeDeltas[index] ?? 0) / 1000;
  const frame = nodes.get(sample)?.callFrame;
  if (frame === undefined) return;
  add(own, nameOf(frame), ms);
  add(byFile, placeOf(frame), ms);
  const seen = new Set<string>();
  for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
    const ancestor = nodes.get(id)?.callFrame;
    if (ancestor !== undefined) seen.add(nameOf(ancestor));
  }
  for (const name of seen) add(total, name, ms);
});

print('self time by function', own);
print('time in a function and what it calls', total);
print('self time by file', byFile);

function add(times: Map<string, number>, name: string, ms: number): void {
  times.set(name, (times.get(name) ?? 0) + ms);
}

function nameOf(frame: CallFrame): string {
  return `${frame.functionName || '(anonymous)'}  ${placeOf(frame)}:${frame.lineNumber + 1}`;
}

/** From the package's own root on. */
function placeOf({ url }: CallFrame): string {
  if (url.includes('/node_modules/') && !url.includes('/.cache/'))
    return url.replace(/^.*\/node_modules\//, '');
  return url.replace(/^file:.*\/(dist|bench-dist|flowgit-bench)\//, '') || '(native)';
}

function print(title: string, times: Map<string, number>): void {
  const sorted = [...times].sort(([, a], [, b]) => b - a).slice(0, Number(rows));
  console.log(`\n${title} (ms)`);
  for (const [name, ms] of sorted) console.log(`${ms.toFixed(1).padStart(9)}  ${name}`);
}
