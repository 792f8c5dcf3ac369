import { MemoryObjectStore } from '../objects/memory-store.js';
import type { MirrorLayer } from './layer.js';
import type { Manifest } from './manifest.js';
import { reachableObjects } from './reachable.js';
import type { KnownCommit } from './remote-memory.js';
import { type FillLayer, layerObjects } from './write-layer.js';

/** Contents that are larger than this together are not kept: they cost less to fetch than to look after. */
export const maxContentBytes = 64 * 1024 * 1024;
/** So many layers are left as they are. */
export const maxLayers = 8;

interface NamedLayer {
  name: string;
  layer: MirrorLayer | null;
}

/**
 * Makes few layers of many: small ones are joined beside the largest; once they are half as large as that one,
 * everything is written anew without what no known commit leads to. Each byte is so rewritten a few times only.
 * @returns the names of the layers that remain, the newest first, and what they hold
 */
export async function compactLayers(
  layers: readonly NamedLayer[],
  commits: readonly KnownCommit[],
  write: (fill: FillLayer) => Promise<string | null>,
): Promise<Manifest> {
  const present = layers.filter(
    (named): named is { name: string; layer: MirrorLayer } => named.layer !== null,
  );
  if (present.length <= maxLayers) return { layers: present.map(({ name }) => name), commits };
  const largest = present.reduce((a, b) => (b.layer.bytes > a.layer.bytes ? b : a));
  const others = present.filter((named) => named !== largest);
  const otherBytes = others.reduce((sum, { layer }) => sum + layer.bytes, 0);
  if (otherBytes < largest.layer.bytes / 2) {
    const joined = await write(
      layerObjects(
        others.map(({ layer }) => layer),
        null,
      ),
    );
    return { layers: joined === null ? [largest.name] : [joined, largest.name], commits };
  }
  const all = present.map(({ layer }) => layer);
  const { kept, withContents } = chooseObjects(all, commits);
  const written = await write(layerObjects(all, kept));
  return {
    layers: written === null ? [] : [written],
    commits: commits.map((known) => ({ ...known, contents: known.contents && withContents })),
  };
}

function chooseObjects(
  layers: readonly MirrorLayer[],
  commits: readonly KnownCommit[],
): { kept: Set<string>; withContents: boolean } {
  const objects = new MemoryObjectStore();
  for (const layer of layers) objects.addLastLayer(layer);
  const all = reachableObjects(objects, commits, true);
  let bytes = 0;
  const counted = new Set<string>();
  for (const layer of layers) {
    for (const { oid, size } of layer.rows()) {
      if (!all.has(oid) || counted.has(oid)) continue;
      counted.add(oid);
      bytes += size;
    }
  }
  const withContents = bytes <= maxContentBytes;
  return { kept: withContents ? all : reachableObjects(objects, commits, false), withContents };
}
