/**
 * The files of the benchmark's repositories, computed from their numbers: the repositories are built from them and the
 * programs that push make the same ones again, so nothing has to be read back.
 */
export interface FileSet {
  /** `files` lie in areas of 500 in directories of 100, `flows` in one directory per child namespace. */
  layout: 'files' | 'flows';
  count: number;
}

export interface MadeFile {
  /** Relative to the synced directory. */
  path: string;
  content: string;
}

const filesPerDirectory = 100;
const directoriesPerArea = 5;

/** The directory of a repository that is synced. */
export function gitDirectoryOf({ layout }: FileSet): string {
  return layout === 'flows' ? '_flows' : '_files';
}

/** Name of an area below the synced directory. */
export function areaName(area: number): string {
  return `area-${String(area).padStart(3, '0')}`;
}

/** File `index` of a set in its `revision`; revision 0 is the first commit. */
export function makeFile(set: FileSet, index: number, revision: number): MadeFile {
  const directories = Math.max(1, Math.floor(set.count / filesPerDirectory));
  const directory = index % directories;
  const team = `team-${String(directory).padStart(4, '0')}`;
  const place =
    set.layout === 'flows' ? team : `${areaName(Math.floor(directory / directoriesPerArea))}/${team}`;
  return {
    path: `${place}/flow-${String(index).padStart(6, '0')}.yml`,
    content: flowText(`company.team.${team}`, index, revision),
  };
}

/** The `count` files that a revision changes, spread over the directories. */
export function changedIndexes(set: FileSet, count: number, revision: number): number[] {
  return Array.from({ length: count }, (_, change) => ((revision * count + change) * 7919) % set.count);
}

function flowText(namespace: string, index: number, revision: number): string {
  const random = randomNumbers(index * 31 + revision * 1_000_003 + 1);
  const words = (count: number) => Array.from({ length: count }, () => pick(vocabulary, random)).join(' ');
  return `id: flow-${String(index).padStart(6, '0')}
namespace: ${namespace}
description: ${words(8)}

labels:
  owner: ${words(1)}
  run: "${random().toString(16).slice(2, 10)}"

tasks:
  - id: extract
    type: core.log.Log
    message: ${words(6)} ${random().toString(36).slice(2, 10)}
  - id: load
    type: core.log.Log
    message: ${words(9)}
`;
}

function pick(list: readonly string[], random: () => number): string {
  return list[Math.floor(random() * list.length)] ?? '';
}

/** Numbers in [0, 1) from a seed: a linear congruential generator, whose low bits are not used. */
function randomNumbers(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 11n) / 2 ** 53;
  };
}

const vocabulary =
  `orders invoices customers payments shipments stock returns prices suppliers warehouse daily hourly weekly monthly
  ledger account balance report export import archive backup restore check compare merge split filter enrich publish
  notify alert retry queue topic stream batch window table column schema index view query bucket folder region europe
  america asia africa north south east west retail online mobile partner internal external draft final approved`.split(
    /\s+/,
  );
