import type { ResourceKey } from '../../schemas/resources.js';

/** What a plain directory holds, in the order it is written. Sync state stays in the storage. */
export const carriedKinds = ['flow', 'file', 'dashboard'] as const;
export type CarriedKind = (typeof carriedKinds)[number];

/** Top-level folders of a plain directory. */
export const folders: Readonly<Record<CarriedKind, string>> = {
  flow: 'flows',
  file: 'files',
  dashboard: 'dashboards',
};

/** Where a resource stands in a plain directory, relative and `/`-separated; `…/` is an empty directory. */
export function pathOf(kind: CarriedKind, key: ResourceKey): string {
  switch (kind) {
    case 'flow':
      return `flows/${key.namespace}/${key.id}.yml`;
    case 'file':
      return `files/${key.namespace}/${key.id}`;
    case 'dashboard':
      return `dashboards/${key.id}.yml`;
  }
}
