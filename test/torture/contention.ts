import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createWorld } from '../support/world.js';
import { flowOfRound } from './rounds.js';

export interface ContentionResult {
  pushes: number;
  /** Commits on the branch beyond the first one. */
  commits: number;
  merges: number;
  /** Files that are not what their pusher wrote last, or not there. */
  lost: string[];
  /** Races that the pushes lost before they landed: all together, and the unluckiest one's. */
  races: number;
  mostRaces: number;
  slowestMs: number;
  fsck: 'clean';
}

interface Pushed {
  commitId: string | null;
  races: number;
  ms: number;
}

const program = fileURLToPath(new URL('./pusher.ts', import.meta.url));

/**
 * Lets processes push to one directory of one branch at the same time, each with a mirror of its own or none, as on
 * machines of their own. Rejects when a push fails, or git finds anything wrong in the repository.
 */
export async function contend(pushers: number, rounds: number): Promise<ContentionResult> {
  const world = await createWorld({ files: { 'README.md': 'x' } });
  try {
    const names = Array.from({ length: pushers }, (_, index) => `p${index}`);
    const children = await Promise.all(names.map((name) => startPusher(world.url, name, rounds)));
    const pushed = (await Promise.all(children.map((child) => child.finish()))).flat();
    const { repository } = world;
    const files = await repository.files();
    const expected = new Map<string, string>([['README.md', 'x']]);
    for (const name of names) {
      for (let round = 1; round <= rounds; round++) {
        expected.set(`_flows/${name}-${round}.yml`, flowOfRound(`${name}-${round}`, round));
      }
      expected.set(`_flows/${name}-newest.yml`, flowOfRound(`${name}-newest`, rounds));
    }
    const paths = new Set([...expected.keys(), ...Object.keys(files)]);
    await repository.fsck();
    return {
      pushes: pushed.length,
      commits: (await repository.commitCount()) - 1,
      merges: Number(await repository.git('rev-list', '--merges', '--count', 'main')),
      lost: [...paths].filter((path) => files[path] !== expected.get(path)),
      races: pushed.reduce((sum, { races }) => sum + races, 0),
      mostRaces: Math.max(...pushed.map(({ races }) => races)),
      slowestMs: Math.max(...pushed.map(({ ms }) => ms)),
      fsck: 'clean',
    };
  } finally {
    await world.close();
  }
}

/** Resolves when the process waits for its start; `finish` starts it. */
async function startPusher(url: string, name: string, rounds: number) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, url, name, String(rounds)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return {
    async finish(): Promise<Pushed[]> {
      child.stdin.end('go\n');
      const pushed: Pushed[] = [];
      for await (const line of { [Symbol.asyncIterator]: () => lines })
        pushed.push(JSON.parse(line) as Pushed);
      const code = await closed;
      if (code !== 0) throw new Error(`The pusher ${name} ended with ${code}.`);
      return pushed;
    },
  };
}
