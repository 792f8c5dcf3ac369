import { isNamespaceName } from '../../schemas/resources.js';

/** Where flows stand in a repository: `D/x.yml` is in namespace T, `D/a/b/x.yml` in `T.a.b`. */
export interface FlowPlace {
  /** Relative to the repository's root; `''` for the root. */
  directory: string;
  /** Namespace of the flows that stand directly in `directory`. */
  namespace: string;
  /** Whether deeper directories are child namespaces; without it they are not looked at. */
  children: boolean;
}

/** Only these endings are flows. */
export const flowExtensions = ['.yml', '.yaml'] as const;

/** The namespace a path stands for, or null when it is outside the place or has no flow's ending. */
export function namespaceOfPath(place: FlowPlace, path: string): string | null {
  if (!flowExtensions.some((ending) => path.endsWith(ending))) return null;
  const prefix = place.directory === '' ? '' : `${place.directory}/`;
  if (!path.startsWith(prefix)) return null;
  const name = path.lastIndexOf('/') + 1;
  if (name <= prefix.length) return place.namespace;
  if (!place.children) return null;
  return `${place.namespace}.${path.slice(prefix.length, name - 1).replaceAll('/', '.')}`;
}

/** A directory can be spelled so that no namespace comes of it, such as `My Flows`. */
export function isNamespace(text: string): boolean {
  return isNamespaceName(text);
}

/** Where a flow stands when git does not hold it yet. */
export function pathOfFlow(place: FlowPlace, namespace: string, id: string, extension = '.yml'): string {
  const child = namespace === place.namespace ? [] : namespace.slice(place.namespace.length + 1).split('.');
  return [...(place.directory === '' ? [] : [place.directory]), ...child, `${id}${extension}`].join('/');
}

/** `company.team.etl` under `company.team` moved to `prod` is `prod.etl`. */
export function moveNamespace(namespace: string, from: string, to: string): string {
  if (namespace === from) return to;
  return namespace.startsWith(`${from}.`) ? `${to}${namespace.slice(from.length)}` : namespace;
}

/** File name without directories and ending. */
export function stemOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.ya?ml$/, '');
}
